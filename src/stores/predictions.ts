/**
 * Prediction records: one collection for each endpoint, `predictions.<endpoint>`. Immutable: a repeated insert changes
 * nothing. Windows read and count them by event time. What is known of their truth is in truths.ts.
 */
import { DAY_MS } from '../domain/durations';
import type { Collection, IndexDescription } from 'mongodb';
import type { PredictionRecord, TruthRecord } from '../domain/endpoint';
import { PROJECT_NAME } from '../domain/ids';
import type { TimeRange } from '../domain/period';
import { keepConflicts } from './conflicts';
import { insertNew } from './insert-new';
import { markLate } from './late';
import { MONGO, type Store } from './mongo';
import { countTruths, matchTruths, type StoredTruth, storeTruths, truthsOf } from './truths';

const PREFIX = 'predictions.';
export const NOT_SYNTHETIC = { synthetic: { $exists: false } };

const INDEXES: IndexDescription[] = [
  { key: { eventTime: 1, version: 1, _id: 1 } },
  // Synthetic traffic is counted off, so that no count reads a record.
  { key: { synthetic: 1, eventTime: 1, version: 1 }, partialFilterExpression: { synthetic: true } },
  { key: { withoutEventTime: 1 }, partialFilterExpression: { withoutEventTime: true } },
];

export function predictionsOf(store: Store, endpoint: string): Collection<PredictionRecord> {
  return store[MONGO].db.collection(`${PREFIX}${endpoint}`);
}

export interface RecordWriter {
  /** How many are kept aside, since another prediction has their id. */
  insertPredictions(records: readonly PredictionRecord[]): Promise<number>;
  /** How many are kept aside. */
  insertTruths(records: readonly TruthRecord[]): Promise<number>;
}

/** Stores each record once, however often it comes. The first write makes the indexes. */
export function recordWriter(store: Store, endpoint: string): RecordWriter {
  const predictions = predictionsOf(store, endpoint);
  let prepared = false;
  const prepare = async (): Promise<void> => {
    if (prepared) return;
    await predictions.createIndexes(INDEXES);
    prepared = true;
  };
  const known = (ids: readonly string[]) => knownPredictions(store, endpoint, ids);
  return {
    async insertPredictions(records) {
      if (records.length === 0) return 0;
      await prepare();
      const there = (await insertNew(predictions, records)).map((position) => records[position] as PredictionRecord);
      const conflicts = await keepConflicts(store, endpoint, there, await inputsOf(predictions, there));
      // A truth may have come first, by way of another replica.
      await Promise.all([matchTruths(store, endpoint, records), markLate(store, endpoint, records)]);
      return conflicts;
    },
    async insertTruths(records) {
      return records.length === 0 ? 0 : storeTruths(store, endpoint, records, known);
    },
  };
}

/** By id. */
async function inputsOf(
  predictions: Collection<PredictionRecord>,
  records: readonly PredictionRecord[]
): Promise<Map<string, Pick<PredictionRecord, 'inputs' | 'views'>>> {
  if (records.length === 0) return new Map();
  const stored = await predictions
    .find({ _id: { $in: records.map(({ _id }) => _id) } }, { projection: { inputs: 1, views: 1 } })
    .toArray();
  return new Map(stored.map((record) => [record._id, record]));
}

export type KnownPrediction = Pick<PredictionRecord, '_id' | 'eventTime' | 'version' | 'synthetic'>;

function knownPredictions(store: Store, endpoint: string, ids: readonly string[]): Promise<KnownPrediction[]> {
  const projection = { eventTime: 1, version: 1, synthetic: 1 } as const;
  return predictionsOf(store, endpoint)
    .find({ _id: { $in: [...new Set(ids)] } }, { projection })
    .toArray();
}

/** A prediction with its latest truth. */
export type JoinedRow = PredictionRecord & { readonly eventTime: Date; readonly truth?: StoredTruth };

/**
 * Predictions with event time in the period, synthetic traffic left out, sorted by event time, version and id.
 * @param asOf leaves out truths that the world knew later than this
 */
export async function* windowRows(
  store: Store,
  endpoint: string,
  period: TimeRange,
  asOf?: string
): AsyncGenerator<JoinedRow> {
  yield* predictionsOf(store, endpoint).aggregate<JoinedRow>(
    [
      { $match: { ...within(period), ...NOT_SYNTHETIC } },
      { $sort: { eventTime: 1, version: 1, _id: 1 } },
      {
        $lookup: {
          from: truthsOf(store, endpoint).collectionName,
          localField: '_id',
          foreignField: 'prediction',
          pipeline: [
            ...(asOf === undefined ? [] : [{ $match: { knownAt: { $lte: new Date(asOf) } } }]),
            { $sort: { revision: -1 } },
            { $limit: 1 },
          ],
          as: 'truth',
        },
      },
      { $set: { truth: { $ifNull: [{ $first: '$truth' }, '$$REMOVE'] } } },
    ],
    { allowDiskUse: true, batchSize: 2_000 }
  );
}

/** The version that answered most of a period, the newest of equals: a window judges its rows. */
export interface Coverage {
  /** Absent where nobody asked. */
  readonly version?: number;
  /** Its predictions with event time in the period, synthetic traffic left out. */
  readonly predictions: number;
  /** Those of them whose truth the world knew by `asOf`: the ones that a window judged then has. */
  readonly truths: number;
}

/** From indexes alone: no record is read, and nothing is joined. */
export async function coverage(store: Store, endpoint: string, period: TimeRange, asOf: string): Promise<Coverage> {
  const predictions = predictionsOf(store, endpoint);
  const byVersion = (match: object) =>
    predictions
      .aggregate<{ _id: number; count: number }>([
        { $match: match },
        { $group: { _id: '$version', count: { $sum: 1 } } },
      ])
      .toArray();
  const [all, synthetic] = await Promise.all([
    byVersion(within(period)),
    byVersion({ synthetic: true, ...within(period) }),
  ]);
  const left = new Map(synthetic.map(({ _id, count }) => [_id, count]));
  const [most] = all
    .map(({ _id, count }) => ({ version: _id, predictions: count - (left.get(_id) ?? 0) }))
    .filter((each) => each.predictions > 0)
    .sort((one, other) => other.predictions - one.predictions || other.version - one.version);
  if (most === undefined) return { predictions: 0, truths: 0 };
  return { ...most, truths: await countTruths(store, endpoint, period, asOf, most.version) };
}

/** Predictions with event time in the period, synthetic traffic left out; from indexes alone. */
export async function countPredictions(store: Store, endpoint: string, period: TimeRange): Promise<number> {
  const predictions = predictionsOf(store, endpoint);
  const [all, synthetic] = await Promise.all([
    predictions.countDocuments(within(period)),
    predictions.countDocuments({ synthetic: true, ...within(period) }),
  ]);
  return all - synthetic;
}

/** Predictions whose request had no event time, where that means none: they are in no window. */
export function countWithoutEventTime(store: Store, endpoint: string): Promise<number> {
  return predictionsOf(store, endpoint).countDocuments({ withoutEventTime: true });
}

/** The first event time from `from` on that has a prediction, synthetic traffic left out. */
export async function nextPredicted(store: Store, endpoint: string, from: string): Promise<Date | undefined> {
  const next = await predictionsOf(store, endpoint)
    .find({ eventTime: { $gte: new Date(from) }, ...NOT_SYNTHETIC }, { projection: { eventTime: 1 } })
    .sort({ eventTime: 1, version: 1, _id: 1 })
    .limit(1)
    .next();
  return next?.eventTime;
}

export interface MissingInputs {
  /** How many were looked at. */
  readonly predictions: number;
  /** How many of them lack an input, by its name. A null is there. */
  readonly missing: ReadonlyMap<string, number>;
}

/** Counts over the latest predictions by event time, synthetic traffic left out. */
export async function missingInputs(
  store: Store,
  endpoint: string,
  names: readonly string[],
  limit: number
): Promise<MissingInputs> {
  const lacks = (name: string) => {
    const value = { $getField: { field: { $literal: name }, input: '$inputs' } };
    return { $cond: [{ $eq: [{ $type: value }, 'missing'] }, 1, 0] };
  };
  const [counted] = await predictionsOf(store, endpoint)
    .aggregate<Readonly<Record<string, number>>>([
      // Those without an event time come last.
      { $match: NOT_SYNTHETIC },
      { $sort: { eventTime: -1, version: -1, _id: -1 } },
      { $limit: limit },
      {
        $group: {
          _id: null,
          predictions: { $sum: 1 },
          // By their places: a name may have characters that a field's may not.
          ...Object.fromEntries(names.map((name, place) => [`n${place}`, { $sum: lacks(name) }])),
        },
      },
    ])
    .toArray();
  const missing = new Map(names.map((name, place) => [name, counted?.[`n${place}`] ?? 0]));
  return { predictions: counted?.predictions ?? 0, missing };
}

export interface FoundPrediction {
  readonly endpoint: string;
  readonly record: PredictionRecord;
  /** By revision. */
  readonly truths: readonly StoredTruth[];
}

export async function findPrediction(store: Store, endpoint: string, id: string): Promise<FoundPrediction | undefined> {
  if (!PROJECT_NAME.test(endpoint)) return undefined;
  const record = await predictionsOf(store, endpoint).findOne({ _id: id });
  if (record === null) return undefined;
  const truths = await truthsOf(store, endpoint).find({ prediction: id }).sort({ revision: 1 }).toArray();
  return { endpoint, record, truths };
}

/** Everything that is stored of an endpoint, synthetic traffic left out. */
export async function countStored(store: Store, endpoint: string): Promise<{ predictions: number; truths: number }> {
  const [all, synthetic, truths] = await Promise.all([
    predictionsOf(store, endpoint).countDocuments(),
    predictionsOf(store, endpoint).countDocuments({ synthetic: true }),
    truthsOf(store, endpoint).countDocuments(),
  ]);
  return { predictions: all - synthetic, truths };
}

export interface PredictionDay {
  /** UTC day of event time, `20010203`. */
  readonly day: string;
  readonly predictions: number;
  /** Predictions of the day that have a truth. */
  readonly truths: number;
}

/** The newest days of event time that have predictions, oldest first; synthetic traffic left out. */
export async function predictionDays(store: Store, endpoint: string, limit: number): Promise<PredictionDay[]> {
  const days: PredictionDay[] = [];
  let before = LAST;
  while (days.length < limit) {
    const last = await predictionsOf(store, endpoint)
      .find<{ eventTime: Date }>({ eventTime: { $lt: before }, ...NOT_SYNTHETIC }, { projection: { eventTime: 1 } })
      .sort({ eventTime: -1, version: -1, _id: -1 })
      .limit(1)
      .next();
    if (last === null) break;
    before = new Date(Math.floor(last.eventTime.getTime() / DAY_MS) * DAY_MS);
    const period = { from: before.toISOString(), to: new Date(before.getTime() + DAY_MS).toISOString() };
    const [predictions, truths] = await Promise.all([
      countPredictions(store, endpoint, period),
      countTruths(store, endpoint, period, LAST.toISOString()),
    ]);
    days.push({ day: period.from.slice(0, 10).replaceAll('-', ''), predictions, truths });
  }
  return days.reverse();
}

const LAST = new Date(Date.UTC(9999, 11, 31));

function within(period: TimeRange): { eventTime: { $gte: Date; $lt: Date } } {
  return { eventTime: { $gte: new Date(period.from), $lt: new Date(period.to) } };
}
