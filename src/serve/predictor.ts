/**
 * From a request to an answer that is on record: route, score, decide, write to the spool, answer. What is served is
 * replaced as a whole between two requests, so a swap drops none.
 */
import {
  type Answers,
  type PredictionRecord,
  sentInputs,
  type ServedVersion,
  type TruthRecord,
  type ViewMarks,
} from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import { predictionId } from '../domain/ids';
import { addAnswers } from '../domain/rollout';
import type { RecordedScore } from '../domain/scores';
import { type Decision, type Output, targetOf } from '../domain/task';
import { type InferRequest, parseInferRequest } from './infer-request';
import type { InputValue } from './input-values';
import { type Joined, joinViews, type ReadViews } from './join-views';
import type { ServeLimits } from './limits';
import type { LoadedModel } from './loaded-model';
import { type InputsOf, type Models, scoreRequest } from './score-request';
import { RecentAnswers } from './recent-answers';
import { RecentTruths } from './recent-truths';
import { type RequestInput, requestInputs } from './request-inputs';
import type { Spool } from './spool';
import { decodeEntry, encodeAnswered, encodeTruths, type PredictionEntry } from './spool-entry';
import { goesToCandidate, isControl } from './sticky-route';
import { parseTruths } from './truth-request';
import { uuidV7 } from './uuid-v7';

/** What is served now; made from one revision of the endpoint's document. */
export interface Serving extends Models {
  readonly revision: number;
  readonly rolloutId: string;
  /** The rollout's step; several revisions may be of one. */
  readonly step: string;
  /** Default: now. */
  readonly withoutEventTime?: 'now' | 'none';
}

export interface Answer {
  /** The request's: the client's own, or one that was made here. */
  readonly id: string;
  /** [rows]: ids of the predictions, by which their truth comes (domain/ids.ts). */
  readonly predictions: readonly string[];
  readonly version: number;
  readonly route: PredictionRecord['route'];
  /** [rows] */
  readonly scores: readonly RecordedScore[];
  /** JSON of `scores`, made once: record and response hold it, and of a thousand rows it is most of their time. */
  readonly scoresJson: string;
  /** [rows], where the task has decisions. */
  readonly decisions?: readonly Decision[];
  /** Those of `predictions` that the caller doesn't act on; absent where the version declares no control group. */
  readonly control?: readonly string[];
  /** [rows]: what feature views gave; absent where they gave nothing. */
  readonly views?: readonly ViewMarks[];
}

export interface Predicted {
  readonly answer: Answer;
  /** Those that were asked for. */
  readonly outputs: readonly Output[];
  /** Of the task `labels`: their names, in the order of the outputs. */
  readonly labels?: readonly string[];
}

export interface PredictorOptions {
  readonly replica: string;
  readonly spool: Spool;
  readonly limits: ServeLimits;
  /** The event clock, as this replica has it. Default: unknown. */
  readonly eventTime?: () => Date | undefined;
  /** Default: no value can be read. */
  readonly readViews?: ReadViews;
}

type Row = Readonly<Record<string, InputValue>>;
interface Asked {
  readonly id: string;
  readonly request: InferRequest;
  readonly eventTime: Date | undefined;
  readonly route: Answer['route'];
  readonly receivedAt: Date;
}

/** The spool is read back for repeated ids up to this. */
const RECALLED_BYTES = 64 << 20;

export class Predictor {
  readonly #replica: string;
  readonly #spool: Spool;
  readonly #limits: ServeLimits;
  readonly #recent: RecentAnswers;
  readonly #truths: RecentTruths;
  readonly #eventTime: () => Date | undefined;
  readonly #readViews: ReadViews;
  #serving: (Serving & { readonly inputs: readonly RequestInput[] }) | undefined;
  #counts: Record<string, Answers> = {};
  #lastRequestAt = 0;

  constructor({ replica, spool, limits, eventTime, readViews }: PredictorOptions) {
    this.#readViews = readViews ?? (async (asked) => asked.map(() => 'unreadable' as const));
    this.#eventTime = eventTime ?? (() => undefined);
    this.#replica = replica;
    this.#spool = spool;
    this.#limits = limits;
    this.#recent = new RecentAnswers(limits.rememberedRows);
    this.#truths = new RecentTruths(limits.rememberedRows);
  }

  /** Undefined while nothing is served. */
  get serving(): Serving | undefined {
    return this.#serving;
  }

  /** Since the step was taken, by version number: answers and failures of its model, synthetic traffic left out. */
  get counts(): Readonly<Record<string, Answers>> {
    return this.#counts;
  }

  /** When the last request or truth came; 0 before the first. */
  get lastRequestAt(): number {
    return this.#lastRequestAt;
  }

  /** Serves this from the next request on; undefined: nothing. Models that are replaced are the caller's to close. */
  take(serving: Serving | undefined): void {
    const before = serving?.step === this.#serving?.step ? this.#counts : {};
    this.#serving = serving === undefined ? undefined : { ...serving, inputs: inputsByName(serving) };
    this.#counts = {};
    for (const model of [serving?.champion, serving?.candidate?.model]) {
      if (model === undefined) continue;
      const version = String(model.version.number);
      this.#counts[version] = before[version] ?? { requests: 0, errors: 0 };
    }
  }

  /** What the process before this one counted, while it served the same step. */
  countOn(counts: Readonly<Record<string, Answers>>): void {
    for (const [version, before] of Object.entries(counts)) {
      const own = this.#counts[version];
      if (own !== undefined) this.#counts[version] = addAnswers(before, own);
    }
  }

  /** Answers that the process before this one gave, and truths that it took, and had not shipped. */
  async recall(): Promise<void> {
    for await (const line of this.#spool.left(RECALLED_BYTES)) {
      const entry = decodeEntry(line);
      if (entry === undefined) continue;
      if ('truths' in entry) this.#truths.recall(entry.truths);
      else if (entry.given) this.#recallAnswer(entry);
      else this.#recent.rememberRows(entry.request, entry.predictions.length);
    }
  }

  #recallAnswer({ request, predictions, control }: PredictionEntry): void {
    const answer = answerOf(request, predictions, control);
    const eventTime = predictions[0]?.eventTime;
    if (answer === undefined) return;
    const rows = predictions.map(sentInputs);
    this.#recent.remember(request, rows, eventTime, Promise.resolve(answer));
  }

  /**
   * The answer; its record is on the local disk.
   * @param version the one that shall answer; default: the route's
   * @throws MlopsError MLOPS_REQUEST_INVALID, MLOPS_REQUEST_TOO_LARGE, MLOPS_PREDICTION_CONFLICT, MLOPS_SPOOL_FULL,
   * MLOPS_ENDPOINT_EMPTY, MLOPS_VIEW_MISSING, MLOPS_VIEW_UNREADABLE
   */
  async predict(body: unknown, receivedAt: Date, version?: number): Promise<Predicted> {
    const serving = this.#serving;
    if (serving === undefined) {
      throw new MlopsError(
        'MLOPS_ENDPOINT_EMPTY',
        'No version is deployed here yet.',
        {},
        'Approve one, or wait for its rollout.'
      );
    }
    const { task } = serving.champion.version;
    const request = parseInferRequest(body, serving.inputs, this.#limits, receivedAt, task.kind);
    this.#lastRequestAt = receivedAt.getTime();
    const id = request.id ?? uuidV7(receivedAt.getTime());
    const route = version === undefined ? dealt(serving, request.key ?? id) : routeTo(serving, version);
    const eventTime = request.timed || serving.withoutEventTime !== 'none' ? request.eventTime : undefined;
    const asked: Asked = { id, request, eventTime, route, receivedAt };
    const answered = { outputs: request.outputs, ...(task.kind === 'labels' ? { labels: task.labels } : {}) };
    if (request.id === undefined) {
      if (request.rows > 1) this.#recent.rememberRows(id, request.rows);
      return { answer: await this.#answer(serving, asked), ...answered };
    }
    const rows = rowsOf(request);
    let answer = this.#recent.find(id, { rows, ...(request.timed ? { eventTime: request.eventTime } : {}) });
    if (answer === undefined) {
      answer = this.#answer(serving, asked);
      this.#recent.remember(id, rows, eventTime, answer);
    }
    return { answer: await answer, ...answered };
  }

  /**
   * Keeps what the world turned out to be; the number of truths.
   * @throws MlopsError MLOPS_TRUTH_INVALID, MLOPS_TRUTH_CONFLICT, MLOPS_REQUEST_TOO_LARGE, MLOPS_SPOOL_FULL
   */
  async learn(body: unknown, receivedAt: Date): Promise<number> {
    const truths: readonly TruthRecord[] = parseTruths(body, {
      limits: this.#limits,
      receivedAt,
      knownAt: this.#knownAt(receivedAt),
      target: this.#serving && targetOf(this.#serving.champion.version.task),
    });
    for (const { prediction } of truths) {
      const mistake = this.#recent.mistakeIn(prediction);
      if (mistake === undefined) continue;
      throw new MlopsError('MLOPS_TRUTH_INVALID', `${mistake}.`, { id: prediction }, 'Name one of its rows.');
    }
    this.#lastRequestAt = receivedAt.getTime();
    const forget = this.#truths.remember(truths);
    await this.#spool.append(encodeTruths(truths)).catch((error: unknown) => {
      forget();
      throw error;
    });
    return truths.length;
  }

  /** What a truth without a time was known at: where requests without one are of no time, by the event clock. */
  #knownAt(receivedAt: Date): Date {
    return (this.#serving?.withoutEventTime === 'none' ? this.#eventTime() : undefined) ?? receivedAt;
  }

  async #answer(serving: Serving, { id, request, eventTime, route, receivedAt }: Asked): Promise<Answer> {
    const inputsOf = this.#inputsOf(request, eventTime ?? this.#knownAt(receivedAt));
    const scoring = scoreRequest(serving, route, request.rows, inputsOf, (model, answers) => {
      if (!request.synthetic) this.#count(model, answers);
    });
    // What is served may be replaced while views are read.
    for (const model of [serving.champion, serving.candidate?.model]) model?.hold(scoring);
    const { shadow, joined, controlShare, ...answer } = await scoring;
    const scoresJson = JSON.stringify(answer.scores);
    const views = joined.marks === undefined ? {} : { views: joined.marks };
    const predictions = idsOf(id, request.rows);
    const control =
      controlShare === undefined ? {} : { control: predictions.filter((each) => isControl(each, controlShare)) };
    const line = encodeAnswered({
      request: id,
      given: request.id !== undefined,
      shared: {
        version: answer.version,
        route: answer.route,
        revision: serving.revision,
        ...(eventTime === undefined ? { withoutEventTime: true } : { eventTime: eventTime.getTime() }),
        ...(request.synthetic ? { synthetic: true } : {}),
        replica: this.#replica,
        receivedAt: receivedAt.getTime(),
      },
      columns: joined.columns,
      ...views,
      scoresJson,
      ...(answer.decisions === undefined ? {} : { decisions: answer.decisions }),
      ...control,
      ...(shadow === undefined ? {} : { shadow }),
    });
    await this.#spool.append(line);
    return { id, predictions, ...answer, scoresJson, ...control, ...views };
  }

  /** Two models with the same views have one join: they see the same values. */
  #inputsOf(request: InferRequest, at: Date): InputsOf {
    const joins = new Map<string, Promise<Joined>>();
    return ({ version }) => {
      if (version.views === undefined) return Promise.resolve({ columns: request.columns });
      const views = JSON.stringify([version.views, version.inputs]);
      const known = joins.get(views);
      if (known !== undefined) return known;
      const joined = joinViews(version, request, at, this.#readViews);
      joins.set(views, joined);
      return joined;
    };
  }

  /** Another step may have been taken meanwhile: its counts are not this model's business. */
  #count({ version }: LoadedModel, answers: Answers): void {
    const counts = this.#counts[String(version.number)];
    if (counts !== undefined) this.#counts[String(version.number)] = addAnswers(counts, answers);
  }
}

function dealt({ candidate, rolloutId }: Serving, key: string): Answer['route'] {
  return candidate !== undefined && goesToCandidate(rolloutId, key, candidate.share) ? 'candidate' : 'champion';
}

function routeTo({ champion }: Serving, version: number): Answer['route'] {
  return version === champion.version.number ? 'champion' : 'candidate';
}

/** So that records and their comparison don't depend on the version. */
function inputsByName({ champion, candidate }: Serving): readonly RequestInput[] {
  const versions: ServedVersion[] = [champion.version, ...(candidate === undefined ? [] : [candidate.model.version])];
  return [...requestInputs(versions)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function idsOf(request: string, rows: number): readonly string[] {
  return Array.from({ length: rows }, (_, row) => predictionId(request, row, rows));
}

function rowsOf({ columns, rows }: InferRequest): readonly Row[] {
  return Array.from({ length: rows }, (_, i) => {
    const row: Record<string, InputValue> = {};
    for (const [name, values] of columns) row[name] = values[i] as InputValue;
    return row;
  });
}

function answerOf(
  id: string,
  predictions: readonly PredictionRecord[],
  control: Answer['control']
): Answer | undefined {
  const first = predictions[0];
  if (first === undefined) return undefined;
  const scores = predictions.map(({ score }) => score);
  return {
    id,
    predictions: predictions.map(({ _id }) => _id),
    version: first.version,
    route: first.route,
    scores,
    scoresJson: JSON.stringify(scores),
    ...(first.decision === undefined ? {} : { decisions: predictions.map(({ decision }) => decision!) }),
    ...(control === undefined ? {} : { control }),
    ...(first.views === undefined ? {} : { views: predictions.map(({ views = {} }) => views) }),
  };
}
