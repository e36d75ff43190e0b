/** A cycle's study by its records: its id, its trials, and the best of them, whoever ran them. */
import type { ModelSpec, ProjectDefinition, StudySpec } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { type Cycle, cycleRecordId, studyId } from '../domain/ids';
import type { Fact } from '../domain/records';
import type { WinnerBody } from '../domain/study/study-records';
import type { Ref } from '../domain/refs';
import { bestOf } from '../domain/study/trial';
import { digestOf } from '../runtime/digest';
import type { Stores } from '../stores/connect';
import { findCycle } from '../stores/cycles';
import { factDigest } from '../stores/fact-digest';
import { refOf } from '../stores/facts';
import { trialsUpTo } from '../stores/trials';
import { notAuthorized } from './caller';

/** A cycle's study. It has no test part: neither a trial nor the winner depends on a test row. */
export interface Study {
  readonly project: string;
  readonly cycle: Cycle;
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly asOf: string;
  /** Of the phase: a phase that is retried tries failed trials again, and reuses what was trained. */
  readonly attempt: string;
}

/** By all that a trial reads, but for the release that ran it: a cycle's study goes on where workers were upgraded. */
export function studyIdOf({ project, cycle, definition, snapshot, labelSet, asOf, attempt }: Study): string {
  const read = [definition, snapshot, labelSet].map(({ kind, digest }) => [kind, digest]);
  return studyId(project, cycle, digestOf({ read, asOf, attempt }));
}

/** How a study ended: trials 1 to `trials` were run, and why no more. */
export type Ended = Pick<WinnerBody, 'trials' | 'ended'>;

/** The best trial's model, trained on all training rows. */
export type TrainWhole = (model: ModelSpec) => Promise<Pick<WinnerBody, 'features' | 'run'>>;

/**
 * The best of these trials, by the records alone; written once: what a study chose stays so.
 * @param whole where trials were judged over folds: then no run of a trial has all training rows
 * @throws MlopsError MLOPS_STUDY_FAILED: all trials failed; MLOPS_RECORD_MISSING: not all have ended
 */
export async function decideStudy(
  stores: Stores,
  study: Study,
  { trials, ended }: Ended,
  whole: TrainWhole
): Promise<Fact<'winner'>> {
  const _id = studyIdOf(study);
  const there = await stores.facts.find('winner', _id);
  if (there !== null) return there;
  const run = await endedUpTo(stores, _id, trials);
  const best = bestOf(
    run.map(({ body }) => body),
    _id
  );
  const { number, loss } = best;
  const { features, run: chosen } =
    best.features === undefined || best.run === undefined
      ? await whole(best.model)
      : { features: best.features, run: best.run };
  const { project, cycle } = study;
  const body: WinnerBody = { project, cycle, trials, ended, number, loss, features, run: chosen };
  const digest = factDigest('winner', { body, artifacts: [] });
  const of = run.find((trial) => trial.body.number === number)!;
  const inputs = [refOf(of), features, chosen];
  const fact = { _id, kind: 'winner' as const, digest, inputs, artifacts: [], body };
  return (await stores.facts.commit<'winner'>(fact, { startedAt: Date.now() })).fact;
}

/** @throws MlopsError MLOPS_RECORD_MISSING: it has not ended */
export async function winnerOf(stores: Stores, study: Study): Promise<WinnerBody> {
  const _id = studyIdOf(study);
  const decided = await stores.facts.find('winner', _id);
  if (decided !== null) return decided.body;
  const what = 'The study has not ended: no record says which of its trials is the best.';
  throw new MlopsError(
    'MLOPS_RECORD_MISSING',
    what,
    { study: _id },
    'mlops retry begins it again, and finds what was trained.'
  );
}

/** @throws MlopsError MLOPS_NOT_AUTHORIZED: no open cycle of the project is what the study says it is of */
export async function requireOpenCycle(stores: Stores, { project, cycle, definition, asOf }: Study): Promise<void> {
  const _id = cycleRecordId(project, cycle);
  const opened = await findCycle(stores, _id);
  if (
    opened === null ||
    opened.state === 'finished' ||
    opened.definition.digest !== definition.digest ||
    opened.asOf !== asOf
  )
    throw notAuthorized('No open cycle of this number goes by this definition.', { cycle: _id });
}

export function specOf({ name, model }: ProjectDefinition): StudySpec {
  if ('study' in model) return model.study;
  const what = 'The definition’s model is not a study.';
  throw new MlopsError('MLOPS_DEFINITION_INVALID', what, { project: name }, 'Train it by mlopsTrain.');
}

/** Trials 1 to `last`. @throws MlopsError MLOPS_RECORD_MISSING: one of them has not ended */
export async function endedUpTo(stores: Stores, id: string, last: number): Promise<Fact<'trial'>[]> {
  const trials = await trialsUpTo(stores, id, last);
  if (trials.length === last) return trials;
  const known = new Set(trials.map(({ body }) => body.number));
  const missing = Array.from({ length: last }, (_, at) => at + 1).find((number) => !known.has(number));
  throw new MlopsError(
    'MLOPS_RECORD_MISSING',
    'A trial of the study that is needed here is not on record.',
    { study: id, trial: missing },
    'Was MongoDB restored to an earlier day? mlops retry begins the study again, and finds what was trained.'
  );
}
