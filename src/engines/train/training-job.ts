/** What every learner's job does around its learning: the labelled rows, their features by the fitted graph, and the run's files. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Calibration } from '../../domain/definition';
import type { JobContext, JobFile } from '../../domain/job';
import type { RunBody } from '../../domain/records';
import type { Target } from '../../domain/task';
import type { FittedFeatures } from '../features/fitted';
import { loadRows } from '../features/load-rows';
import { type Features, makeFeatures } from '../features/make-features';
import { trainingFeatures } from '../features/training-features';
import { baselineOf, checkLabels, checkTrainingLabels, type RowName } from '../stats/tasks/task';
import { type LoadRequest, rowName } from '../tables/load';
import { requireRows } from '../tables/require-rows';
import { fitCalibrator } from './calibration/fit-calibrator';
import type { ModelEnd } from './model-graph';

/** The rows that `fit` read, with their label shards. Paths are absolute. */
export interface TrainingInput extends LoadRequest {
  /** Fewer rows with a label than this are refused. */
  readonly minRows: number;
  /** Rows that decide when to stop; absent where the split sets none aside, or the learner asks for none. */
  readonly validation?: LoadRequest | undefined;
  /** How the scores are made probabilities of the rows, and the validation rows that decide it. Default: not at all. */
  readonly calibration?: Calibration;
  readonly calibrationRows?: LoadRequest | undefined;
  readonly task: Target;
  /** `fitted` and `graph` of the feature set. */
  readonly fitted: string;
  readonly graph: string;
  /** A checkpoint of this run. */
  readonly resume?: string;
  /** Milliseconds between two checkpoints. */
  readonly checkpointEveryMs?: number;
}

export interface TrainingOutput
  extends Pick<RunBody, 'parameters' | 'rows' | 'unlabelled' | 'epochs' | 'baseline' | 'numerics'> {
  readonly seconds: number;
  /** `model` (ONNX), `run` (JSON: what is above, without the time it took) and the learner's own. */
  readonly files: readonly JobFile[];
}

export interface LabelledFeatures extends Features {
  readonly labels: Float32Array;
}

export interface TrainingRows {
  readonly fitted: FittedFeatures;
  readonly training: LabelledFeatures;
  readonly validation: LabelledFeatures | undefined;
  /** Of a training row. */
  readonly rowName: RowName;
}

export interface Learned extends Pick<RunBody, 'parameters' | 'epochs' | 'numerics'> {
  /** Bytes of the ONNX model, features included. */
  readonly model: (end?: ModelEnd) => Uint8Array;
  /** Further ones, which the learner wrote. */
  readonly files?: readonly JobFile[];
}

/** @throws MlopsError MLOPS_TOO_FEW_ROWS; as `loadColumns`, `makeFeatures`, `checkTrainingLabels`, `learn` and `fitCalibrator` do */
export async function trainingJob(
  input: TrainingInput,
  context: JobContext,
  learn: (rows: TrainingRows) => Promise<Learned>
): Promise<TrainingOutput> {
  const began = performance.now();
  const { task } = input;
  const fitted = JSON.parse(await readFile(input.fitted, 'utf8')) as FittedFeatures;
  const loaded = await loadRows({ ...input, keys: true }, columnsOf(fitted), context);
  requireRows(loaded, 'training', input);
  const { labels = new Float32Array(), table, eventTime, keys = new Float64Array() } = loaded;
  // Where a row still has a name: before seconds are spent on features.
  const named = rowName(loaded.places);
  checkTrainingLabels(task, labels, named);
  const rows = { labels, eventTime, keys };
  const features = await trainingFeatures(await readFile(input.graph), fitted, table, rows, context);
  const validation = input.validation && (await validationOf(input.validation, input, fitted, context));
  const {
    model,
    files = [],
    ...learned
  } = await learn({ fitted, training: { ...features, labels }, validation, rowName: named });
  const calibrator = await fitCalibrator(input, model, context);
  const run = {
    parameters: { ...learned.parameters, ...(calibrator && { calibration: calibrator.parameters }) },
    rows: table.rows,
    unlabelled: loaded.unlabelled,
    baseline: baselineOf(task, labels),
    epochs: learned.epochs,
    numerics: learned.numerics,
  };
  await writeFile(join(context.folder, 'model.onnx'), model(calibrator?.fitted));
  await writeFile(join(context.folder, 'run.json'), JSON.stringify(run));
  return {
    ...run,
    seconds: (performance.now() - began) / 1000,
    files: [
      { name: 'model', file: 'model.onnx', mediaType: 'application/octet-stream' },
      { name: 'run', file: 'run.json', mediaType: 'application/json' },
      ...files,
    ],
  };
}

/** As an evaluation sees them: by the graph alone. */
async function validationOf(
  request: LoadRequest,
  { graph, task }: TrainingInput,
  fitted: FittedFeatures,
  context: JobContext
): Promise<LabelledFeatures> {
  const loaded = await loadRows(request, columnsOf(fitted), context);
  requireRows(loaded, 'validation', { ...request, minRows: 1 });
  const { labels = new Float32Array(), table, places } = loaded;
  checkLabels(task, labels, rowName(places));
  return { ...(await makeFeatures(await readFile(graph), fitted, table, context)), labels };
}

function columnsOf({ inputs }: FittedFeatures): readonly string[] {
  return inputs.map(({ column }) => column);
}
