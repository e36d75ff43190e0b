/**
 * Permutation importance: how much the mean loss grows when a column's values are dealt to other rows (Breiman 2001; Fisher, Rudin &
 * Dominici 2019). On rows spread evenly over the test rows, with shuffles that follow from the column's place alone.
 */
import type { ColumnImportance } from '../../domain/evaluation';
import type { JobContext } from '../../domain/job';
import type { Scores } from '../../domain/scores';
import type { Loss } from '../stats/tasks/task';
import { labelsAt, scoresAt } from '../stats/subset';
import type { TableColumns } from '../tables/columns';
import { takeRows } from '../tables/take-rows';
import { randomStream, shuffled } from '../train/random';
import { scoreRows } from '../train/score-rows';

/** As scikit-learn's permutation_importance. */
const SHUFFLES = 5;
const MOST_ROWS = 4000;
/** Of all columns together: a model of a thousand columns is looked at on fewer rows. */
const MOST_SCORED = 2_000_000;
const STREAM = 3;

export interface ImportanceInput {
  readonly model: Uint8Array;
  /** Those that the model reads. */
  readonly columns: readonly string[];
  readonly table: TableColumns;
  readonly scores: Scores;
  readonly labels: Float32Array;
  readonly loss: Loss;
}

/** The most important column first. */
export async function importanceOf(input: ImportanceInput, context: Pick<JobContext, 'progress'>) {
  const { model, columns, table, loss } = input;
  const rows = sampleOf(table.rows, columns.length);
  const labels = labelsAt(input.labels, rows);
  const base = meanLoss(scoresAt(input.scores, rows), labels, loss);
  const repeated = takeRows(table, repeat(rows), columns);
  const found: ColumnImportance[] = [];
  for (const [place, column] of columns.entries()) {
    const orders = Array.from({ length: SHUFFLES }, (_, i) =>
      shuffled(randomStream(place, STREAM, i), rows.length).map((at) => rows[at]!)
    );
    const dealt = takeRows(table, Int32Array.from(orders.flatMap((order) => [...order])), [column]);
    const shuffledTable = { rows: repeated.rows, columns: { ...repeated.columns, ...dealt.columns } };
    const scores = await scoreRows(model, shuffledTable, {}, context);
    const increases = orders.map((_, i) => {
      const values = scores.values.subarray(i * rows.length * scores.width, (i + 1) * rows.length * scores.width);
      return meanLoss({ width: scores.width, values }, labels, loss) - base;
    });
    const increase = increases.reduce((sum, one) => sum + one, 0) / SHUFFLES;
    const variance = increases.reduce((sum, one) => sum + (one - increase) ** 2, 0) / SHUFFLES;
    found.push({ column, increase, deviation: Math.sqrt(variance) });
  }
  return found.sort((a, b) => b.increase - a.increase || (a.column < b.column ? -1 : 1));
}

/** Rows spread evenly over all. */
function sampleOf(rows: number, columns: number): Int32Array {
  const bound = Math.floor(MOST_SCORED / (SHUFFLES * Math.max(1, columns)));
  const length = Math.min(rows, MOST_ROWS, Math.max(1, bound));
  return Int32Array.from({ length }, (_, i) => Math.floor((i * rows) / length));
}

function repeat(rows: Int32Array): Int32Array {
  const all = new Int32Array(rows.length * SHUFFLES);
  for (let i = 0; i < SHUFFLES; i += 1) all.set(rows, i * rows.length);
  return all;
}

function meanLoss({ width, values }: Scores, labels: Float32Array, loss: Loss): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) sum += loss.of(values, row * width, labels[row]!);
  return sum / labels.length;
}
