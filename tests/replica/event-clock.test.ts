import { EventClock } from '../../src/replica/event-clock';

const DAY = 86_400_000;
const NOW = new Date('2026-01-01T00:00:00Z');
const day = (n: number) => new Date(Date.UTC(2001, 0, 1) + n * DAY);
const clockAt = (n: number) => {
  const clock = new EventClock(30 * DAY);
  clock.observe([day(n)], NOW);
  return clock;
};
const highest = (clock: EventClock) => new Date(clock.state.highest ?? Number.NaN);

test('follows the highest time, whatever the order', () => {
  const clock = clockAt(10);
  for (const n of [12, 11, 3, 12]) expect(clock.observe([day(n)], NOW)).toBe(0);
  expect(highest(clock)).toEqual(day(12));
  expect(new Date(clock.state.first!)).toEqual(day(3));
});

test('a quiet weekend, or month, is no broken clock', () => {
  const clock = clockAt(10);
  expect(clock.observe([day(39)], NOW)).toBe(0);
  expect(highest(clock)).toEqual(day(39));
});

test('one caller with a broken clock moves nothing, however often it calls between others', () => {
  const clock = clockAt(10);
  for (let i = 0; i < 100; i += 1) {
    expect(clock.observe([day(9_000)], NOW)).toBe(1);
    expect(clock.observe([day(11)], NOW)).toBe(0);
  }
  expect(highest(clock)).toEqual(day(11));
});

test('one batch moves the clock by as many rows as requests would need, a smaller one does not', () => {
  const clock = clockAt(10);
  expect(clock.observe(Array(19).fill(day(375)), NOW)).toBe(19);
  expect(highest(clock)).toEqual(day(10));
  expect(clock.state.ahead).toEqual({ count: 19, lowest: day(375).getTime(), highest: day(375).getTime() });
  const other = clockAt(10);
  expect(other.observe(Array(20).fill(day(375)), NOW)).toBe(0);
  expect(highest(other)).toEqual(day(375));
});

test('a yearly batch moves it, year after year', () => {
  const clock = clockAt(10);
  for (const year of [1, 2, 3]) {
    expect(clock.observe(Array(50).fill(day(10 + 365 * year)), NOW)).toBe(0);
    expect(highest(clock)).toEqual(day(10 + 365 * year));
  }
});

test('a batch whose times are far from each other agrees with nobody', () => {
  const clock = clockAt(10);
  const scattered = Array.from({ length: 40 }, (_, i) => day(1_000 + 100 * i));
  expect(clock.observe(scattered, NOW)).toBe(40);
  expect(highest(clock)).toEqual(day(10));
});

test('a replica that is new goes by the endpoint’s clock: one request of now is no world', () => {
  const clock = new EventClock(30 * DAY);
  clock.share({ epoch: 0, highest: day(10).getTime() });
  expect(clock.observe([NOW], NOW)).toBe(1);
  expect(clock.state.highest).toBeUndefined();
  expect(clock.observe([day(12)], NOW)).toBe(0);
  expect(highest(clock)).toEqual(day(12));
});

test('where another replica took it for the world it is no leap here', () => {
  const clock = clockAt(10);
  clock.share({ epoch: 0, highest: day(1_000).getTime() });
  expect(clock.observe([day(1_001)], NOW)).toBe(0);
  expect(highest(clock)).toEqual(day(1_001));
});

test('a person sets it, back too, once for each epoch; what is behind moves nothing', () => {
  const clock = clockAt(1_000);
  expect(clock.set(1, day(20).getTime())).toBe(true);
  expect(highest(clock)).toEqual(day(20));
  expect(clock.set(1, day(5).getTime())).toBe(false);
  // A clock of the epoch before says nothing any more.
  clock.share({ epoch: 0, highest: day(1_000).getTime() });
  expect(clock.observe([day(1_000)], NOW)).toBe(1);
  expect(clock.observe([day(3)], NOW)).toBe(0);
  expect(clock.observe([day(21)], NOW)).toBe(0);
  expect(highest(clock)).toEqual(day(21));
});

test('an endpoint that stood still for years goes on, once enough requests agree', () => {
  const clock = clockAt(10);
  for (let i = 0; i < 19; i += 1) expect(clock.observe([day(1_000 + i)], NOW)).toBe(1);
  expect(highest(clock)).toEqual(day(10));
  expect(clock.observe([day(1_005)], NOW)).toBe(0);
  expect(highest(clock)).toEqual(day(1_018));
});

test('requests that leap to different places do not agree', () => {
  const clock = clockAt(10);
  for (let i = 0; i < 100; i += 1) expect(clock.observe([day(1_000 + 100 * i)], NOW)).toBe(1);
  expect(highest(clock)).toEqual(day(10));
});

test('the future is never the world, also at the very first request', () => {
  const clock = new EventClock(30 * DAY);
  for (let i = 0; i < 100; i += 1) expect(clock.observe([new Date('2040-01-01T00:00:00Z')], NOW)).toBe(1);
  expect(clock.state.highest).toBeUndefined();
});

test('goes on from its state', () => {
  const clock = clockAt(10);
  for (let i = 0; i < 19; i += 1) clock.observe([day(1_000)], NOW);
  const next = new EventClock(30 * DAY, JSON.parse(JSON.stringify(clock.state)));
  expect(next.observe([day(1_000)], NOW)).toBe(0);
  expect(highest(next)).toEqual(day(1_000));
});
