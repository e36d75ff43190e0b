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

test('a request of many rows counts once', () => {
  const clock = clockAt(10);
  expect(clock.observe(Array(1_000).fill(day(9_000)), NOW)).toBe(1_000);
  expect(highest(clock)).toEqual(day(10));
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
