import type { Period, WindowsOfRows } from '../../../src/domain/definition';
import { isCounted, periodOf } from '../../../src/domain/period';
import { countsIn } from '../../../src/engines/stats/bins';
import { changeOf } from '../../../src/engines/stats/change';
import { type Reference, referenceOf } from '../../../src/engines/stats/reference';
import { variationOf } from '../../../src/engines/stats/variation';
import { watchedColumns } from '../../../src/engines/stats/watched-columns';
import type { Column, TableColumns } from '../../../src/engines/tables/columns';
import { generator } from './reference-rows';

const HOUR_US = 3_600_000_000n;
const WATCHED = ['x', 'c', 'id', 't'];

interface Rows {
  readonly table: TableColumns;
  readonly eventTime: BigInt64Array;
}

/** Hours go by between some rows and days between others, so that windows are empty, small and large. */
function rowsOf(random: () => number, rows: number): Rows {
  const eventTime = new BigInt64Array(rows);
  let at = 400_000n * HOUR_US + BigInt(Math.floor(random() * 1e12));
  for (let row = 0; row < rows; row += 1) {
    at += BigInt(Math.floor(random() * (random() < 0.002 ? 4e11 : 2e8)));
    eventTime[row] = at;
  }
  const drawn = (values: number) =>
    Int32Array.from({ length: rows }, () => (random() < 0.1 ? -1 : Math.floor(random() ** 2 * values)));
  const named = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name}${i}`).sort();
  const columns: Record<string, Column> = {
    x: { type: 'number', values: Float64Array.from({ length: rows }, () => (random() < 0.1 ? Number.NaN : random())) },
    c: { type: 'string', dictionary: named(40, 'c'), codes: drawn(40) },
    id: { type: 'string', dictionary: named(20_000, 'id'), codes: drawn(20_000) },
    t: { type: 'timestamp', values: eventTime },
  };
  return { table: { rows, columns }, eventTime };
}

function part({ table, eventTime }: Rows, from: number, to: number): Rows {
  const cut = (column: Column): Column =>
    column.type === 'string'
      ? { ...column, codes: column.codes.subarray(from, to) }
      : ({ ...column, values: column.values.slice(from, to) } as Column);
  const columns = Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, cut(column)]));
  return { table: { rows: to - from, columns }, eventTime: eventTime.subarray(from, to) };
}

/** The rule, of all rows at once: windows of 200 rows and more that the rows cover. */
function plainVariation(reference: Reference, all: Rows, windows: Period | WindowsOfRows): Map<string, number> {
  const found = new Map<string, number>();
  const columns = watchedColumns(all.table, reference.watched);
  for (const [from, to] of windowsOf(all.eventTime, windows)) {
    if (to - from < 200) continue;
    for (const { column, bins } of reference.columns) {
      const { values } = columns.find(({ name }) => name === column)!;
      const { effect } = changeOf(bins, countsIn(bins, values, from, to));
      found.set(column, Math.max(found.get(column) ?? 0, effect));
    }
  }
  return found;
}

function windowsOf(eventTime: BigInt64Array, windows: Period | WindowsOfRows): (readonly [number, number])[] {
  const rows = eventTime.length;
  if (isCounted(windows))
    return Array.from({ length: Math.floor(rows / windows.rows) }, (_, i) => [
      i * windows.rows,
      (i + 1) * windows.rows,
    ]);
  const starts = [...eventTime].map(
    (time) => periodOf(windows, new Date(Math.floor(Number(time) / 1000)).toISOString()).from
  );
  const firsts = starts.flatMap((start, row) => (start === starts[row - 1] ? [] : [row]));
  const covers = (from: number, to: number): boolean => {
    const [start, end] = ((range) => [Date.parse(range.from), Date.parse(range.to)] as const)(
      periodOf(windows, starts[from]!)
    );
    const edge = (end - start) / 7;
    const first = Math.floor(Number(eventTime[from]) / 1000);
    const last = Math.floor(Number(eventTime[to - 1]) / 1000);
    return (from > 0 || first < start + edge) && (to < rows || last >= end - edge);
  };
  return firsts.map((from, i) => [from, firsts[i + 1] ?? rows] as const).filter(([from, to]) => covers(from, to));
}

test.each<Period | WindowsOfRows>([
  { every: '7 days' },
  { every: 'month' },
  { every: '6 hours' },
  { rows: 500 },
  { rows: 2_047 },
  { rows: 100 },
])('in windows of %j it is that of all rows at once, to the bit, however the rows are cut', (windows) => {
  const random = generator(7);
  let some = 0;
  for (let round = 0; round < 5; round += 1) {
    const { table } = rowsOf(random, 3_000);
    const reference = referenceOf({ watched: WATCHED, table });
    const all = rowsOf(random, 1 + Math.floor(random() * 12_000));
    const variation = variationOf(reference, windows);
    for (let from = 0; from < all.eventTime.length; ) {
      const to = Math.min(all.eventTime.length, from + 1 + Math.floor(random() * 3_000));
      variation.add(part(all, from, to));
      from = to;
    }
    const found = variation.end();
    expect(found).toEqual(plainVariation(reference, all, windows));
    some += found.size;
  }
  expect(some > 0).toBe(!(isCounted(windows) && windows.rows < 200));
});

test('of no rows there is none', () => {
  const { table } = rowsOf(generator(1), 300);
  expect(variationOf(referenceOf({ watched: WATCHED, table }), { every: '7 days' }).end()).toEqual(new Map());
});
