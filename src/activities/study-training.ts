/**
 * How a trial is trained and judged: as a whole, rung after rung, or fold after fold. Each training is a step of its own, found where it was
 * made before, for whichever trial, study or project: a trial that was cut off trains nothing again that had ended.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ModelSpec, ProjectDefinition, StudySpec } from '../domain/definition';
import { errorCodeOf, MlopsError } from '../domain/errors';
import type { Digest, Ref } from '../domain/refs';
import { partOf, type RowFilter, splitAt } from '../domain/split';
import { studyFolds } from '../domain/study/folds';
import { kindOf, missingOf } from '../domain/study/models';
import { goesOn, type Rung, rungsOf } from '../domain/study/rungs';
import type { TrialBody, TrialFold, WinnerBody } from '../domain/study/study-records';
import { isOwnFailure, type TrialFailure, type TrialOutcome } from '../domain/study/trial';
import type { ValidateJobInput, ValidateJobOutput } from '../engines/study/validate-job';
import { crashPoint } from '../runtime/crash-points';
import type { ActivityDeps } from './deps';
import { localCopies } from './step/artifact-cache';
import { inAttemptFolder } from './step/attempt-folder';
import { forgetCheckpoint } from './step/checkpoints';
import { runWithHeartbeat } from './step/compute-job';
import { artifactNamed, labelledRequest } from './step/inputs';
import { runStep, stepKey } from './step/step';
import type { Study } from './study-records';
import { type Chosen, fitStep, trainStep } from './train';

export interface TrialTraining {
  readonly defined: ProjectDefinition;
  readonly spec: StudySpec;
  readonly model: ModelSpec;
  /** The trials that this one is compared with at its rungs. */
  readonly seen: readonly TrialBody[];
}

type Judged = Pick<TrialBody, 'rows' | 'run' | 'stopped'> & TrialOutcome;
type Trained = Judged & Pick<TrialBody, 'features' | 'folds' | 'rungs' | 'rungRuns'>;

export async function trainTrial(deps: ActivityDeps, study: Study, training: TrialTraining): Promise<Trained> {
  const trainer = new Trainer(deps, study);
  const ended = training.spec.folds === undefined ? await byRungs(trainer, training) : await byFolds(trainer, training);
  // Not where it goes on at another attempt.
  await trainer.forget();
  return ended;
}

/** On all training rows. */
export async function trainWhole(
  deps: ActivityDeps,
  study: Study,
  model: ModelSpec
): Promise<Pick<WinnerBody, 'features' | 'run'>> {
  const trainer = new Trainer(deps, study);
  const features = await trainer.fit(model);
  const run = await trainer.train(features, { model });
  await trainer.forget();
  return { features, run };
}

async function byRungs(trainer: Trainer, { defined, spec, model, seen }: TrialTraining): Promise<Trained> {
  const features = await trainer.fit(model);
  const rungs: Rung[] = [];
  const rungRuns: Ref<'run'>[] = [];
  /** Up to so many epochs, from where the rung before ended. */
  const judged = async (epochs?: number) => {
    const budget = { model, from: rungRuns.at(-1), ...(epochs === undefined ? {} : { epochs }) };
    const run = await trainer.train(features, budget);
    return { ...(await trainer.validate(defined, run, validationRows(defined, trainer.study))), run };
  };
  const ended = await outcomeOf<Judged>(async () => {
    for (const epochs of rungsOf(spec.rungs, model)) {
      const { run, ...at } = await judged(epochs);
      const rung = { epochs, loss: at.loss };
      rungs.push(rung);
      rungRuns.push(run);
      crashPoint('trial:rung-judged');
      if (!goesOn(rung, seen, spec.rungs!.eta)) return { ...at, run, stopped: true };
    }
    return judged();
  });
  return { ...ended, features, ...(rungs.length === 0 ? {} : { rungs, rungRuns }) };
}

/** The mean of the folds' losses, each fold of the same weight. */
async function byFolds(trainer: Trainer, { defined, model }: TrialTraining): Promise<Trained> {
  const folds: TrialFold[] = [];
  const ended = await outcomeOf<Judged>(async () => {
    for (const [fold, { validation }] of studyFolds(defined, trainer.study.asOf).entries()) {
      const features = await trainer.fit(model, fold);
      const run = await trainer.train(features, { model, fold });
      folds.push({ ...(await trainer.validate(defined, run, validation)), features, run });
      crashPoint('trial:fold-judged');
    }
    const loss = folds.reduce((sum, fold) => sum + fold.loss, 0) / folds.length;
    return { loss, rows: folds.reduce((sum, { rows }) => sum + rows, 0) };
  });
  return { ...ended, ...(folds.length === 0 ? {} : { folds }) };
}

class Trainer {
  readonly #deps: ActivityDeps;
  readonly study: Study;
  readonly #keys: Digest[] = [];

  constructor(deps: ActivityDeps, study: Study) {
    this.#deps = deps;
    this.study = study;
  }

  async fit(model: ModelSpec, fold?: number): Promise<Ref<'featureSet'>> {
    const of = { missing: missingOf(kindOf(model)), ...(fold === undefined ? {} : { fold }) };
    const { request, run } = await fitStep(this.#deps, { ...dataOf(this.study), ...of });
    return runStep(this.#deps, request, run);
  }

  async train(features: Ref<'featureSet'>, chosen: Chosen): Promise<Ref<'run'>> {
    const { request, run } = await trainStep(this.#deps, { ...dataOf(this.study), features }, chosen);
    this.#keys.push(stepKey(request));
    return runStep(this.#deps, request, run);
  }

  /** Its loss on the rows that the filter takes. */
  async validate(
    { objective, split, model }: ProjectDefinition,
    run: Ref<'run'>,
    where: RowFilter
  ): Promise<{ readonly loss: number; readonly rows: number }> {
    const deps = this.#deps;
    const { snapshot, labelSet } = this.study;
    const stores = await deps.stores();
    const [data, labels, made] = await Promise.all([
      stores.facts.get(snapshot),
      stores.facts.get(labelSet),
      stores.facts.get(run),
    ]);
    const [file] = (await localCopies(deps, stores, [artifactNamed(made, 'model')])) as [string];
    const rows = await labelledRequest(deps, stores, data, labels, where);
    // The loss of a trial is of as many rows at least, whether in one part or in folds.
    const parts = 'study' in model ? (model.study.folds ?? 1) : 1;
    const minRows = Math.ceil(split.minTestRows / parts);
    const input: ValidateJobInput = { ...rows, model: file, objective, minRows };
    const judged = await inAttemptFolder(deps.workFolder, run.digest.slice(7, 19), (folder) =>
      runWithHeartbeat<ValidateJobInput, ValidateJobOutput>(deps, 'validate', input, { folder })
    );
    if (judged.loss === undefined) throw undefinedLoss();
    return { loss: judged.loss, rows: judged.rows };
  }

  /** Checkpoints of what has ended. */
  async forget(): Promise<void> {
    const stores = await this.#deps.stores();
    for (const key of this.#keys) await forgetCheckpoint(stores, key);
  }
}

const dataOf = ({ definition, snapshot, labelSet, asOf }: Study) => ({ definition, snapshot, labelSet, asOf });

async function outcomeOf<T extends TrialOutcome>(
  judge: () => Promise<T>
): Promise<T | { readonly failure: TrialFailure }> {
  try {
    return await judge();
  } catch (error) {
    const failure = ownFailure(error);
    if (failure === undefined) throw error;
    return { failure };
  }
}

/** Undefined where the trial is tried again, or where every trial would fail like this. */
function ownFailure(error: unknown): TrialFailure | undefined {
  const givenUp = error instanceof ApplicationFailure && error.nonRetryable === true;
  const code = givenUp ? error.type : errorCodeOf(error);
  if (!isOwnFailure(code, givenUp)) return undefined;
  return { code, reason: (error as Error).message.slice(0, LONGEST_REASON) };
}

const LONGEST_REASON = 2_000;

/** The check of definitions refuses a study without. */
function validationRows(defined: ProjectDefinition, { asOf }: Study): RowFilter {
  const where = partOf(splitAt(defined, asOf), 'validation');
  if (where !== undefined) return where;
  const what = 'The split sets no validation rows aside, and a study compares its trials by them.';
  throw new MlopsError(
    'MLOPS_DEFINITION_INVALID',
    what,
    { project: defined.name },
    'Give the split a validation part, or the study folds.'
  );
}

function undefinedLoss(): MlopsError {
  const what = 'The loss is undefined on the validation rows.';
  return new MlopsError('MLOPS_MODEL_INVALID', what, {}, 'Look at the validation rows’ labels.');
}
