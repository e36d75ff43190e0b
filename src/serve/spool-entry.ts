/**
 * A line of the spool: all records of one request, so that they are kept together or not at all. What its rows have in
 * common stands there once, and inputs by column: a thousand rows take a fifth of the bytes of their records.
 */
import type { PredictionRecord, TruthRecord, ViewMarks } from '../domain/endpoint';
import { predictionId } from '../domain/ids';
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
    'version' | 'route' | 'revision' | 'eventTime' | 'withoutEventTime' | 'synthetic' | 'replica' | 'receivedAt'
  >;
  /** Input name → values [rows]. */
  readonly columns: ReadonlyMap<string, readonly InputValue[]>;
  /** [rows]: what feature views gave. */
  readonly views?: readonly ViewMarks[];
  /** [rows] */
  readonly scores: readonly number[];
  readonly decisions: readonly (0 | 1)[];
  /** Ids of those that are of the control group; absent: there is none. */
  readonly control?: readonly string[];
  readonly shadow?: { readonly version: number; readonly scores: readonly number[] };
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

type Line = Omit<Answered, 'columns'> & { readonly columns: readonly (readonly [string, readonly InputValue[]])[] };

export function encodeAnswered(answered: Answered): string {
  return JSON.stringify({ ...answered, columns: [...answered.columns] } satisfies Line);
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
  const common = {
    ...others,
    ...(eventTime === undefined ? {} : { eventTime: new Date(eventTime) }),
    receivedAt: new Date(receivedAt),
  };
  const group = new Set(control);
  const predictions = scores.map((score, row): PredictionRecord => {
    const inputs: Record<string, InputValue> = {};
    for (const [name, values] of columns) inputs[name] = values[row] as InputValue;
    const _id = predictionId(request, row, scores.length);
    return {
      _id,
      v: 1,
      ...common,
      inputs,
      ...(views === undefined ? {} : { views: views[row] as ViewMarks }),
      score,
      decision: decisions[row] as 0 | 1,
      ...(group.has(_id) ? { control: true } : {}),
      ...(shadow === undefined ? {} : { shadow: { version: shadow.version, score: shadow.scores[row] as number } }),
    };
  });
  return { request, given, predictions, ...(control === undefined ? {} : { control }) };
}
