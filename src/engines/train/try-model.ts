/** Whether an adopted model can answer rows as they are: one by one and together, with scores that are the task's. */
import { MlopsError } from '../../domain/errors';
import type { JobContext } from '../../domain/job';
import { type Scores, scoresBetween } from '../../domain/scores';
import { kindOf, type Target, TASKS } from '../../domain/task';
import { batchDependentOperators } from '../onnx/batch-invariant';
import { decodeModel } from '../onnx/model';
import type { RowName } from '../stats/tasks/task';
import type { Column, TableColumns } from '../tables/columns';
import { firstRows } from '../tables/first-rows';
import { scoreRows } from './score-rows';

/** Enough to meet what a graph does with its rows. */
const TRIED_ROWS = 10_000;
/** Scored alone, and compared with what they got beside others. */
const TRIED_ALONE = 3;
/** Of float32 sums in another order: at the end of a graph, and where layers behind them carry the difference on. */
const ROUNDING = { exact: 1e-4, tolerance: 1e-3 } as const;

/**
 * @param requires columns that the graph casts to whole numbers
 * @throws MlopsError MLOPS_MODEL_NO_BATCH: rows change each other's scores, or can't be scored together;
 *   MLOPS_MODEL_OUTPUTS: a score is none of the task's; MLOPS_MODEL_COLUMNS: a value is missing that the graph can't take;
 *   MLOPS_MODEL_INVALID: it can't run
 */
export async function tryModel(
  model: Uint8Array,
  table: TableColumns,
  { target, requires }: { readonly target: Target; readonly requires: readonly string[] },
  rowName: RowName,
  context: Pick<JobContext, 'progress'>
): Promise<void> {
  const tried = firstRows(table, TRIED_ROWS);
  requirePresent(tried, requires, rowName);
  const alone: Scores[] = [];
  for (let row = 0; row < Math.min(TRIED_ALONE, tried.rows); row += 1)
    alone.push(
      await scored(model, firstRows(tried, 1, row), context, 'MLOPS_MODEL_INVALID', 'The model can not score a row')
    );
  const together = await scored(
    model,
    tried,
    context,
    'MLOPS_MODEL_NO_BATCH',
    'The model scores a row, but not several'
  );
  const rounding = batchDependentOperators(decodeModel(model)).length === 0 ? ROUNDING.exact : ROUNDING.tolerance;
  alone.forEach((scores, row) => requireEqual(scores, scoresBetween(together, row, row + 1), rounding));
  requireScores(together, target, rowName);
}

async function scored(
  model: Uint8Array,
  table: TableColumns,
  context: Pick<JobContext, 'progress'>,
  code: 'MLOPS_MODEL_INVALID' | 'MLOPS_MODEL_NO_BATCH',
  what: string
): Promise<Scores> {
  try {
    return await scoreRows(model, table, {}, context);
  } catch (error) {
    if (error instanceof MlopsError) throw error;
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 500);
    const fix =
      code === 'MLOPS_MODEL_NO_BATCH'
        ? 'Export it with a free first axis, and without sizes of one row inside.'
        : 'Run it in onnxruntime on a row of the source, and export it again.';
    throw new MlopsError(code, `${what}: ${reason}.`, {}, fix, { cause: error });
  }
}

function requireEqual(alone: Scores, beside: Scores, rounding: number): void {
  const at = alone.values.findIndex(
    (value, place) => Math.abs(value - beside.values[place]!) > rounding * Math.max(1, Math.abs(value))
  );
  if (at < 0) return;
  throw new MlopsError(
    'MLOPS_MODEL_NO_BATCH',
    "A row's score depends on the rows beside it.",
    { alone: alone.values[at], beside: beside.values[at] },
    'Export the model so that each row is scored by itself: batch normalization and dropout as in inference.'
  );
}

/** Of classes a row's probabilities add up to 1; of labels each stands by itself. */
function requireScores(scores: Scores, target: Target, rowName: RowName): void {
  const kind = kindOf(target);
  const { isScore, scoreWords } = TASKS[kind];
  const { width, values } = scores;
  for (let row = 0; row * width < values.length; row += 1) {
    const own = values.subarray(row * width, (row + 1) * width);
    const wrong = own.find((value) => !isScore(value));
    const sum = own.reduce((total, value) => total + value, 0);
    if (wrong === undefined && (kind !== 'classes' || Math.abs(sum - 1) < 1e-2)) continue;
    throw new MlopsError(
      'MLOPS_MODEL_OUTPUTS',
      wrong === undefined ? "A row's probabilities do not add up to 1." : `A score is not ${scoreWords}.`,
      { ...rowName(row), score: wrong ?? sum },
      target === 'number'
        ? 'Look at what the model makes of this row.'
        : `Export the model with probabilities: put a ${kind === 'classes' ? 'Softmax' : 'Sigmoid'} behind its last layer.`
    );
  }
}

function requirePresent({ columns, rows }: TableColumns, requires: readonly string[], rowName: RowName): void {
  for (const name of requires) {
    const column = columns[name];
    for (let row = 0; column !== undefined && row < rows; row += 1) {
      if (!isMissing(column, row)) continue;
      throw new MlopsError(
        'MLOPS_MODEL_COLUMNS',
        'A value is missing, and the model casts its column to whole numbers, which have none.',
        { column: name, ...rowName(row) },
        'Export the model with a float input, or have schema.columns require the column.'
      );
    }
  }
}

function isMissing(column: Column, row: number): boolean {
  return column.type === 'number' && Number.isNaN(column.values[row]);
}
