/** Fits a model's calibrator: on the validation rows alone, each as it is and of equal weight, by the logits that the model's own graph gives them. */
import type { Calibration } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import type { JobContext } from '../../../domain/job';
import { kindOf, labelInWords, type Target, truthAt } from '../../../domain/task';
import { loadRows } from '../../features/load-rows';
import { checkLabels } from '../../stats/tasks/task';
import { type LoadRequest, rowName } from '../../tables/load';
import { requireRows } from '../../tables/require-rows';
import { decodeModel } from '../../onnx/model';
import type { ModelEnd } from '../model-graph';
import { columnsRead, scoreRows } from '../score-rows';
import type { Calibrator } from './calibrator';
import { fitIsotonic } from './isotonic';
import { fitTemperature, type LabelledLogits } from './temperature';

export interface Calibrating {
  readonly calibration?: Calibration;
  /** The validation rows. */
  readonly calibrationRows?: LoadRequest | undefined;
  readonly task: Target;
}

export interface FittedCalibrator {
  readonly fitted: Calibrator;
  /** What the run's record says of it. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * @param model bytes of the model with this end
 * @returns undefined where none is declared
 * @throws MlopsError MLOPS_DEFINITION_INVALID: without validation rows, or of a task without probabilities; MLOPS_TOO_FEW_ROWS;
 *   MLOPS_ONE_CLASS: all validation rows have the same label; MLOPS_MODEL_INVALID: a logit is not finite; as `loadColumns` and `scoreRows` do
 */
export async function fitCalibrator(
  { calibration = 'none', calibrationRows, task }: Calibrating,
  model: (end: ModelEnd) => Uint8Array,
  context: JobContext
): Promise<FittedCalibrator | undefined> {
  if (calibration === 'none') return undefined;
  if (calibrationRows === undefined) throw invalid('needs validation rows', 'Give the split a validation part.');
  if (task === 'number' || (calibration === 'isotonic' && task !== 'binary'))
    throw invalid(`${calibration} is of another task`, 'Leave model.calibration out.');
  const bytes = model('logits');
  const columns = columnsRead(decodeModel(bytes)).map(({ column }) => column);
  const loaded = await loadRows(calibrationRows, columns, context);
  requireRows(loaded, 'validation', { ...calibrationRows, minRows: 1 });
  const { labels = new Float32Array(), table, places } = loaded;
  checkLabels(task, labels, rowName(places));
  requireSeveral(labels, task);
  const { values: logits, width } = await scoreRows(bytes, table, {}, context);
  requireFinite(logits);
  const { length: rows } = labels;
  if (calibration === 'isotonic') {
    const fitted = fitIsotonic(logits, labels);
    return { fitted, parameters: { method: calibration, rows, ...shown(fitted.logits, fitted.rates) } };
  }
  const seen = () => context.progress({ done: rows, total: rows, note: 'calibration' });
  const temperature = fitTemperature(outcomesOf({ logits, width, labels }, task), seen);
  const fitted = { method: calibration, temperature: temperature ?? 1 } as const;
  return { fitted, parameters: { ...fitted, rows, isBest: temperature !== undefined } };
}

/** Of labels each one of a row is an outcome of its own: all have one temperature. */
function outcomesOf(rows: LabelledLogits, task: Target): LabelledLogits {
  if (kindOf(task) !== 'labels') return rows;
  const { logits, width, labels } = rows;
  const outcome = (_: number, at: number) => truthAt(task, labels[Math.floor(at / width)]!, at % width);
  return { logits, width: 1, labels: Float32Array.from(logits, outcome) };
}

/** Longer curves are in the model's file alone: a record is read by people. */
const MOST_SHOWN = 200;

function shown(logits: readonly number[], rates: readonly number[]) {
  const points = logits.length;
  return points > MOST_SHOWN ? { points } : { points, logits, rates };
}

function requireSeveral(labels: Float32Array, task: Target): void {
  if (labels.some((label) => label !== labels[0])) return;
  const what = `All labels of the validation rows are ${labelInWords(task, labels[0]!)}, and calibration compares scores with what happened.`;
  throw new MlopsError('MLOPS_ONE_CLASS', what, { rows: labels.length }, 'Widen the validation part of the split.');
}

function requireFinite(logits: Float32Array): void {
  if (logits.every(Number.isFinite)) return;
  const what = 'The model gives a validation row a score that is not finite.';
  throw new MlopsError(
    'MLOPS_MODEL_INVALID',
    what,
    {},
    'Lower the learning rate, or look at features with extreme values.'
  );
}

function invalid(why: string, fix: string): MlopsError {
  return new MlopsError('MLOPS_DEFINITION_INVALID', `model.calibration: ${why}.`, {}, fix);
}
