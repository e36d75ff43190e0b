import { MISSING_TIMESTAMP, type TableColumns } from '../../../src/engines/tables/columns';
import { blockCounts, rowBlocks } from '../../../src/engines/stats/blocks';
import { clustersOf } from '../../../src/engines/stats/clusters';
import { evaluateScores } from '../../../src/engines/stats/evaluate';
import { referenceRows } from './reference-rows';
import { oneNumber } from '../../support/one-number';

const table: TableColumns = {
  rows: 5,
  columns: {
    city: { type: 'string', dictionary: ['Bern', 'Oslo'], codes: Int32Array.from([1, 0, 1, -1, -1]) },
    size: { type: 'number', values: Float64Array.from([10, 2, Number.NaN, 10, 2]) },
    opened: { type: 'timestamp', values: BigInt64Array.from([0n, 0n, 86_400_000_000n, MISSING_TIMESTAMP, 0n]) },
  },
};

describe('clusters by a column', () => {
  test.each([
    ['city', ['missing', 'Bern', 'Oslo'], [2, 1, 2]],
    ['size', ['missing', '2', '10'], [1, 2, 2]],
    ['opened', ['missing', '1970-01-01T00:00:00.000Z', '1970-01-02T00:00:00.000Z'], [1, 3, 1]],
  ])('%s: rows of one value are one, and those without a value are one', (column, names, counts) => {
    const blocks = clustersOf({ table }, { column }, []);
    expect(blocks).toMatchObject({ of: column, asked: true, names });
    expect([...blockCounts(blocks)]).toEqual(counts);
  });

  test('of a private column are numbered: its values are in no evaluation', () => {
    const names = ({ column }: { column: string }) => clustersOf({ table }, { column }, ['city', 'size']).names;
    expect(names({ column: 'city' })).toEqual(['missing', 'no. 1', 'no. 2']);
    expect(names({ column: 'size' })).toEqual(['missing', 'no. 1', 'no. 2']);
    expect(names({ column: 'opened' })).toContain('1970-01-02T00:00:00.000Z');
  });

  test('fewer than two are runs of rows, and say so', () => {
    const one = {
      rows: 3,
      columns: { city: { type: 'string', dictionary: ['Bern'], codes: new Int32Array(3) } as const },
    };
    expect(clustersOf({ table: one }, { column: 'city' }, [])).toMatchObject({ of: 'run of rows', asked: false });
  });
});

test('each row by itself gives the interval of independent rows, and no slices', () => {
  const { scores, labels } = referenceRows();
  const evaluation = evaluateScores({
    candidate: oneNumber(scores),
    labels,
    blocks: rowBlocks(scores.length),
    objective: { task: 'binary', decisionThreshold: 0.5 },
  });
  expect(evaluation).toMatchObject({ blocksOf: 'row', slices: [] });
  const { accuracy, logLoss } = evaluation.candidate;
  const n = scores.length;
  // A share p of n independent rows has the standard error √(p(1−p)/(n−1)); t with 999 degrees is 1.96234.
  const half = 1.962341461 * Math.sqrt((accuracy!.estimate * (1 - accuracy!.estimate)) / (n - 1));
  expect(accuracy!.high - accuracy!.estimate).toBeCloseTo(half, 8);
  expect(logLoss).toMatchObject({ blocks: n, method: 't on row blocks' });
});
