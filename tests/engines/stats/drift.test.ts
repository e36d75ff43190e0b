import { referenceOf } from '../../../src/engines/stats/reference';
import { rejected } from '../../../src/engines/stats/benjamini-hochberg';
import { binsOf, countsIn } from '../../../src/engines/stats/bins';
import { type DriftLimits, driftOf } from '../../../src/engines/stats/drift';
import { psiOf } from '../../../src/engines/stats/psi';
import { spreadOf, wassersteinOf } from '../../../src/engines/stats/wasserstein';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { generator, normals, referenceRows } from './reference-rows';

const LIMITS: DriftLimits = { psiFloor: 0.1, wassersteinFloor: 0.1, falseDiscoveryRate: 0.05, minRows: 200 };
const WATCHED = ['x0', 'x1', 'x2', 'c0', 'c1', 'c2'];
const DAY = 86_400_000_000n;

describe('bins of numbers', () => {
  test('hold a tenth of the reference each, and what is under, over or missing', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => i);
    const bins = binsOf({ kind: 'number', values })!;
    expect([...bins.counts]).toEqual([0, ...Array<number>(10).fill(10), 0, 0]);
    const window = { kind: 'number', values: Float64Array.of(-1, 0, 9, 10, 99, 100, Number.NaN) } as const;
    expect([...countsIn(bins, window)]).toEqual([1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  test('of few distinct values are fewer', () => {
    const bins = binsOf({ kind: 'number', values: Float64Array.of(0, 0, 0, 1, 1, 1, 1, 1) })!;
    expect(bins).toMatchObject({ edges: [0], counts: [0, 3, 5, 0, 0] });
  });

  test('of nothing are none', () => {
    expect(binsOf({ kind: 'number', values: Float64Array.of(Number.NaN) })).toBeUndefined();
  });
});

describe('the population stability index', () => {
  test('by hand', () => {
    const bins = { kind: 'number', min: 0, edges: [1], max: 2, counts: [0, 60, 40, 0, 0] } as const;
    const { value, effect, pValue } = psiOf(bins, Float64Array.of(0, 40, 60, 0, 0));
    const [p, q] = [60.5 / 101, 40.5 / 101];
    expect(value).toBeCloseTo(2 * (q - p) * Math.log(q / p), 12);
    expect(effect).toBeCloseTo(value - 0.02, 12);
    expect(pValue).toBeGreaterThan(0.004);
    expect(pValue).toBeLessThan(0.006);
  });

  test('pools categories until each expects ten rows', () => {
    const bins = { kind: 'category', values: ['a', 'b', 'c', 'd'], counts: [500, 480, 15, 5, 0, 0] } as const;
    // A window of 500: c expects 7.5, d 2.5; together 10: three bins, and the unseen belong to the third.
    const seen = psiOf(bins, Float64Array.of(250, 240, 8, 2, 0, 0));
    const unseen = psiOf(bins, Float64Array.of(250, 240, 0, 0, 10, 0));
    expect(unseen.value).toBeCloseTo(seen.value, 12);
    // A window of 100: together they expect 2, and join b: two bins.
    expect(psiOf(bins, Float64Array.of(50, 0, 0, 0, 50, 0)).pValue).toBe(
      psiOf({ kind: 'category', values: ['a', 'b'], counts: [500, 500, 0, 0] }, Float64Array.of(50, 50, 0, 0)).pValue
    );
  });

  test('of 229 airports without any drift has no effect at 200 rows', () => {
    const random = generator(5);
    const airports = Array.from({ length: 229 }, (_, i) => `A${i}`);
    const draw = (rows: number) => Int32Array.from({ length: rows }, () => Math.floor(229 * random() ** 3));
    const bins = binsOf({ kind: 'category', dictionary: airports, codes: draw(100_000) })!;
    const effects = Array.from({ length: 50 }, () => {
      return psiOf(bins, countsIn(bins, { kind: 'category', dictionary: airports, codes: draw(200) })).effect;
    });
    expect(Math.max(...effects)).toBeLessThan(0.1);
  });
});

describe('false alarms', () => {
  /** Six features without any drift, all judged together: at most 6.2 % of windows, the 95 % bound of a true 5 %. */
  test.each([200, 1_000, 5_000])('in windows of %d rows are no more than claimed', (rows) => {
    const windows = rows === 5_000 ? 150 : 400;
    const random = generator(17 + rows);
    const reference = referenceOf({ watched: WATCHED, table: sixFeatures(random, 20_000) });
    // Without the floor, so that the law alone is tried.
    const limits = { ...LIMITS, psiFloor: 0 };
    let alarms = 0;
    for (let window = 0; window < windows; window += 1) {
      const { features } = driftOf(reference, { table: sixFeatures(random, rows) }, limits);
      if (features.some(({ verdict }) => verdict === 'drift')) alarms += 1;
    }
    // Three standard errors above 5 %, for the fewer windows that fit a quick test.
    expect(alarms / windows).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / windows));
  });
});

describe('drift', () => {
  const random = generator(23);
  const normal = normals(23);
  const reference = referenceOf({ watched: WATCHED, table: sixFeatures(random, 20_000) });

  test('of half a σ is found in 1,000 rows, in its column only', () => {
    const table = sixFeatures(random, 1_000);
    const shifted = shift(table, 'x0', (value) => value + 0.5 / Math.sqrt(12));
    const { features } = driftOf(reference, { table: shifted }, LIMITS);
    expect(features.filter(({ verdict }) => verdict === 'drift').map(({ column }) => column)).toEqual(['x0']);
    expect(features.find(({ column }) => column === 'x0')?.wasserstein?.value).toBeCloseTo(0.5, 1);
  });

  test('is not judged on too few rows', () => {
    const { features } = driftOf(
      reference,
      { table: shift(sixFeatures(random, 199), 'x0', (value) => value + 2) },
      LIMITS
    );
    expect(features.every(({ verdict }) => verdict === 'insufficient data')).toBe(true);
  });

  test('of a column that went missing is found', () => {
    const { features } = driftOf(
      reference,
      { table: shift(sixFeatures(random, 1_000), 'x1', () => Number.NaN) },
      LIMITS
    );
    expect(features.find(({ column }) => column === 'x1')?.verdict).toBe('drift');
  });

  test('of an unseen category is found', () => {
    const table = sixFeatures(random, 1_000);
    const columns = {
      ...table.columns,
      c0: { type: 'string', dictionary: ['new'], codes: new Int32Array(1_000) } as const,
    };
    const { features } = driftOf(reference, { table: { rows: 1_000, columns } }, LIMITS);
    expect(features.find(({ column }) => column === 'c0')?.verdict).toBe('drift');
  });

  test('of an empty window is nothing', () => {
    expect(driftOf(reference, { table: { rows: 0, columns: {} } }, LIMITS)).toEqual({ features: [] });
  });

  test('of scores is told beside', () => {
    const scored = referenceOf({ watched: [], table: { rows: 5_000, columns: {} }, scores: uniform(1, 5_000) });
    const same = driftOf(scored, { table: { rows: 1_000, columns: {} }, scores: uniform(2, 1_000) }, LIMITS);
    const lower = uniform(3, 1_000).map((score) => score / 2);
    const moved = driftOf(scored, { table: { rows: 1_000, columns: {} }, scores: lower }, LIMITS);
    expect([same.scores?.verdict, moved.scores?.verdict]).toEqual(['none', 'drift']);
  });

  test('that training periods had themselves is none', () => {
    // A column that is shifted by 0.6 σ every other week.
    const weeks = (count: number) => {
      const rows = count * 7 * 300;
      const eventTime = BigInt64Array.from({ length: rows }, (_, row) => BigInt(Math.floor(row / 300)) * DAY);
      const values = Float64Array.from({ length: rows }, (_, row) => normal() + (Math.floor(row / 2_100) % 2) * 0.6);
      return { table: { rows, columns: { x: { type: 'number', values } as const } }, eventTime };
    };
    const history = { ...weeks(4), period: { days: 7, offsetDays: 0 } };
    const { table } = weeks(1);
    const [window] = [weeks(2)].map((two) => two.table.columns.x.values.subarray(2_100));
    const moved = { rows: 2_100, columns: { x: { type: 'number', values: window! } as const } };
    const knowing = referenceOf({ watched: ['x'], table, history });
    const not = referenceOf({ watched: ['x'], table });
    expect(knowing.columns[0]!.variation).toBeGreaterThan(0.2);
    // Exactly as far as a training week went: a quarter of chance more is still none.
    const limits = { ...LIMITS, psiFloor: 0.1 };
    expect(driftOf(not, { table: moved }, limits).features[0]?.verdict).toBe('drift');
    const [feature] = driftOf(knowing, { table: moved }, limits).features;
    expect(feature!.limit).toBe(knowing.columns[0]!.variation);
  });
});

describe('a timestamp', () => {
  test('is watched by its time of day and its weekday', () => {
    // Thursday 1970-01-01, 06:00 and 18:00; and Wednesday before.
    const values = BigInt64Array.of(DAY / 4n, (DAY * 3n) / 4n, -DAY / 2n);
    const { columns } = referenceOf({
      watched: ['t'],
      table: { rows: 3, columns: { t: { type: 'timestamp', values } } },
    });
    expect(columns.map(({ column }) => column)).toEqual(['t:timeOfDay', 't:weekday']);
    expect(columns[0]!.bins).toMatchObject({ min: 6, max: 18 });
    expect(columns[1]!.bins).toMatchObject({ values: ['Thursday', 'Wednesday'], counts: [2, 1, 0, 0] });
  });
});

describe('the Wasserstein distance', () => {
  test('is that of scipy 1.17.1, in σ of the reference', () => {
    const { scores } = referenceRows();
    const reference = Float64Array.from(scores.subarray(0, 300));
    const window = Float64Array.from(scores.subarray(300), (score) => score * 1.1 + 0.02);
    expect(wassersteinOf(spreadOf(reference)!, window)).toBeCloseTo(0.037100952380952415 / 0.25835469804127814, 2);
  });

  test('of a shift by σ is 1', () => {
    const values = Float64Array.from({ length: 1_000 }, normals(3));
    const spread = spreadOf(values)!;
    const moved = values.map((value) => value + spread.deviation);
    expect(wassersteinOf(spread, moved)).toBeCloseTo(1, 10);
  });
});

test('Benjamini and Hochberg: the example of their paper, four of fifteen at 5 %', () => {
  const pValues = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ];
  expect(rejected(pValues, 0.05).filter(Boolean)).toHaveLength(4);
  expect(rejected([], 0.05)).toEqual([]);
});

/** Three numbers and three categories, of 3, 20 and 200 values with unequal shares. */
function sixFeatures(random: () => number, rows: number): TableColumns {
  const numbers = () => ({ type: 'number', values: Float64Array.from({ length: rows }, random) }) as const;
  const strings = (count: number) => {
    const codes = new Int32Array(rows);
    for (let row = 0; row < rows; row += 1) codes[row] = count * random() ** 2;
    return { type: 'string', dictionary: Array.from({ length: count }, (_, i) => `v${i}`), codes } as const;
  };
  const columns = { x0: numbers(), x1: numbers(), x2: numbers(), c0: strings(3), c1: strings(20), c2: strings(200) };
  return { rows, columns };
}

function shift(table: TableColumns, name: string, by: (value: number) => number): TableColumns {
  const column = table.columns[name];
  if (column?.type !== 'number') throw new TypeError(`${name} is no number`);
  return { ...table, columns: { ...table.columns, [name]: { type: 'number', values: column.values.map(by) } } };
}

function uniform(seed: number, rows: number): Float32Array {
  return Float32Array.from({ length: rows }, generator(seed));
}
