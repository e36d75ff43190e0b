/**
 * Predictions with their truths, as a source reads them: day by day of event time. Whoever reads the past of an endpoint for
 * training asks here and nowhere else, so that days which are packed into files can answer here, too.
 */
import type { PredictionRecord } from '../domain/endpoint';
import { DAY_MS } from '../domain/durations';
import { MlopsError } from '../domain/errors';
import type { Store } from './mongo';
import { predictionsOf } from './predictions';
import { type StoredTruth, truthsOf } from './truths';

export interface MaturedPrediction {
  readonly prediction: PredictionRecord;
  /** At least one, by revision. */
  readonly truths: readonly StoredTruth[];
}

/** A UTC day of event time, `2001-02-03`; of predictions that have no event time `none`. */
export type MaturedDay = string;

const NO_TIME = 'none';
/** The order of the index that finds them (truths.ts). */
const ORDER = { eventTime: 1, version: 1, prediction: 1, knownAt: 1 } as const;
const AT_ONCE = 1_000;

/** Days that have a truth, in their order, by one look at an index for each. Truths of synthetic traffic are none. */
export async function* maturedDays(store: Store, endpoint: string, signal?: AbortSignal): AsyncGenerator<MaturedDay> {
  const truths = truthsOf(store, endpoint);
  const first = (match: object) =>
    truths
      .find<Pick<StoredTruth, 'eventTime'>>(match, { projection: { eventTime: 1 }, signal })
      .sort(ORDER)
      .limit(1)
      .next();
  if ((await first(placedOn(NO_TIME))) !== null) yield NO_TIME;
  for (let next = await first({ eventTime: { $gte: new Date(-LONGEST_MS) } }); next?.eventTime !== undefined; ) {
    const day = Math.floor(next.eventTime.getTime() / DAY_MS) * DAY_MS;
    yield new Date(day).toISOString().slice(0, 10);
    next = await first({ eventTime: { $gte: new Date(day + DAY_MS) } });
  }
}

/** A day's predictions that have a truth, by event time, version and id. @throws MlopsError MLOPS_RECORD_MISSING: a truth's prediction is gone */
export async function* maturedOn(
  store: Store,
  endpoint: string,
  day: MaturedDay,
  signal?: AbortSignal
): AsyncGenerator<MaturedPrediction> {
  let group: StoredTruth[] = [];
  let predictions = 0;
  const truths = truthsOf(store, endpoint).find(placedOn(day), { signal, batchSize: AT_ONCE }).sort(ORDER);
  for await (const truth of truths) {
    if (truth.prediction !== group.at(-1)?.prediction) {
      if (predictions === AT_ONCE) {
        yield* joined(store, endpoint, group, signal);
        [group, predictions] = [[], 0];
      }
      predictions += 1;
    }
    group.push(truth);
  }
  yield* joined(store, endpoint, group, signal);
}

/** @param truths those of one prediction stand side by side */
async function* joined(
  store: Store,
  endpoint: string,
  truths: readonly StoredTruth[],
  signal: AbortSignal | undefined
): AsyncGenerator<MaturedPrediction> {
  const byPrediction = new Map<string, StoredTruth[]>();
  for (const truth of truths) {
    const others = byPrediction.get(truth.prediction);
    if (others === undefined) byPrediction.set(truth.prediction, [truth]);
    else others.push(truth);
  }
  const ids = [...byPrediction.keys()];
  const found = new Map<string, PredictionRecord>();
  if (ids.length > 0) {
    const stored = predictionsOf(store, endpoint).find({ _id: { $in: ids } }, { signal, batchSize: AT_ONCE });
    for await (const prediction of stored) found.set(prediction._id, prediction);
  }
  for (const [id, own] of byPrediction) {
    const prediction = found.get(id);
    if (prediction === undefined) throw gone(endpoint, id);
    yield { prediction, truths: own.sort((a, b) => a.revision - b.revision) };
  }
}

/** ECMAScript's earliest moment is further away than any event. */
const LONGEST_MS = 8.64e15;

/** Truths of synthetic traffic have neither an event time nor a version. */
function placedOn(day: MaturedDay) {
  if (day === NO_TIME) return { eventTime: { $exists: false }, version: { $gte: 0 } };
  const from = Date.parse(day);
  return { eventTime: { $gte: new Date(from), $lt: new Date(from + DAY_MS) } };
}

function gone(endpoint: string, prediction: string): MlopsError {
  const fix = 'Restore the predictions from a backup: records are never deleted.';
  return new MlopsError('MLOPS_RECORD_MISSING', "A truth's prediction is gone.", { endpoint, prediction }, fix);
}
