/** A line of the spool: all records of one request, so that they are kept together or not at all. */
import type { PredictionRecord, TruthRecord } from '../domain/endpoint';

export interface PredictionEntry {
  /** The request's id. */
  readonly request: string;
  /** Whether the client gave the id: only then it can come again. */
  readonly given: boolean;
  readonly predictions: readonly PredictionRecord[];
}

export interface TruthEntry {
  readonly truths: readonly TruthRecord[];
}

export type SpoolEntry = PredictionEntry | TruthEntry;

export function encodeEntry(entry: SpoolEntry): string {
  return JSON.stringify(entry);
}

/** Undefined for a line that is none: a disk may lose bytes, and one lost line must not hold up the rest. */
export function decodeEntry(line: string): SpoolEntry | undefined {
  try {
    const entry = JSON.parse(line) as SpoolEntry;
    if ('truths' in entry) {
      return { truths: entry.truths.map((truth) => ({ ...withDates(truth), knownAt: new Date(truth.knownAt) })) };
    }
    const predictions = entry.predictions.map((row) => ({
      ...withDates(row),
      ...(row.eventTime === undefined ? {} : { eventTime: new Date(row.eventTime) }),
    }));
    return { ...entry, predictions };
  } catch {
    return undefined;
  }
}

function withDates<T extends { readonly receivedAt: Date }>(record: T): T {
  return { ...record, receivedAt: new Date(record.receivedAt) };
}
