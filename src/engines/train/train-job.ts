/** The job `train`: training features by the fitted graph, the network, and the model that holds both. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkSpec } from '../../domain/definition';
import type { Job, JobFile } from '../../domain/job';
import type { RunBody } from '../../domain/records';
import { embeddingTables, type FittedFeatures } from '../features/fitted';
import { loadRows } from '../features/load-rows';
import { trainingFeatures } from '../features/training-features';
import { type LoadedRows, type LoadRequest, rowName } from '../tables/load';
import { requireRows } from '../tables/require-rows';
import { inferenceGraph } from './inference-graph';
import { positiveRate } from './labels';
import { trainNetwork } from './train-network';

/** The rows that `fit` read, with their label shards. Paths are absolute. */
export interface TrainJobInput extends LoadRequest {
  /** Fewer rows with a label than this are refused. */
  readonly minRows: number;
  readonly network: NetworkSpec;
  /** `fitted` and `graph` of the feature set. */
  readonly fitted: string;
  readonly graph: string;
  /** A checkpoint of this run. */
  readonly resume?: string;
}

export interface TrainJobOutput
  extends Pick<RunBody, 'parameters' | 'rows' | 'unlabelled' | 'epochs' | 'trainRate' | 'numerics'> {
  readonly seconds: number;
  /** `model` (ONNX) and `run` (JSON: what is above, without the time it took). */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError MLOPS_TOO_FEW_ROWS; as `loadColumns`, `makeFeatures` and `trainNetwork` do */
export const trainJob: Job<TrainJobInput, TrainJobOutput> = async (input, context) => {
  const began = performance.now();
  const fitted = JSON.parse(await readFile(input.fitted, 'utf8')) as FittedFeatures;
  const loaded = await loadRows(
    { ...input, keys: true },
    fitted.inputs.map(({ column }) => column),
    context
  );
  requireRows(loaded, 'training', input);
  const labels = labelsOf(loaded);
  const { table, eventTime, keys = new Float64Array() } = loaded;
  const rows = { labels, eventTime, keys };
  const features = await trainingFeatures(await readFile(input.graph), fitted, table, rows, context);
  const { network, resume } = input;
  const trained = await trainNetwork({ features, tables: embeddingTables(fitted), labels, network }, context, {
    resume,
  });
  const run = {
    parameters: { ...network, epochsRun: trained.epochs.length, trainableNumbers: trained.parameters.length },
    rows: loaded.table.rows,
    unlabelled: loaded.unlabelled,
    trainRate: trained.trainRate,
    epochs: trained.epochs,
    numerics: trained.numerics,
  };
  await writeFile(join(context.folder, 'model.onnx'), inferenceGraph(fitted, trained));
  await writeFile(join(context.folder, 'run.json'), JSON.stringify(run));
  return {
    ...run,
    seconds: (performance.now() - began) / 1000,
    files: [
      { name: 'model', file: 'model.onnx', mediaType: 'application/octet-stream' },
      { name: 'run', file: 'run.json', mediaType: 'application/json' },
    ],
  };
};

/** Checked here, too, where a row still has a name: before seconds are spent on features. */
function labelsOf({ labels = new Float32Array(), places }: LoadedRows): Float32Array {
  positiveRate(labels, rowName(places));
  return labels;
}
