/**
 * Prediction records and truths: ordinary collections for each endpoint and UTC day, `predictions.<endpoint>.<yyyymmdd>`
 * and `truths.<endpoint>.<yyyymmdd>` (the prediction's day, which its id begins with). Both are immutable: a repeated
 * insert changes nothing, a truth is joined by the prediction's id, and a corrected one is a revision of its own.
 */
import { type Collection, MongoBulkWriteError } from 'mongodb';
import type { PredictionRecord, TruthRecord } from '../domain/endpoint';
import { PROJECT_NAME } from '../domain/ids';
import type { TimeRange } from '../domain/period';
import { MONGO, type Store } from './mongo';

const DAY_MS = 86_400_000;
const NOT_SYNTHETIC = { synthetic: { $exists: false } };

/** `20010203-…` → `20010203` */
const dayOf = (predictionId: string): string => predictionId.slice(0, 8);

function predictionsOf(store: Store, endpoint: string, day: string): Collection<PredictionRecord> {
  return store[MONGO].db.collection(`predictions.${endpoint}.${day}`);
}

function truthsOf(store: Store, endpoint: string, day: string): Collection<TruthRecord> {
  return store[MONGO].db.collection(`truths.${endpoint}.${day}`);
}

export interface RecordWriter {
  insertPredictions(records: readonly PredictionRecord[]): Promise<void>;
  insertTruths(records: readonly TruthRecord[]): Promise<void>;
}

/** Stores each record once, however often it comes. The first write into a day makes its indexes. */
export function recordWriter(store: Store, endpoint: string): RecordWriter {
  const prepared = new Set<string>();
  const insert = async <T extends { readonly _id: string }>(
    records: readonly T[],
    idOf: (record: T) => string,
    collectionOf: (store: Store, endpoint: string, day: string) => Collection<T>,
    index: Readonly<Record<string, 1>>
  ): Promise<void> => {
    for (const [day, ofDay] of byDay(records, idOf)) {
      const collection = collectionOf(store, endpoint, day);
      if (!prepared.has(collection.collectionName)) {
        await collection.createIndex({ ...index });
        prepared.add(collection.collectionName);
      }
      await insertNew(collection, ofDay);
    }
  };
  return {
    insertPredictions: (records) => insert(records, ({ _id }) => _id, predictionsOf, { eventTime: 1, _id: 1 }),
    insertTruths: (records) =>
      insert(records, ({ prediction }) => prediction, truthsOf, { prediction: 1, revision: 1 }),
  };
}

function byDay<T>(records: readonly T[], idOf: (record: T) => string): ReadonlyMap<string, T[]> {
  const days = new Map<string, T[]>();
  for (const record of records) {
    const day = dayOf(idOf(record));
    const ofDay = days.get(day);
    if (ofDay === undefined) days.set(day, [record]);
    else ofDay.push(record);
  }
  return days;
}

const DUPLICATE_KEY = 11000;

async function insertNew<T extends { readonly _id: string }>(
  collection: Collection<T>,
  records: readonly T[]
): Promise<void> {
  try {
    await collection.insertMany(records as never, { ordered: false });
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = [error.writeErrors].flat();
    const onlyDuplicates = failures.length > 0 && failures.every(({ code }) => code === DUPLICATE_KEY);
    // A write that the majority has not confirmed isn't stored yet, whatever else went well.
    if (!onlyDuplicates || error.result.getWriteConcernError() !== undefined) throw error;
  }
}

/** A prediction with its latest truth. */
export type JoinedRow = PredictionRecord & { readonly truth?: TruthRecord };

/**
 * Predictions with event time in the period, synthetic traffic left out, sorted by event time and id.
 * @param asOf leaves out truths that the world knew later than this
 */
export async function* windowRows(
  store: Store,
  endpoint: string,
  period: TimeRange,
  asOf?: string
): AsyncGenerator<JoinedRow> {
  for (const day of await storedDays(store, endpoint, period)) {
    yield* predictionsOf(store, endpoint, day).aggregate<JoinedRow>(
      [
        { $match: within(period) },
        { $sort: { eventTime: 1, _id: 1 } },
        {
          $lookup: {
            from: truthsOf(store, endpoint, day).collectionName,
            localField: '_id',
            foreignField: 'prediction',
            pipeline: [
              ...(asOf === undefined ? [] : [{ $match: { eventTime: { $lte: new Date(asOf) } } }]),
              { $sort: { revision: -1 } },
              { $limit: 1 },
            ],
            as: 'truth',
          },
        },
        { $set: { truth: { $ifNull: [{ $first: '$truth' }, '$$REMOVE'] } } },
      ],
      { allowDiskUse: true }
    );
  }
}

export interface Coverage {
  /** Predictions with event time in the period, synthetic traffic left out. */
  readonly predictions: number;
  /** Those of them whose truth is there. */
  readonly truths: number;
}

/** How many predictions of the period have their truth. */
export async function coverage(store: Store, endpoint: string, period: TimeRange): Promise<Coverage> {
  let predictions = 0;
  let truths = 0;
  for (const day of await storedDays(store, endpoint, period)) {
    const collection = predictionsOf(store, endpoint, day);
    predictions += await collection.countDocuments(within(period));
    truths += await withTruth(store, endpoint, day, period);
  }
  return { predictions, truths };
}

/** From the truths' side: there are never more of them, and each looks up one prediction by its `_id`. */
async function withTruth(store: Store, endpoint: string, day: string, period: TimeRange): Promise<number> {
  const [result] = await truthsOf(store, endpoint, day)
    .aggregate<{ count: number }>([
      { $sort: { prediction: 1 } },
      { $group: { _id: '$prediction' } },
      {
        $lookup: {
          from: predictionsOf(store, endpoint, day).collectionName,
          localField: '_id',
          foreignField: '_id',
          pipeline: [{ $match: within(period) }, { $project: { _id: 1 } }],
          as: 'prediction',
        },
      },
      { $match: { prediction: { $ne: [] } } },
      { $count: 'count' },
    ])
    .toArray();
  return result?.count ?? 0;
}

/** At least as many as `coverage` counts, from the collections' metadata alone. */
export async function truthsAtMost(store: Store, endpoint: string, period: TimeRange): Promise<number> {
  const counts = daysOf(period).map((day) => truthsOf(store, endpoint, day).estimatedDocumentCount());
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

export interface FoundPrediction {
  readonly endpoint: string;
  readonly record: PredictionRecord;
  /** By revision. */
  readonly truths: readonly TruthRecord[];
}

/** Records of this id: one, unless several endpoints were given the same. */
export async function findPrediction(store: Store, id: string): Promise<FoundPrediction[]> {
  const day = dayOf(id);
  const found: FoundPrediction[] = [];
  for (const { endpoint } of await recordCollections(store, 'predictions', { day })) {
    const record = await predictionsOf(store, endpoint, day).findOne({ _id: id });
    if (record === null) continue;
    const truths = await truthsOf(store, endpoint, day).find({ prediction: id }).sort({ revision: 1 }).toArray();
    found.push({ endpoint, record, truths });
  }
  return found;
}

/** Everything that is stored of an endpoint, synthetic traffic left out. */
export async function countStored(store: Store, endpoint: string): Promise<{ predictions: number; truths: number }> {
  let predictions = 0;
  let truths = 0;
  for (const { day } of await recordCollections(store, 'predictions', { endpoint })) {
    predictions += await predictionsOf(store, endpoint, day).countDocuments(NOT_SYNTHETIC);
  }
  for (const { day } of await recordCollections(store, 'truths', { endpoint })) {
    truths += await truthsOf(store, endpoint, day).estimatedDocumentCount();
  }
  return { predictions, truths };
}

/** Days of event time that have predictions of this endpoint, with how many; synthetic traffic left out. */
export async function predictionDays(
  store: Store,
  endpoint: string
): Promise<{ day: string; predictions: number; truths: number }[]> {
  const days = (await recordCollections(store, 'predictions', { endpoint })).map(({ day }) => day).sort();
  return Promise.all(
    days.map(async (day) => ({
      day,
      predictions: await predictionsOf(store, endpoint, day).countDocuments(NOT_SYNTHETIC),
      truths: await truthsOf(store, endpoint, day).estimatedDocumentCount(),
    }))
  );
}

function within(period: TimeRange) {
  return { eventTime: { $gte: new Date(period.from), $lt: new Date(period.to) }, ...NOT_SYNTHETIC };
}

function daysOf({ from, to }: TimeRange): string[] {
  const first = Math.floor(Date.parse(from) / DAY_MS);
  const end = Math.ceil(Date.parse(to) / DAY_MS);
  return Array.from({ length: Math.max(0, end - first) }, (_, i) =>
    new Date((first + i) * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
  );
}

/** Of the period's days those that have predictions: a query on a collection that isn't there would be free, too, but many. */
async function storedDays(store: Store, endpoint: string, period: TimeRange): Promise<string[]> {
  const stored = new Set((await recordCollections(store, 'predictions', { endpoint })).map(({ day }) => day));
  return daysOf(period).filter((day) => stored.has(day));
}

/** Of one endpoint or one day, or all. What is no name or no day, whatever somebody typed, has no collection. */
async function recordCollections(
  store: Store,
  kind: 'predictions' | 'truths',
  { endpoint, day }: { readonly endpoint?: string; readonly day?: string }
): Promise<{ endpoint: string; day: string }[]> {
  if (endpoint !== undefined && !PROJECT_NAME.test(endpoint)) return [];
  if (day !== undefined && !/^\d{8}$/.test(day)) return [];
  const name = new RegExp(`^${kind}\\.(${endpoint ?? '[a-z0-9-]+'})\\.(${day ?? '\\d{8}'})$`);
  const collections = await store[MONGO].db
    .listCollections({ name: { $regex: name.source } }, { nameOnly: true })
    .toArray();
  const names = collections.map((collection) => collection.name).sort();
  return names.flatMap((each) => {
    const match = name.exec(each);
    return match === null ? [] : [{ endpoint: match[1] as string, day: match[2] as string }];
  });
}
