import type { Trigger } from '../../src/domain/messages';
import { causeDetail, causeOf, latest, refusedTrigger, withTrigger } from '../../src/domain/pending-triggers';

const hour = (count: number): string => new Date(Date.UTC(2001, 1, 1, count)).toISOString();
const rows = (count: number, asOf = hour(count)): Trigger => ({
  id: `rows-${count}`,
  asOf,
  cause: { kind: 'rows', detail: `new rows, ${count}` },
});
const person = (by: string, asOf = hour(0)): Trigger => ({
  id: `${by}-${asOf}`,
  asOf,
  cause: { kind: 'person', by, detail: `asked by ${by}` },
});
const merged = (triggers: readonly Trigger[]): Trigger[] => triggers.reduce<Trigger[]>(withTrigger, []);
const five = Array.from({ length: 24 * 35 }, (_, index) => rows(index));

test('a few are kept as they are', () => {
  const few = five.slice(0, 20);
  expect(merged(few)).toEqual(few);
});

test('five weeks of hourly triggers stay small, with the first, the newest and the number between', () => {
  const pending = merged(five);
  expect(pending).toHaveLength(20);
  expect(pending[0]).toEqual(five[0]);
  expect(pending.at(-1)).toMatchObject({ id: 'rows-839', more: 820 });
  expect(Buffer.byteLength(JSON.stringify(pending))).toBeLessThan(8_000);
  expect(causeOf(pending.at(-1)!).detail).toBe('new rows, 839 (and 820 more like it before)');
  expect(causeOf(pending[0]!)).toEqual(five[0]!.cause);
});

test('the newest asOf that any of them asked for counts, whichever came last', () => {
  const late = rows(900, hour(5000));
  expect(latest(merged([...five, late, ...five]))).toBe(late.asOf);
});

test('no person is lost among many others: nobody approves their own work', () => {
  const people = Array.from({ length: 30 }, (_, index) => person(`person${index}`));
  const pending = merged([...five, ...people, ...people, ...five]);
  expect(new Set(pending.flatMap(({ cause }) => cause.by ?? []))).toEqual(new Set(people.map(({ cause }) => cause.by)));
});

test('merged again, as those of a failed cycle are put back, the numbers add up', () => {
  const twice = merged([...merged(five), ...merged(five)]);
  expect(twice).toHaveLength(20);
  expect(twice.reduce((sum, { more = 0 }) => sum + 1 + more, 0)).toBe(2 * five.length);
});

test('whoever asks, under however many names, a run can carry all that waits', () => {
  let pending: Trigger[] = [];
  let refused = 0;
  for (let index = 0; index < 3_000; index += 1) {
    const trigger = person(`eve-${index % 1000}`, hour(index));
    if (refusedTrigger(pending, trigger.cause.by ?? '') === undefined) pending = withTrigger(pending, trigger);
    else refused += 1;
  }
  expect(refused).toBeGreaterThan(2_900);
  expect(Buffer.byteLength(JSON.stringify(pending))).toBeLessThan(64_000);
  // Whose asking is known already is taken: nobody approves their own work.
  expect(refusedTrigger(pending, 'eve-0')).toBeUndefined();
  expect(refusedTrigger(pending, 'ana')).toBe(
    '20 people have asked for the next cycle already: it comes, and once it has begun, ask for another'
  );
  expect(refusedTrigger(pending.slice(0, 5), 'ana')).toBeUndefined();
});

test('a cause shows the beginning of a long comment', () => {
  expect(causeDetail('new labels')).toBe('new labels');
  expect(causeDetail('x'.repeat(1000))).toBe(`${'x'.repeat(149)}…`);
});
