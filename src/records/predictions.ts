/** Stored predictions of an endpoint, by UTC day of event time; synthetic traffic is left out. */
import { type JoinedRow, predictionDays, windowRows } from '../stores/predictions';
import type { RecordStores } from './stores';

export interface PredictionDay {
  /** `20010203` */
  readonly day: string;
  readonly predictions: number;
  readonly truths: number;
}

const DAY_MS = 86_400_000;

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
  if (limit === 0) return rows;
  for await (const row of windowRows(stores, endpoint, period)) {
    rows.push(row);
    if (rows.length === limit) break;
  }
  return rows;
}

export function listPredictionDays(stores: RecordStores, endpoint: string): Promise<PredictionDay[]> {
  return predictionDays(stores, endpoint);
}
