/** Training: fit the feature graph, train (resuming from the newest checkpoint), register the version. */
import { log } from '@temporalio/activity';
import { crashPoint } from '../runtime/crash-points';
import { type ModelDefinition, needsLabels } from '../domain/definition';
import { modelInputs } from '../domain/endpoint';
import { errorCodeOf, MlopsError } from '../domain/errors';
import { lifecycleId, phaseId } from '../domain/ids';
import type { Ref } from '../domain/refs';
import { filterWords, partOf, type Split, splitAt } from '../domain/split';
import type { FitJobInput, FitJobOutput } from '../engines/features/fit-job';
import { refOf } from '../stores/facts';
import type { TrainJobInput, TrainJobOutput } from '../engines/train/train-job';
import { localCopies } from './step/artifact-cache';
import { numericEnvironment, type Running, runWithHeartbeat, stepFiles } from './step/compute-job';
import { requireChild } from './history';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { artifactNamed, shardsOf, labelledShards, loadRequest } from './step/inputs';
import { trainRegistered } from './registered/trainer';
import { codeVersion, registered } from './registered/user-code';
import { type RegisterVersion, registerVersion } from './register-version';
import { checkpointSaver, forgetCheckpoint, newestCheckpoint } from './step/checkpoints';
import { type Attempt, runStep, stepKey, type StepOutcome } from './step/step';
import { stepVersion } from './step/step-version';
import type { Train } from './training';

export interface FitFeatures {
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  /** Read where a feature needs it: a target mean. */
  readonly labelSet: Ref<'labelSet'>;
  readonly asOf: string;
}

export interface TrainOn {
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly asOf: string;
}

export function trainActivities(deps: ActivityDeps) {
  return {
    /** Reads the training rows only: statistics of later rows would leak. */
    async mlopsFitFeatures({ definition, snapshot, labelSet, asOf }: FitFeatures): Promise<Ref<'featureSet'>> {
      const defined = await definitionOf(await deps.stores(), definition);
      const { features, schema } = defined;
      const { dependencies } = schema;
      const { minTrainRows } = defined.split;
      const split = splitAt(defined, asOf);
      const labelled = needsLabels(features);
      const request = {
        kind: 'featureSet',
        name: 'fit',
        version: stepVersion('fit'),
        params: { split, features, dependencies, minTrainRows },
        inputs: labelled ? [snapshot, labelSet] : [snapshot],
        environment: numericEnvironment(),
      } as const;
      return runStep(deps, request, async ({ stores, folder }) => {
        const data = await stores.facts.get(snapshot);
        const shards = labelled
          ? await labelledShards(deps, stores, data, await stores.facts.get(labelSet))
          : await shardsOf(deps, stores, data);
        const input: FitJobInput = {
          ...loadRequest(data.body, shards, partOf(split, 'train')),
          split,
          features,
          dependencies,
        };
        const output = await runWithHeartbeat<FitJobInput, FitJobOutput>(deps, 'fit', input, { folder });
        if (output.rows < minTrainRows) throw tooFew(output.rows, minTrainRows, split);
        return {
          files: stepFiles(folder, output.files),
          body: () => ({
            split,
            parts: output.parts,
            trainRows: output.rows,
            denseWidth: output.denseWidth,
            embeddings: output.embeddings,
          }),
        };
      });
    },

    async mlopsTrain({ definition, asOf, ...on }: TrainOn): Promise<Ref<'run'>> {
      const { snapshot, labelSet, features } = on;
      const defined = await definitionOf(await deps.stores(), definition);
      const { model } = defined;
      const split = splitAt(defined, asOf);
      const { minTrainRows } = defined.split;
      const train: Train = { ...on, split, model, minTrainRows, inputs: modelInputs(defined) };
      const code = 'trainer' in model ? await registered(deps, 'trainer', model.trainer.registered) : undefined;
      const request = {
        kind: 'run',
        name: 'train',
        version: code === undefined ? stepVersion('train') : codeVersion(code),
        params: { split, model, minTrainRows },
        inputs: [snapshot, labelSet, features],
        environment: numericEnvironment(),
      } as const;
      const run = await runStep(deps, request, (attempt) =>
        'trainer' in model
          ? trainRegistered(deps, attempt, train, model.trainer)
          : trainNetwork(deps, attempt, train, model)
      );
      if (code === undefined) await forgetCheckpoint(await deps.stores(), stepKey(request));
      return run;
    },

    /** For the cycle's own training: in a workflow that the project's lifecycle started under the phase's id. */
    async mlopsRegisterVersion(register: RegisterVersion): Promise<{ version: Ref<'version'>; number: number }> {
      const { project, cycle } = register;
      await requireChild(phaseId(project, cycle, 'train'), lifecycleId(project));
      const version = await registerVersion(await deps.stores(), register);
      return { version: refOf(version), number: version.body.number };
    },
  };
}

async function trainNetwork(
  deps: ActivityDeps,
  { key, stores, folder }: Attempt,
  train: Train,
  model: Extract<ModelDefinition, { readonly network: unknown }>
): Promise<StepOutcome<'run'>> {
  const [data, labels, features] = await Promise.all([
    stores.facts.get(train.snapshot),
    stores.facts.get(train.labelSet),
    stores.facts.get(train.features),
  ]);
  const shards = await labelledShards(deps, stores, data, labels);
  const [fitted, graph] = await localCopies(deps, stores, [
    artifactNamed(features, 'fitted'),
    artifactNamed(features, 'graph'),
  ]);
  const resume = await newestCheckpoint(deps, stores, key);
  const hardware = JSON.stringify(numericEnvironment());
  const checkpoints = checkpointSaver(stores, { key, folder, hardware, maxBytes: deps.limits.checkpointBytes });
  const input: TrainJobInput = {
    ...loadRequest(data.body, shards, partOf(train.split, 'train')),
    minRows: train.minTrainRows,
    network: model.network,
    fitted: fitted as string,
    graph: graph as string,
  };
  const running: Running = {
    folder,
    onProgress: ({ note }) => note.startsWith('epoch') && crashPoint('train:mid-epoch'),
    onCheckpoint: (file, step) => checkpoints.save(file, step),
  };
  const jobFrom = (from: TrainJobInput) =>
    runWithHeartbeat<TrainJobInput, TrainJobOutput>(deps, 'train', from, running);
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
      trainer: 'network',
      parameters: output.parameters,
      split: train.split,
      rows: output.rows,
      unlabelled: output.unlabelled,
      epochs: output.epochs,
      model: artifactIn(artifacts, 'model').digest,
      trainRate: output.trainRate,
      tolerance: [],
      numerics: output.numerics,
    }),
  };
}

function artifactIn<T>(artifacts: ReadonlyMap<string, T>, name: string): T {
  const artifact = artifacts.get(name);
  if (artifact === undefined) throw new Error(`the job wrote no ${name}`);
  return artifact;
}

function tooFew(rows: number, needed: number, split: Split): MlopsError {
  return new MlopsError(
    'MLOPS_TOO_FEW_ROWS',
    'There are too few training rows.',
    { rows, needed, of: filterWords(partOf(split, 'train')), knownBy: split.knownBy },
    'Wait for more data, or lower split.minTrainRows.'
  );
}
