/**
 * A line of the spool: all records of one request, so that they are kept together or not at all. What its rows have in
 * common stands there once, and inputs by column: a thousand rows take a fifth of the bytes of their records.
 */
import type { PredictionRecord, TruthRecord, ViewMarks } from '../domain/endpoint';
import { predictionId } from '../domain/ids';
import type { RecordedScore } from '../domain/scores';
import type { Decision } from '../domain/task';
import type { InputValue } from './input-values';

/** A request and its answer, as the predictor has them. */
export interface Answered {
  /** The request's id. */
  readonly request: string;
  /** Whether the client gave the id: only then it can come again. */
  readonly given: boolean;
  /** What all its records have in common. */
  readonly shared: Pick<
    PredictionRecord,
    'version' | 'route' | 'revision' | 'withoutEventTime' | 'synthetic' | 'replica'
  > & {
    /** ms since 1970, as `receivedAt`: to the line of one row the text of two moments is half of its time. */
    readonly eventTime?: number;
    readonly receivedAt: number;
  };
  /** Input name → values [rows]. */
  readonly columns: ReadonlyMap<string, readonly InputValue[]>;
  /** [rows]: what feature views gave. */
  readonly views?: readonly ViewMarks[];
  /** JSON of the scores, [rows]. */
  readonly scoresJson: string;
  readonly decisions?: readonly Decision[];
  /** Ids of those that are of the control group; absent: there is none. */
  readonly control?: readonly string[];
  readonly shadow?: { readonly version: number; readonly scores: readonly RecordedScore[] };
}

export interface PredictionEntry {
  readonly request: string;
  readonly given: boolean;
  readonly predictions: readonly PredictionRecord[];
  /** As it was answered. */
  readonly control?: readonly string[];
}

export interface TruthEntry {
  readonly truths: readonly TruthRecord[];
}

export type SpoolEntry = PredictionEntry | TruthEntry;

type Line = Omit<Answered, 'columns' | 'scoresJson'> & {
  readonly columns: readonly (readonly [string, readonly InputValue[]])[];
  readonly scores: readonly RecordedScore[];
};

export function encodeAnswered({ scoresJson, ...answered }: Answered): string {
  const rest = JSON.stringify({ ...answered, columns: [...answered.columns] } satisfies Omit<Line, 'scores'>);
  return `${rest.slice(0, -1)},"scores":${scoresJson}}`;
}

export function encodeTruths(truths: readonly TruthRecord[]): string {
  return JSON.stringify({ truths });
}

/** Undefined for a line that is none: a disk may lose bytes, and one lost line must not hold up the rest. */
export function decodeEntry(line: string): SpoolEntry | undefined {
  try {
    const entry = JSON.parse(line) as Line | TruthEntry;
    if (!('truths' in entry)) return recordsOf(entry);
    return {
      truths: entry.truths.map((truth) => ({
        ...truth,
        knownAt: new Date(truth.knownAt),
        receivedAt: new Date(truth.receivedAt),
      })),
    };
  } catch {
    return undefined;
  }
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** Each row begins as a copy of what all have in common: quicker than naming a dozen fields, a thousand times a request. */
function recordsOf({
  request,
  given,
  shared,
  columns,
  views,
  scores,
  decisions,
  control,
  shadow,
}: Line): PredictionEntry {
  const { eventTime, receivedAt, ...others } = shared;
  const common: PredictionRecord = {
    _id: request,
    v: 1,
    ...others,
    ...(eventTime === undefined ? {} : { eventTime: new Date(eventTime) }),
    receivedAt: new Date(receivedAt),
    inputs: {},
    score: 0,
  };
  const none: Record<string, InputValue> = Object.fromEntries(columns.map(([name]) => [name, null]));
  const group = new Set(control);
  const predictions = scores.map((score, row) => {
    const inputs = { ...none };
    for (const [name, values] of columns) inputs[name] = values[row] as InputValue;
    const _id = predictionId(request, row, scores.length);
    const record: Writable<PredictionRecord> = { ...common, _id, inputs, score };
    if (decisions !== undefined) record.decision = decisions[row]!;
    if (views !== undefined) record.views = views[row] as ViewMarks;
    if (group.has(_id)) record.control = true;
    if (shadow !== undefined) record.shadow = { version: shadow.version, score: shadow.scores[row]! };
    return record;
  });
  return { request, given, predictions, ...(control === undefined ? {} : { control }) };
}
