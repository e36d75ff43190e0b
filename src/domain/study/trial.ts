/** A study's trials: which model each is of, which failures are a trial's own, and which trial is best. Pure. */
import type { ModelSpec, StudySpec } from '../definition';
import { ERRORS, type ErrorCode, MlopsError } from '../errors';
import type { Rung } from './rungs';
import { type Choices, designed } from './space';

/** Of one study, as declared and as extended. */
export const MOST_TRIALS = 10_000;

/** What a trial chose in one space, by its path in the design: a number, of a `oneOf` the place of its option. */
export interface Choice {
  readonly space: string;
  readonly value: number;
}

export type TrialOutcome =
  | { readonly loss: number; readonly failure?: undefined }
  | { readonly loss?: undefined; readonly failure: TrialFailure };

export interface TrialFailure {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** As it is recorded. */
export type Trial = {
  readonly number: number;
  readonly choices: readonly Choice[];
  /** What it came to on its way; in a study with rungs. */
  readonly rungs?: readonly Rung[];
  /** It ended at its last rung, and its loss is of there: others were better. */
  readonly stopped?: true;
} & TrialOutcome;

export const choicesOf = (listed: readonly Choice[]): Choices =>
  Object.fromEntries(listed.map(({ space, value }) => [space, value]));

export const listedChoices = (choices: Choices): readonly Choice[] =>
  Object.entries(choices).map(([space, value]) => ({ space, value }));

/** The model that these choices make; checked with the definition, whatever is chosen. */
export function modelOf({ of }: Pick<StudySpec, 'of'>, choices: Choices): ModelSpec {
  return designed(of, (path) => choices[path]!).design as ModelSpec;
}

/** What another choice may avoid. Any other failure would meet each trial, and ends the study. */
const OWN_FAILURES: readonly ErrorCode[] = [
  'MLOPS_TRAINING_DIVERGED',
  'MLOPS_OUT_OF_MEMORY',
  'MLOPS_TIME_LIMIT',
  'MLOPS_MODEL_INVALID',
  'MLOPS_USER_CODE_FAILED',
  'MLOPS_COMPUTE_CRASHED',
  'MLOPS_COMPUTE_SILENT',
];

/** @param givenUp it is not tried again */
export function isOwnFailure(code: string | null | undefined, givenUp: boolean): code is ErrorCode {
  const own = OWN_FAILURES.find((one) => one === code);
  return own !== undefined && (givenUp || ERRORS[own] !== 'retry');
}

/**
 * The trial with the least loss among those that came to their end; the earlier one where losses are equal.
 * @throws MlopsError MLOPS_STUDY_FAILED: no trial came to its end
 */
export function bestOf<T extends Trial>(trials: readonly T[], study: string): T & { readonly loss: number } {
  const judged = trials.filter(
    (trial): trial is T & { readonly loss: number } => trial.loss !== undefined && trial.stopped !== true
  );
  const [first, ...others] = judged;
  if (first === undefined) throw allFailed(trials, study);
  return others.reduce(
    (best, trial) =>
      trial.loss < best.loss || (trial.loss === best.loss && trial.number < best.number) ? trial : best,
    first
  );
}

function allFailed(trials: readonly Trial[], study: string): MlopsError {
  const failures = trials.flatMap(({ failure }) => failure ?? []);
  const codes = [...new Set(failures.map(({ code }) => code))];
  const counted = codes.map((code) => `${code}: ${failures.filter((one) => one.code === code).length}`);
  return new MlopsError(
    'MLOPS_STUDY_FAILED',
    `All trials of the study failed. The last one: ${failures.at(-1)?.reason ?? 'none was run'}`,
    { study, trials: trials.length, failures: counted.join(', ') },
    'Change the spaces of model.study.of so that they hold models that can be trained, such as with smaller learning rates or sizes, and apply the definition; or fix what the failures name, then retry.'
  );
}
