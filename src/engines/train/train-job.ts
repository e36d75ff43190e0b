/** The job `train`: training features by the fitted graph, the network, and the model that holds both. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkSpec } from '../../domain/definition';
import type { Job, JobFile } from '../../domain/job';
import type { RunBody } from '../../domain/records';
import { embeddingTables, type FittedFeatures } from '../features/fitted';
import { loadRows } from '../features/load-rows';
import { makeFeatures } from '../features/make-features';
import type { LoadedRows, LoadRequest } from '../tables/load';
import { inferenceGraph } from './inference-graph';
import { positiveRate } from './labels';
import { trainNetwork } from './train-network';

/** The rows that `fit` read, with their label shards. Paths are absolute. */
export interface TrainJobInput extends LoadRequest {
  readonly network: NetworkSpec;
  /** `fitted` and `graph` of the feature set. */
  readonly fitted: string;
  readonly graph: string;
  /** A checkpoint of this run. */
  readonly resume?: string;
}

export interface TrainJobOutput extends Pick<RunBody, 'parameters' | 'rows' | 'epochs' | 'trainRate' | 'numerics'> {
  readonly seconds: number;
  /** `model` (ONNX) and `run` (JSON: what is above, without the time it took). */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError as `loadColumns`, `makeFeatures` and `trainNetwork` do */
export const trainJob: Job<TrainJobInput, TrainJobOutput> = async (input, context) => {
  const began = performance.now();
  const fitted = JSON.parse(await readFile(input.fitted, 'utf8')) as FittedFeatures;
  const loaded = await loadRows(
    input,
    fitted.inputs.map(({ column }) => column),
    context
  );
  const labels = labelsOf(loaded);
  const features = await makeFeatures(await readFile(input.graph), fitted, loaded.table, context);
  const { network, resume } = input;
  const trained = await trainNetwork({ features, tables: embeddingTables(fitted), labels, network }, context, {
    resume,
  });
  const run = {
    parameters: { ...network, epochsRun: trained.epochs.length, trainableNumbers: trained.parameters.length },
    rows: loaded.table.rows,
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
function labelsOf({ table, labels = new Float32Array(table.rows).fill(Number.NaN), keys }: LoadedRows): Float32Array {
  positiveRate(labels, (row) => ({ file: keys.files[keys.fileIndex[row]!], row: keys.row[row] }));
  return labels;
}
