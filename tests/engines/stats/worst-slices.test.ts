import { type Blocks, blocksOf, rowBlocks } from '../../../src/engines/stats/blocks';
import type { WatchedColumn } from '../../../src/engines/stats/watched-columns';
import { worstSlices } from '../../../src/engines/stats/worst-slices';
import { randomStream } from '../../../src/engines/train/random';

const ROWS = 1000;
const silent = () => undefined;

interface Made {
  readonly columns: readonly WatchedColumn[];
  readonly losses: Float64Array;
}

const COLUMNS = columnsOf(1);

/** Log losses of probabilities that are right, of rows whose columns say nothing of them: but where `bad` says so, by twice as much. */
function made(seed: number, bad: (airport: number, km: number) => boolean = () => false): Made {
  const random = randomStream(seed, 7, 0);
  const share = () => random() / 2 ** 32;
  const { columns, airport, km } = COLUMNS;
  const losses = Float64Array.from(airport, (code, row) => {
    const p = 0.05 + 0.9 * share();
    const loss = share() < p ? -Math.log(p) : -Math.log(1 - p);
    return bad(code, km[row]!) ? 2 * loss : loss;
  });
  return { columns, losses };
}

function columnsOf(seed: number) {
  const random = randomStream(seed, 6, 0);
  const share = () => random() / 2 ** 32;
  const codes = (values: number) => Int32Array.from({ length: ROWS }, () => Math.floor(values * share() ** 1.5));
  const numbers = () => Float64Array.from({ length: ROWS }, () => (share() < 0.1 ? Number.NaN : 1000 * share() ** 2));
  const [airport, carrier, km, age] = [codes(30), codes(6), numbers(), numbers()];
  const category = (name: string, own: Int32Array, values: number): WatchedColumn => ({
    name,
    values: { kind: 'category', dictionary: Array.from({ length: values }, (_, at) => `${name}${at}`), codes: own },
  });
  const columns: readonly WatchedColumn[] = [
    category('airport', airport, 30),
    category('carrier', carrier, 6),
    { name: 'km', values: { kind: 'number', values: km } },
    { name: 'age', values: { kind: 'number', values: age } },
  ];
  return { columns, airport, km };
}

const found = ({ columns, losses }: Made, blocks: Blocks = rowBlocks(ROWS)) =>
  worstSlices(columns, { losses, blocks }, silent);

test('a planted value is found, with its rows and both mean losses', () => {
  const data = made(1, (airport) => airport === 0);
  const [worst, ...more] = found(data);
  const { losses, columns } = data;
  const { values } = columns[0]!;
  if (values.kind !== 'category') throw new Error('not a category');
  const own = losses.filter((_, row) => values.codes[row] === 0);
  expect(worst).toMatchObject({ column: 'airport', value: 'airport0', rows: own.length });
  expect(worst!.loss).toBeCloseTo(own.reduce((sum, loss) => sum + loss, 0) / own.length, 10);
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  expect(worst!.others).toBeCloseTo((total - worst!.loss * own.length) / (ROWS - own.length), 10);
  expect(worst!.pValue).toBeLessThan(0.01);
  expect(more).toEqual([]);
});

test('so is a range of numbers, named by its ends, and what is missing', () => {
  expect(found(made(2, (_, km) => km > 810))[0]).toMatchObject({
    column: 'km',
    value: expect.stringMatching(/^[\d.]+ to 99\d[\d.]*$/),
  });
  expect(found(made(3, (_, km) => Number.isNaN(km)))[0]).toMatchObject({ column: 'km', value: 'missing' });
});

test('without a bad slice, one of 200 tables in 20 shows any', () => {
  const alarms = Array.from({ length: 200 }, (_, seed) => found(made(seed + 10))).filter((one) => one.length > 0);
  expect(alarms.length).toBeLessThanOrEqual(10);
});

test('a loss that a few blocks make is not taken for one that its rows make', () => {
  const { columns, losses } = made(4);
  // 20 days of 50 rows; one bad day is most of one carrier's rows.
  const days = Int32Array.from({ length: ROWS }, (_, row) => Math.floor(row / 50));
  const carrier = Int32Array.from(days, (day, row) => (day === 7 || row % 50 === 0 ? 1 : 0));
  const values = { kind: 'category', dictionary: ['AA', 'UA'], codes: carrier } as const;
  const data = {
    columns: [...columns, { name: 'carrier', values }],
    losses: losses.map((loss, row) => (days[row] === 7 ? 3 * loss : loss)),
  };
  expect(found(data)[0]).toMatchObject({ column: 'carrier', value: 'UA' });
  expect(found(data, blocksOf('day', days, String))).toEqual([]);
});

test('few rows, and slices of few blocks, are not looked at', () => {
  const { losses } = made(5);
  const codes = Int32Array.from(losses, (_, row) => (row < 49 ? 0 : 1));
  const values = { kind: 'category', dictionary: ['few', 'most'], codes } as const;
  const data = { columns: [{ name: 'size', values }], losses: losses.map((loss, row) => (row < 49 ? 9 : loss)) };
  expect(found(data)).toEqual([]);
  const days = Int32Array.from(losses, (_, row) => Math.floor(row / 250));
  expect(
    found(
      made(1, (airport) => airport === 0),
      blocksOf('day', days, String)
    )
  ).toEqual([]);
});
