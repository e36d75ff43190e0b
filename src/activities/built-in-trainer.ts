/** Training by a learner of ours: a job of its own in a compute child, which goes on from the step's newest checkpoint. */
import { log } from '@temporalio/activity';
import type { BuiltInModel } from '../domain/definition';
import { errorCodeOf } from '../domain/errors';
import { partOf, type RowFilter } from '../domain/split';
import { kindOf, type ModelKind } from '../domain/study/models';
import type { TrainingInput, TrainingOutput } from '../engines/train/training-job';
import { crashPoint } from '../runtime/crash-points';
import type { Stores } from '../stores/connect';
import type { ActivityDeps, JobName } from './deps';
import { localCopies } from './step/artifact-cache';
import { checkpointSaver, newestCheckpoint, usableCopy } from './step/checkpoints';
import { numericEnvironment, type Running, runWithHeartbeat, stepFiles } from './step/compute-job';
import { artifactNamed, labelledRequest } from './step/inputs';
import type { Attempt, StepOutcome } from './step/step';
import { rowsOf, type Train } from './training';

/** A learner's job reads its spec under the learner's name. */
type JobInput = TrainingInput & BuiltInModel & Pick<Train, 'epochs'>;
type Learner = Exclude<ModelKind, 'trainer'>;

const learnerOf = (model: BuiltInModel) => kindOf(model) as Learner;

const LEARNERS: Readonly<Record<Learner, { readonly job: JobName; readonly validates: boolean }>> = {
  network: { job: 'train', validates: true },
  trees: { job: 'trainTrees', validates: true },
  linear: { job: 'trainLinear', validates: false },
};

export function jobOf(model: BuiltInModel): JobName {
  return LEARNERS[learnerOf(model)].job;
}

export async function trainBuiltIn(
  deps: ActivityDeps,
  { key, stores, folder }: Attempt,
  train: Train,
  model: BuiltInModel
): Promise<StepOutcome<'run'>> {
  const [data, labels, features] = await Promise.all([
    stores.facts.get(train.snapshot),
    stores.facts.get(train.labelSet),
    stores.facts.get(train.features),
  ]);
  const [fitted, graph] = (await localCopies(deps, stores, [
    artifactNamed(features, 'fitted'),
    artifactNamed(features, 'graph'),
  ])) as [string, string];
  const resume = (await newestCheckpoint(deps, stores, key)) ?? (await stateOf(deps, stores, train.from));
  const hardware = JSON.stringify(numericEnvironment());
  const checkpoints = checkpointSaver(stores, { key, folder, hardware, maxBytes: deps.limits.checkpointBytes });
  const labelled = async (where: RowFilter | undefined) =>
    where && (await labelledRequest(deps, stores, data, labels, where));
  const learner = learnerOf(model);
  const input: JobInput = {
    ...(await labelled(rowsOf(train, 'train')))!,
    ...model,
    validation: LEARNERS[learner].validates ? await labelled(rowsOf(train, 'validation')) : undefined,
    // The split's, of a fold too: its own validation rows judge it.
    calibrationRows: await labelled(partOf(train.split, 'validation')),
    epochs: train.epochs,
    checkpointEveryMs: deps.limits.checkpointEvery,
    ...{ minRows: train.minTrainRows, task: train.task, fitted, graph },
  };
  const running: Running = {
    folder,
    onProgress: ({ note }) => /^(epoch|round|step)/.test(note) && crashPoint('train:mid-epoch'),
    onCheckpoint: (file, step) => checkpoints.save(file, step),
  };
  const jobFrom = (from: JobInput) => runWithHeartbeat<JobInput, TrainingOutput>(deps, jobOf(model), from, running);
  const output = await (resume === undefined
    ? jobFrom(input)
    : jobFrom({ ...input, resume }).catch((error: unknown) => {
        if (errorCodeOf(error) !== 'MLOPS_CHECKPOINT_INVALID') throw error;
        log.warn('the checkpoint is of no use: training begins anew', { step: key, why: String(error) });
        return jobFrom(input);
      }));
  await checkpoints.settled();
  return {
    files: stepFiles(folder, output.files),
    body: (artifacts) => ({
      trainer: learner,
      parameters: output.parameters,
      split: train.split,
      ...(train.fold === undefined ? {} : { fold: train.fold }),
      rows: output.rows,
      unlabelled: output.unlabelled,
      epochs: output.epochs,
      model: artifactIn(artifacts, 'model').digest,
      baseline: output.baseline,
      tolerance: [],
      numerics: output.numerics,
    }),
  };
}

/** Where a shorter run of the same model ended; undefined where its bytes are gone or damaged. */
async function stateOf(deps: ActivityDeps, stores: Stores, from: Train['from']): Promise<string | undefined> {
  if (from === undefined) return undefined;
  return usableCopy(deps, stores, artifactNamed(await stores.facts.get(from), 'state'), { run: from.id });
}

function artifactIn<T>(artifacts: ReadonlyMap<string, T>, name: string): T {
  const artifact = artifacts.get(name);
  if (artifact === undefined) throw new Error(`the job wrote no ${name}`);
  return artifact;
}
