/** Stored predictions of an endpoint, by UTC day of event time; synthetic traffic is left out. */
import { DAY_MS } from '../domain/durations';
import { PROJECT_NAME } from '../domain/ids';
import { type JoinedRow, type PredictionDay, predictionDays, windowRows } from '../stores/predictions';
import { countUnmatched, listUnmatched } from '../stores/truths';
import { countConflicts, listConflicts } from '../stores/conflicts';
import type { ConflictingPrediction, UnmatchedTruth } from '../domain/endpoint';
import type { RecordStores } from './stores';

/** @param day `20010203`; the first `limit` of it, by event time, each with its latest truth */
export async function predictionsOfDay(
  stores: RecordStores,
  endpoint: string,
  day: string,
  limit: number
): Promise<JoinedRow[]> {
  const from = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}T00:00:00Z`);
  const period = { from: new Date(from).toISOString(), to: new Date(from + DAY_MS).toISOString() };
  const rows: JoinedRow[] = [];
  if (limit === 0 || !PROJECT_NAME.test(endpoint)) return rows;
  for await (const row of windowRows(stores, endpoint, period)) {
    rows.push(row);
    if (rows.length === limit) break;
  }
  return rows;
}

/** The newest `limit` days. */
export async function listPredictionDays(
  stores: RecordStores,
  endpoint: string,
  limit: number
): Promise<PredictionDay[]> {
  return PROJECT_NAME.test(endpoint) ? predictionDays(stores, endpoint, limit) : [];
}

/** Truths that are kept aside, the newest `limit`, and how many there are in all. */
export async function unmatchedTruths(
  stores: RecordStores,
  endpoint: string,
  limit: number
): Promise<{ readonly records: UnmatchedTruth[]; readonly total: number }> {
  if (!PROJECT_NAME.test(endpoint)) return { records: [], total: 0 };
  const [records, total] = await Promise.all([
    listUnmatched(stores, endpoint, limit),
    countUnmatched(stores, endpoint),
  ]);
  return { records, total };
}

/** Predictions that are kept aside, since another one has their id: the newest `limit`, and how many there are in all. */
export async function conflictingPredictions(
  stores: RecordStores,
  endpoint: string,
  limit: number
): Promise<{ readonly records: ConflictingPrediction[]; readonly total: number }> {
  if (!PROJECT_NAME.test(endpoint)) return { records: [], total: 0 };
  const [records, total] = await Promise.all([
    listConflicts(stores, endpoint, limit),
    countConflicts(stores, endpoint),
  ]);
  return { records, total };
}
