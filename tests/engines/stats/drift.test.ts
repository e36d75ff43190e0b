import { referenceOf, withVariation } from '../../../src/engines/stats/reference';
import { variationOf } from '../../../src/engines/stats/variation';
import { rejected } from '../../../src/engines/stats/benjamini-hochberg';
import { binsOf, countsIn } from '../../../src/engines/stats/bins';
import { type DriftLimits, driftOf } from '../../../src/engines/stats/drift';
import { changeOf, homogeneity } from '../../../src/engines/stats/change';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { generator, normals } from './reference-rows';

const numbers = (values: Float32Array) => ({ kind: 'number' as const, values });

const LIMITS: DriftLimits = { psiFloor: 0.1, falseDiscoveryRate: 0.05, minRows: 200 };
const WATCHED = ['x0', 'x1', 'x2', 'c0', 'c1', 'c2'];
const DAY = 86_400_000_000n;

describe('bins of numbers', () => {
  test('hold a tenth of the reference each, and missing; what is outside is counted', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => i);
    const bins = binsOf({ kind: 'number', values });
    expect([...bins.counts]).toEqual([...Array<number>(10).fill(10), 0]);
    const window = { kind: 'number', values: Float64Array.of(-1, 0, 9, 10, 99, 100, Number.NaN) } as const;
    expect([...countsIn(bins, window).bins]).toEqual([3, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1]);
    expect(countsIn(bins, window).unseen).toEqual([2]);
  });

  test('of few distinct values are these', () => {
    const bins = binsOf({ kind: 'number', values: Float64Array.of(0, 0, 0, 1, 1, 1, 1, 1) });
    expect(bins).toMatchObject({ edges: [0], counts: [3, 5, 0] });
  });

  test('keep a value that fills a tenth or more apart from its neighbours', () => {
    const values = Float64Array.from({ length: 1_000 }, (_, i) => (i < 30 ? i / 30 : i < 970 ? 5 : i));
    expect(binsOf({ kind: 'number', values })).toMatchObject({ edges: [29 / 30, 5], counts: [30, 940, 30, 0] });
  });

  test('of nothing are whether there is a value', () => {
    const nothing = { kind: 'number', values: Float64Array.of(Number.NaN) } as const;
    expect(binsOf(nothing)).toEqual({ kind: 'presence', counts: [0, 1] });
  });
});

describe('the size and the law of a change', () => {
  const numbers = (counts: readonly number[]) => ({ kind: 'number', min: 0, edges: [1], max: 2, counts }) as const;
  const categories = (values: readonly string[], counts: readonly number[]) =>
    ({ kind: 'category', values, counts }) as const;

  test('by hand', () => {
    const { value, effect } = changeOf(numbers([60, 40, 0]), { bins: Float64Array.of(40, 60, 0), unseen: [] });
    const [p, q] = [60.5 / 101, 40.5 / 101];
    expect(value).toBeCloseTo(2 * (q - p) * Math.log(q / p), 12);
    expect(effect).toBeCloseTo(value - 0.02, 12);
  });

  test("the bins are compared by Pearson's χ², as scipy 1.17.1 (stats.chi2_contingency)", () => {
    // The example of its documentation.
    const { statistic, pValue } = homogeneity([
      [10, 20],
      [10, 20],
      [20, 20],
    ])!;
    expect(statistic).toBeCloseTo(2.7777777777777777, 12);
    expect(pValue).toBeCloseTo(0.24935220877729614, 12);
  });

  test('rare categories are one cell, whoever has them; by itself where it is small', () => {
    const bins = categories(['a', 'b', 'c', 'd'], [500, 480, 15, 5, 0]);
    const seen = changeOf(bins, { bins: Float64Array.of(250, 240, 0, 10, 0), unseen: [] });
    const other = changeOf(bins, { bins: Float64Array.of(250, 240, 10, 0, 0), unseen: [] });
    expect(other.value).toBeCloseTo(seen.value, 12);
    // c and d lead to expect 2 rows of 100: 50 are found, without a law for large cells.
    const many = changeOf(bins, { bins: Float64Array.of(30, 20, 50, 0, 0), unseen: [] });
    expect(many.pValue).toBeLessThan(1e-30);
    expect(many.effect).toBeGreaterThan(1);
  });

  test('of 229 airports without any drift has no effect at 200 rows', () => {
    const random = generator(5);
    const airports = Array.from({ length: 229 }, (_, i) => `A${i}`);
    const draw = (rows: number) => Int32Array.from({ length: rows }, () => Math.floor(229 * random() ** 3));
    const bins = binsOf({ kind: 'category', dictionary: airports, codes: draw(100_000) });
    const effects = Array.from({ length: 50 }, () => {
      return changeOf(bins, countsIn(bins, { kind: 'category', dictionary: airports, codes: draw(200) })).effect;
    });
    expect(Math.max(...effects)).toBeLessThan(0.1);
  });

  test('ids, all of them new in each window, are no change; one id for all is', () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => `id ${i}`);
    const codes = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
    const bins = binsOf({ kind: 'category', dictionary: ids, codes: codes(0, 1_000) });
    const next = changeOf(bins, countsIn(bins, { kind: 'category', dictionary: ids, codes: codes(1_000, 2_000) }));
    expect(next).toMatchObject({ unseen: 1, effect: 0 });
    expect(next.pValue).toBeGreaterThan(0.99);
    const one = new Int32Array(1_000).fill(1_500);
    expect(changeOf(bins, countsIn(bins, { kind: 'category', dictionary: ids, codes: one })).effect).toBeGreaterThan(1);
  });

  test('of many values that are all replaced is seen, though each is rare', () => {
    const zips = Array.from({ length: 1_800 }, (_, i) => `zip ${i}`);
    const random = generator(7);
    const draw = (rows: number, from: number) =>
      Int32Array.from({ length: rows }, () => from + Math.floor(900 * random()));
    const bins = binsOf({ kind: 'category', dictionary: zips, codes: draw(20_000, 0) });
    const replaced = changeOf(bins, countsIn(bins, { kind: 'category', dictionary: zips, codes: draw(200, 900) }));
    expect(replaced.unseen).toBe(1);
    expect(replaced.pValue).toBeLessThan(1e-100);
    expect(replaced.effect).toBeGreaterThan(1);
  });
});

describe('false alarms', () => {
  /**
   * Rows without any change, all features and the score together: at most 5 % of the windows may have an alarm. Without the floor, so
   * that the law alone is tried. A small reference is drawn anew for each window: it is a part of the chance.
   */
  test.each([
    [1_000, 200, 300, 1],
    [1_000, 1_000, 200, 1],
    [1_000, 5_000, 60, 1],
    [20_000, 200, 100, 20],
    [20_000, 1_000, 100, 20],
    [20_000, 5_000, 60, 20],
  ])('with a reference of %d rows, in windows of %d, are no more than claimed', (before, rows, windows, each) => {
    const random = generator(17 + before + rows);
    const limits = { ...LIMITS, psiFloor: 0 };
    const watched = Object.keys(ODD);
    const scores = (of: number) => numbers(Float32Array.from({ length: of }, random));
    const draw = () => referenceOf({ watched, table: oddFeatures(random, before), scores: scores(before) });
    let reference = draw();
    let alarms = 0;
    for (let window = 1; window <= windows; window += 1) {
      const drift = driftOf(reference, { table: oddFeatures(random, rows), scores: scores(rows) }, limits);
      const { features } = drift;
      if (features.length !== watched.length) throw new Error('a feature was left out');
      if ([...features, drift.scores!].some(({ verdict }) => verdict === 'drift')) alarms += 1;
      if (window % each === 0) reference = draw();
    }
    // Three standard errors above 5 %, for the windows that fit a quick test.
    expect(alarms / windows).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / windows));
  });
});

/** cases/drift.md's shapes: reference → window. */
describe('of 1,000 rows against 1,000', () => {
  const texts = (...parts: readonly (readonly [string | null, number])[]): TableColumns => {
    const dictionary = [...new Set(parts.flatMap(([value]) => (value === null ? [] : [value])))].sort();
    const codes = Int32Array.from(
      parts.flatMap(([value, rows]) => Array<number>(rows).fill(value === null ? -1 : dictionary.indexOf(value)))
    );
    return { rows: codes.length, columns: { x: { type: 'string', dictionary, codes } } };
  };
  const numbers = (...parts: readonly (readonly [number, number])[]): TableColumns => {
    const values = Float64Array.from(parts.flatMap(([value, rows]) => Array<number>(rows).fill(value)));
    return { rows: values.length, columns: { x: { type: 'number', values } } };
  };
  const evenly = (row: number) => row / 10;
  const even = numbers(...Array.from({ length: 1_000 }, (_, row) => [evenly(row), 1] as const));
  const topAway = numbers(
    ...Array.from({ length: 1_000 }, (_, row) => [row < 900 ? evenly(row) : 1_000_000, 1] as const)
  );

  test.each<[string, TableColumns, TableColumns, 'drift' | 'none', number]>([
    ['the same', texts(['A', 500], ['B', 500]), texts(['A', 500], ['B', 500]), 'none', 0],
    ['other shares', texts(['A', 500], ['B', 500]), texts(['A', 250], ['B', 750]), 'drift', 0],
    ['half unseen', texts(['A', 500], ['B', 500]), texts(['A', 500], ['C', 500]), 'drift', 0.5],
    ['a constant replaced', texts(['A', 1_000]), texts(['Z', 1_000]), 'drift', 1],
    ['all missing', texts(['A', 1_000]), texts([null, 1_000]), 'drift', 0],
    ['one value missing', texts(['A', 600], ['B', 400]), texts(['A', 600], [null, 400]), 'drift', 0],
    ['half new', texts(['A', 500], ['B', 490], ['C', 10]), texts(['A', 500], ['new', 500]), 'drift', 0.5],
    ['a constant number replaced', numbers([3, 1_000]), numbers([9, 1_000]), 'drift', 1],
    ['a number all missing', numbers([3, 1_000]), numbers([Number.NaN, 1_000]), 'drift', 0],
    ['a number that was never there', numbers([Number.NaN, 1_000]), numbers([3, 1_000]), 'drift', 0],
    ['a flag of 95 % ones at 50 %', numbers([1, 950], [0, 50]), numbers([1, 500], [0, 500]), 'drift', 0],
    ['a flag of 95 % ones at none', numbers([1, 950], [0, 50]), numbers([0, 1_000]), 'drift', 0],
    ['a flag of 95 % zeros at 50 %', numbers([0, 950], [1, 50]), numbers([1, 500], [0, 500]), 'drift', 0],
    ['the top tenth far away', even, topAway, 'drift', 0.1],
    ['0.5 % unseen', texts(['A', 500], ['B', 500]), texts(['A', 500], ['B', 495], ['C', 5]), 'none', 0.005],
    ['0.5 % unseen of a constant', texts(['A', 1_000]), texts(['A', 995], ['C', 5]), 'none', 0.005],
    ['0.5 % out of range', numbers([3, 1_000]), numbers([3, 995], [9, 5]), 'none', 0.005],
  ])('%s', (_, before, now, verdict, unseen) => {
    const reference = referenceOf({ watched: ['x'], table: before });
    const [feature] = driftOf(reference, { table: now }, LIMITS).features;
    expect({ ...feature, clear: feature!.pValue < 1e-12 }).toMatchObject({
      verdict,
      unseen,
      clear: verdict === 'drift',
    });
  });

  test('nothing changes with a reference of 20,000 rows and a window of 200', () => {
    const reference = referenceOf({ watched: ['x'], table: texts(['A', 19_920], ['B', 80]) });
    for (const now of [texts(['A', 100], ['B', 100]), texts(['A', 100], ['C', 100]), texts(['A', 100], [null, 100])]) {
      expect(driftOf(reference, { table: now }, LIMITS).features[0]?.verdict).toBe('drift');
    }
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
    const scored = referenceOf({
      watched: [],
      table: { rows: 5_000, columns: {} },
      scores: numbers(uniform(1, 5_000)),
    });
    const same = driftOf(scored, { table: { rows: 1_000, columns: {} }, scores: numbers(uniform(2, 1_000)) }, LIMITS);
    const lower = uniform(3, 1_000).map((score) => score / 2);
    const moved = driftOf(scored, { table: { rows: 1_000, columns: {} }, scores: numbers(lower) }, LIMITS);
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
    const history = weeks(4);
    const { table } = weeks(1);
    const [window] = [weeks(2)].map((two) => two.table.columns.x.values.subarray(2_100));
    const moved = { rows: 2_100, columns: { x: { type: 'number', values: window! } as const } };
    const not = referenceOf({ watched: ['x'], table });
    const knowingBy = (windows: Parameters<typeof variationOf>[1]) => {
      const variation = variationOf(not, windows);
      variation.add(history);
      return withVariation(not, variation.end());
    };
    const knowing = knowingBy({ every: '7 days' });
    expect(knowing.columns[0]!.variation).toBeGreaterThan(0.2);
    // Windows by count: runs of as many rows as a week has are the same; of all rows there is one, in which both are.
    const runs = (rows: number) => knowingBy({ rows });
    expect(runs(2_100).columns[0]!.variation).toBe(knowing.columns[0]!.variation);
    expect(runs(8_400).columns[0]!.variation).toBeLessThan(knowing.columns[0]!.variation / 2);
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
    expect(columns[1]!.bins).toMatchObject({ values: ['Thursday', 'Wednesday'], counts: [2, 1, 0] });
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

/** Features as tables have them: rare categories, ids, constants, flags, missing values. */
const ODD: Readonly<Record<string, { readonly kind: 'number' | 'string'; readonly draw: (u: number) => number }>> = {
  number: { kind: 'number', draw: (u) => u },
  oftenMissing: { kind: 'number', draw: (u) => (u < 0.2 ? Number.NaN : u) },
  rarelyMissing: { kind: 'number', draw: (u) => (u < 0.003 ? Number.NaN : u) },
  constant: { kind: 'number', draw: () => 3 },
  flag: { kind: 'number', draw: (u) => (u < 0.95 ? 1 : 0) },
  rareFlag: { kind: 'number', draw: (u) => (u < 0.004 ? 1 : 0) },
  hours: { kind: 'number', draw: (u) => floor(24 * u * u) },
  mostlyZero: { kind: 'number', draw: (u) => (u < 0.7 ? 0 : u) },
  site: { kind: 'string', draw: (u) => floor(3 * u) },
  rareSite: { kind: 'string', draw: (u) => (u < 0.004 ? 1 : 0) },
  airport: { kind: 'string', draw: (u) => floor(200 * u ** 3) },
  longTail: { kind: 'string', draw: (u) => floor(1 / (u + 0.0005)) },
  id: { kind: 'string', draw: (u) => floor(1e9 * u) },
};

const { floor } = Math;

function oddFeatures(random: () => number, rows: number): TableColumns {
  const columns = Object.entries(ODD).map(([name, { kind, draw }]) => {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row += 1) values[row] = draw(random());
    if (kind === 'number') return [name, { type: 'number', values }];
    const position = new Map<number, number>();
    const codes = new Int32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      const code = position.get(values[row]!) ?? position.size;
      if (code === position.size) position.set(values[row]!, code);
      codes[row] = code;
    }
    return [name, { type: 'string', dictionary: Array.from(position.keys(), String), codes }];
  });
  return { rows, columns: Object.fromEntries(columns) as TableColumns['columns'] };
}

function shift(table: TableColumns, name: string, by: (value: number) => number): TableColumns {
  const column = table.columns[name];
  if (column?.type !== 'number') throw new TypeError(`${name} is no number`);
  return { ...table, columns: { ...table.columns, [name]: { type: 'number', values: column.values.map(by) } } };
}

function uniform(seed: number, rows: number): Float32Array {
  return Float32Array.from({ length: rows }, generator(seed));
}
