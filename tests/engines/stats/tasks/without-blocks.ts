/** A property of a task's metrics: what they are without a block of rows is what they are on the other rows alone. */
import fc from 'fast-check';
import type { Scores } from '../../../../src/domain/scores';
import type { Measured } from '../../../../src/engines/stats/measure';
import type { TaskStatistics } from '../../../../src/engines/stats/tasks/task';

interface Row {
  /** A probability for each class, or label. */
  readonly score: readonly number[];
  readonly label: number;
}

export const scoresOf = (rows: readonly (readonly number[])[]): Scores => ({
  width: rows[0]!.length,
  values: Float32Array.from(rows.flat()),
});

interface RowInBlock extends Row {
  readonly block: number;
}

/** Rows in four blocks. */
export function inBlocks(row: fc.Arbitrary<Row>): fc.Arbitrary<readonly RowInBlock[]> {
  const one = fc.tuple(row, fc.nat(3)).map(([each, block]) => ({ ...each, block }));
  return fc.array(one, { minLength: 8, maxLength: 40 });
}

/**
 * Names of the metrics that have another value without a block.
 * @param metrics of rows, by name
 */
export function wrongWithoutBlocks(
  task: TaskStatistics,
  all: readonly RowInBlock[],
  metrics: (scores: Scores, labels: readonly number[]) => Readonly<Record<string, number>>
): readonly string[] {
  const labels = Float32Array.from(all, ({ label }) => label);
  const index = Int32Array.from(all, ({ block }) => block);
  const blocks = { of: 'b', asked: true, names: ['0', '1', '2', '3'], index };
  const measures = task.measure(scoresOf(all.map(({ score }) => score)), labels, blocks);
  const wrong = new Set<string>();
  for (const block of [0, 1, 2, 3]) {
    const others = all.filter((each) => each.block !== block);
    if (others.length < 2) continue;
    const expected = metrics(
      scoresOf(others.map(({ score }) => score)),
      others.map(({ label }) => label)
    );
    for (const [name, measured] of measures) {
      // Its bins are those of all rows: it has a test of its own.
      if (name === 'calibrationError') continue;
      if (measured.kind !== 'jackknife' || expected[name] === undefined) continue;
      const { without } = measured as Extract<Measured, { kind: 'jackknife' }>;
      if (!(Math.abs(without()[block]! - expected[name]) < 1e-9)) wrong.add(name);
    }
  }
  return [...wrong];
}
