/** Which model answers a request, and which failure is whose: the champion and, during a rollout, the candidate beside it. */
import type { Answers, PredictionRecord } from '../domain/endpoint';
import { errorCodeOf, MlopsError } from '../domain/errors';
import { type RecordedScore, recordedScores, type Scores } from '../domain/scores';
import { type Decision, decisionsOf } from '../domain/task';
import type { Joined } from './join-views';
import type { LoadedModel } from './loaded-model';

/** What may answer. */
export interface Models {
  readonly champion: LoadedModel;
  readonly candidate?: { readonly model: LoadedModel; readonly share: number; readonly shadow: boolean };
}

export interface Scored {
  readonly version: number;
  readonly route: PredictionRecord['route'];
  /** [rows] */
  readonly scores: readonly RecordedScore[];
  /** [rows], where the task has decisions. */
  readonly decisions?: readonly Decision[];
  readonly controlShare?: number;
  /** The inputs that the answer is of. */
  readonly joined: Joined;
  readonly shadow?: { readonly version: number; readonly scores: readonly RecordedScore[] };
}

/** The request's inputs as a model takes them. */
export type InputsOf = (model: LoadedModel) => Promise<Joined>;

/** Takes note that a model answered or failed. */
export type Count = (model: LoadedModel, answers: Answers) => void;

/** A failure in the counts. */
const FIRST_ERROR_CHARS = 300;

/**
 * A request that one model fails on is given to the other. Failing on both is the caller's: no model is blamed. A
 * candidate that fails alone is never shown: the champion answers in its place. What a view refuses is refused, and no
 * model is blamed for it.
 */
export async function scoreRequest(
  { champion, candidate }: Models,
  route: PredictionRecord['route'],
  rows: number,
  inputsOf: InputsOf,
  count: Count
): Promise<Scored> {
  const other = candidate?.model;
  if (route === 'candidate' && other !== undefined) {
    const joined = await inputsOf(other);
    const scores = await tryModel(other, joined, rows);
    if (!(scores instanceof Error)) {
      count(other, ANSWERED);
      return decided(other, 'candidate', scores, joined);
    }
    const own = await inputsOf(champion);
    const instead = await tryModel(champion, own, rows);
    if (instead instanceof Error) throw callersFault(instead);
    count(other, failed(scores));
    count(champion, ANSWERED);
    return decided(champion, 'champion', instead, own);
  }
  const joined = await inputsOf(champion);
  const scores = await tryModel(champion, joined, rows);
  const unseen =
    other !== undefined && (candidate?.shadow === true || scores instanceof Error)
      ? await tryUnseen(other, inputsOf, rows)
      : undefined;
  if (scores instanceof Error) {
    if (unseen instanceof Error) throw callersFault(scores);
    // Alone, it can only have failed on what the request holds.
    if (unseen === undefined && errorCodeOf(scores) === 'MLOPS_REQUEST_INVALID') throw scores;
    count(champion, failed(scores));
    throw scores;
  }
  count(champion, ANSWERED);
  const answer = decided(champion, 'champion', scores, joined);
  if (other === undefined || unseen === undefined) return answer;
  count(other, unseen instanceof Error ? failed(unseen) : ANSWERED);
  return unseen instanceof Error
    ? answer
    : { ...answer, shadow: { version: other.version.number, scores: recordedScores(unseen) } };
}

async function tryModel(model: LoadedModel, { columns }: Joined, rows: number): Promise<Scores | Error> {
  try {
    return await model.score(columns, rows);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Undefined where a view refuses the request, which is not a failure of the model. */
async function tryUnseen(model: LoadedModel, inputsOf: InputsOf, rows: number): Promise<Scores | Error | undefined> {
  const joined = await inputsOf(model).catch(() => undefined);
  return joined === undefined ? undefined : tryModel(model, joined, rows);
}

const ANSWERED: Answers = { requests: 1, errors: 0 };

function failed({ message }: Error): Answers {
  return { requests: 0, errors: 1, firstError: message.slice(0, FIRST_ERROR_CHARS) };
}

function callersFault(failure: Error): Error {
  if (errorCodeOf(failure) === 'MLOPS_REQUEST_INVALID') return failure;
  const what = `No version can score this request: ${failure.message.slice(0, FIRST_ERROR_CHARS)}`;
  return new MlopsError('MLOPS_REQUEST_INVALID', what, {}, '', { cause: failure });
}

function decided({ version }: LoadedModel, route: Scored['route'], scores: Scores, joined: Joined): Scored {
  return {
    joined,
    version: version.number,
    route,
    scores: recordedScores(scores),
    ...decisionsOf(version.task, scores),
    ...(version.controlShare === undefined ? {} : { controlShare: version.controlShare }),
  };
}
