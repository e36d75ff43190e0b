/** Training: fit the feature graph, train (resuming from the newest checkpoint), register the version. */
import { readFile } from 'node:fs/promises';
import { type FeatureDefinition, type ModelDefinition, type ModelSpec, needsLabels } from '../domain/definition';
import { modelInputs } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import { lifecycleId, phaseId } from '../domain/ids';
import type { Ref } from '../domain/refs';
import { filterWords, type RowFilter, splitAt } from '../domain/split';
import { studyFold } from '../domain/study/folds';
import { kindOf, type Missing, missingOf } from '../domain/study/models';
import { targetOf, taskOf } from '../domain/task';
import type { FitJobInput, FitJobOutput } from '../engines/features/fit-job';
import { refOf } from '../stores/facts';
import { jobOf, trainBuiltIn } from './built-in-trainer';
import { numericEnvironment, runWithHeartbeat, stepFiles } from './step/compute-job';
import { requireChild } from './history';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { localCopies } from './step/artifact-cache';
import { shardsOf, labelledShards, loadRequest } from './step/inputs';
import { trainRegistered } from './registered/trainer';
import { codeVersion, registered } from './registered/user-code';
import { type RegisterVersion, registerVersion } from './register-version';
import { forgetCheckpoint } from './step/checkpoints';
import { runStep, type Step, stepKey } from './step/step';
import { stepVersion } from './step/step-version';
import { rowsOf, type Train } from './training';

export interface FitFeatures {
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  /** Read where a feature needs it: a target mean. */
  readonly labelSet: Ref<'labelSet'>;
  readonly asOf: string;
  /** Default: as the definition's model takes it. */
  readonly missing?: Missing;
  /** Of the definition's study, from 0. Default: all training rows. */
  readonly fold?: number;
  /** Of a model that reads columns, as an imported one does: only dependencies are learned. Default: as the definition declares them. */
  readonly features?: 'none';
}

export interface TrainOn {
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly asOf: string;
}

/** What of a step's parameters a record shows to whoever makes it again. */
export interface FitParams {
  readonly features: readonly FeatureDefinition[];
  readonly missing?: Missing;
}
export interface TrainParams {
  readonly model: ModelSpec;
}

export function trainActivities(deps: ActivityDeps) {
  return {
    async mlopsFitFeatures(fit: FitFeatures): Promise<Ref<'featureSet'>> {
      const { request, run } = await fitStep(deps, fit);
      return runStep(deps, request, run);
    },

    async mlopsTrain(on: TrainOn): Promise<Ref<'run'>> {
      const { request, run } = await trainStep(deps, on);
      const trained = await runStep(deps, request, run);
      await forgetCheckpoint(await deps.stores(), stepKey(request));
      return trained;
    },

    /** For the cycle's own training: in a workflow that the project's lifecycle started under the phase's id. */
    async mlopsRegisterVersion(register: RegisterVersion): Promise<{ version: Ref<'version'>; number: number }> {
      const { project, cycle } = register;
      await requireChild(phaseId(project, cycle, 'train'), lifecycleId(project));
      const stores = await deps.stores();
      const version = await registerVersion(stores, register, async (artifact) => {
        const [path] = await localCopies(deps, stores, [artifact]);
        return readFile(path as string);
      });
      return { version: refOf(version), number: version.body.number };
    },
  };
}

/** Reads the training rows only: statistics of later rows would leak. */
export async function fitStep(
  deps: ActivityDeps,
  { definition, snapshot, labelSet, asOf, ...given }: FitFeatures
): Promise<Step<'featureSet'>> {
  const defined = await definitionOf(await deps.stores(), definition);
  const { model, schema } = defined;
  const features = given.features === 'none' ? [] : defined.features;
  const { dependencies } = schema;
  const { minTrainRows } = defined.split;
  const split = splitAt(defined, asOf);
  const labelled = needsLabels(features);
  const fold = given.fold === undefined ? {} : { fold: studyFold(defined, asOf, given.fold) };
  const rows = rowsOf({ split, ...fold }, 'train');
  const taken = features.length === 0 ? 'replaced' : (given.missing ?? missingOf(kindOf(ownModel(model))));
  const missing = taken === 'kept' ? { missing: taken } : {};
  const request = {
    kind: 'featureSet',
    name: 'fit',
    version: stepVersion('fit'),
    params: { split, features, dependencies, minTrainRows, ...missing, ...fold },
    inputs: labelled ? [snapshot, labelSet] : [snapshot],
    environment: numericEnvironment(),
  } as const;
  const run: Step<'featureSet'>['run'] = async ({ stores, folder }) => {
    const data = await stores.facts.get(snapshot);
    const shards = labelled
      ? await labelledShards(deps, stores, data, await stores.facts.get(labelSet))
      : await shardsOf(deps, stores, data);
    const input: FitJobInput = {
      ...loadRequest(data.body, shards, rows),
      split,
      features,
      dependencies,
      ...missing,
    };
    const output = await runWithHeartbeat<FitJobInput, FitJobOutput>(deps, 'fit', input, { folder });
    if (output.rows < minTrainRows) throw tooFew(output.rows, minTrainRows, rows);
    return {
      files: stepFiles(folder, output.files),
      body: () => ({
        split,
        ...fold,
        parts: output.parts,
        trainRows: output.rows,
        denseWidth: output.denseWidth,
        embeddings: output.embeddings,
      }),
    };
  };
  return { request, run };
}

/** What a study chose to train. */
export interface Chosen extends Pick<Train, 'epochs' | 'from'> {
  readonly model: ModelSpec;
  /** Of the definition's study, from 0. Default: all training rows. */
  readonly fold?: number | undefined;
}

/** @param chosen by a study; default: the whole of the definition's model */
export async function trainStep(
  deps: ActivityDeps,
  { definition, asOf, snapshot, labelSet, features }: TrainOn,
  chosen?: Chosen
): Promise<Step<'run'>> {
  const on = { snapshot, labelSet, features };
  const defined = await definitionOf(await deps.stores(), definition);
  const { model, from, fold: number, ...budget }: Chosen = chosen ?? { model: ownModel(defined.model) };
  const split = splitAt(defined, asOf);
  const { minTrainRows } = defined.split;
  const fold = number === undefined ? {} : { fold: studyFold(defined, asOf, number) };
  const task = targetOf(taskOf(defined.objective));
  const train: Train = {
    ...on,
    split,
    model,
    task,
    minTrainRows,
    ...fold,
    ...budget,
    from,
    inputs: modelInputs(defined),
  };
  const code = 'trainer' in model ? await registered(deps, 'trainer', model.trainer.registered) : undefined;
  const request = {
    kind: 'run',
    name: 'train',
    version: 'trainer' in model ? codeVersion(code!) : stepVersion(jobOf(model)),
    params: { split, model, task, minTrainRows, ...fold, ...budget },
    inputs: [snapshot, labelSet, features],
    environment: numericEnvironment(),
  } as const;
  const run: Step<'run'>['run'] = (attempt) =>
    'trainer' in model
      ? trainRegistered(deps, attempt, train, model.trainer)
      : trainBuiltIn(deps, attempt, train, model);
  return { request, run };
}

/** @throws MlopsError MLOPS_DEFINITION_INVALID: the model is a study, whose trials each train another one */
function ownModel(model: ModelDefinition): ModelSpec {
  if (!('study' in model)) return model;
  const what = 'The model is a study: the definition names no single model.';
  throw new MlopsError('MLOPS_DEFINITION_INVALID', what, {}, 'Train it by the workflow study.');
}

function tooFew(rows: number, needed: number, where: RowFilter): MlopsError {
  return new MlopsError(
    'MLOPS_TOO_FEW_ROWS',
    'There are too few training rows.',
    { rows, needed, of: filterWords(where), knownBy: where.knownBy },
    'Wait for more data, or lower split.minTrainRows.'
  );
}
