/** A trainer of the user's own: it gets the training rows and a folder, and leaves an ONNX model in it. */
import { join } from 'node:path';
import type { RegisteredUse } from '../../domain/definition';
import type { ActivityDeps } from '../deps';
import { runWithHeartbeat } from '../step/compute-job';
import { labelledRequest } from '../step/inputs';
import type { Attempt, StepOutcome } from '../step/step';
import { rowsOf, type Train } from '../training';
import type { TrainCodeInput, TrainCodeOutput } from './jobs/train';
import { usedCode } from './user-code';

export async function trainRegistered(
  deps: ActivityDeps,
  { stores, folder }: Attempt,
  train: Train,
  trainer: RegisteredUse
): Promise<StepOutcome<'run'>> {
  const use = await usedCode(deps, 'trainer', trainer);
  const [data, labels] = await Promise.all([stores.facts.get(train.snapshot), stores.facts.get(train.labelSet)]);
  const rows = await labelledRequest(deps, stores, data, labels, rowsOf(train, 'train'));
  const output = await runWithHeartbeat<TrainCodeInput, TrainCodeOutput>(
    deps,
    'trainCode',
    { use, rows, minRows: train.minTrainRows, task: train.task, inputs: train.inputs },
    { folder }
  );
  return {
    files: [{ name: 'model', path: join(folder, output.model), mediaType: 'application/octet-stream' }],
    body: (artifacts) => ({
      trainer: `${use.name} ${use.version}`,
      parameters: trainer.params,
      split: train.split,
      ...(train.fold === undefined ? {} : { fold: train.fold }),
      rows: output.rows,
      unlabelled: output.unlabelled,
      epochs: output.epochs,
      model: artifacts.get('model')!.digest,
      baseline: output.baseline,
      tolerance: output.tolerance,
      numerics: 'exact',
    }),
  };
}
