/**
 * Ground truths, `truths.<endpoint>`, each a record of its own, joined by the prediction's id. A truth is stored with its
 * prediction's event time and version, so that indexes answer how much of a window is known. What says nothing about a prediction is
 * kept aside in `unmatched.<endpoint>`, until the prediction comes.
 */
import type { Collection } from 'mongodb';
import type { PredictionRecord, TruthRecord, UnmatchedTruth } from '../domain/endpoint';
import type { TimeRange } from '../domain/period';
import { insertNew } from './insert-new';
import { markLate } from './late';
import { MONGO, type Store } from './mongo';
import type { KnownPrediction } from './predictions';

/** `eventTime` and `version`: its prediction's; absent where that is in no window, such as of synthetic traffic. */
export type StoredTruth = TruthRecord & { readonly eventTime?: Date; readonly version?: number };

export function truthsOf(store: Store, endpoint: string): Collection<StoredTruth> {
  return store[MONGO].db.collection(`truths.${endpoint}`);
}

function unmatchedOf(store: Store, endpoint: string): Collection<UnmatchedTruth> {
  return store[MONGO].db.collection(`unmatched.${endpoint}`);
}

const prepared = new WeakMap<object, Set<string>>();

async function prepare(store: Store, endpoint: string): Promise<void> {
  const done = prepared.get(store[MONGO]) ?? new Set();
  if (done.has(endpoint)) return;
  await truthsOf(store, endpoint).createIndexes([
    { key: { prediction: 1, revision: 1 } },
    { key: { eventTime: 1, version: 1, prediction: 1, knownAt: 1 } },
  ]);
  await unmatchedOf(store, endpoint).createIndexes([{ key: { prediction: 1 } }, { key: { since: 1 } }]);
  prepared.set(store, done.add(endpoint));
}

type Lookup = (ids: readonly string[]) => Promise<readonly KnownPrediction[]>;

/** Stores each once; the number of those that are kept aside. */
export async function storeTruths(
  store: Store,
  endpoint: string,
  truths: readonly TruthRecord[],
  lookup: Lookup
): Promise<number> {
  await prepare(store, endpoint);
  const { unknown, other } = await place(store, endpoint, truths, lookup);
  if (unknown.length === 0) return other;
  await keepAside(store, endpoint, unknown, 'no prediction of this id');
  // Its prediction may have been stored between the two: whoever writes second finds what the other wrote.
  const again = await place(store, endpoint, unknown, lookup);
  const placed = unknown.filter((truth) => !again.unknown.includes(truth));
  await release(store, endpoint, placed);
  return other + again.other + again.unknown.length;
}

/** Truths that came before these predictions. */
export async function matchTruths(
  store: Store,
  endpoint: string,
  predictions: readonly PredictionRecord[]
): Promise<void> {
  // Seldom does any: one question instead of one for each prediction.
  if ((await unmatchedOf(store, endpoint).findOne({}, { sort: { _id: 1 }, projection: { _id: 1 } })) === null) return;
  const waiting = await unmatchedOf(store, endpoint)
    .find<TruthRecord>(
      { prediction: { $in: predictions.map(({ _id }) => _id) }, why: 'no prediction of this id' },
      { projection: { why: 0, since: 0 } }
    )
    .sort({ receivedAt: 1 })
    .toArray();
  if (waiting.length === 0) return;
  await prepare(store, endpoint);
  const truths = waiting.map((truth) => ({ ...truth, _id: `${truth.prediction}#${truth.revision}` }));
  await place(store, endpoint, truths, async () => predictions);
  await release(store, endpoint, truths);
}

/** Into the truths, with the prediction's event time. Another value of the same revision goes aside. */
async function place(store: Store, endpoint: string, truths: readonly TruthRecord[], lookup: Lookup) {
  const predictions = new Map(
    (await lookup(truths.map(({ prediction }) => prediction))).map((known) => [known._id, known])
  );
  const known: StoredTruth[] = [];
  const unknown: TruthRecord[] = [];
  for (const truth of truths) {
    const prediction = predictions.get(truth.prediction);
    if (prediction === undefined) unknown.push(truth);
    else known.push(prediction.synthetic === true ? truth : { ...truth, ...placeOf(prediction) });
  }
  const there = (await insertNew(truthsOf(store, endpoint), known)).map((position) => known[position] as StoredTruth);
  const other = await differing(store, endpoint, there);
  await keepAside(store, endpoint, other, 'another value is stored');
  await markLate(store, endpoint, known);
  return { unknown, other: other.length };
}

function placeOf({ eventTime, version }: KnownPrediction): Pick<StoredTruth, 'eventTime' | 'version'> {
  return { ...(eventTime === undefined ? {} : { eventTime }), version };
}

async function differing(store: Store, endpoint: string, truths: readonly StoredTruth[]): Promise<StoredTruth[]> {
  if (truths.length === 0) return [];
  const stored = await truthsOf(store, endpoint)
    .find({ _id: { $in: truths.map(({ _id }) => _id) } }, { projection: { value: 1 } })
    .toArray();
  const values = new Map(stored.map(({ _id, value }) => [_id, value]));
  return truths.filter(({ _id, value }) => values.get(_id) !== value);
}

/** Each value of a prediction's revision has one place there. */
const asideId = ({ prediction, revision, value }: TruthRecord): string => `${prediction}#${revision}=${value}`;

async function keepAside(
  store: Store,
  endpoint: string,
  truths: readonly StoredTruth[],
  why: UnmatchedTruth['why']
): Promise<void> {
  if (truths.length === 0) return;
  await unmatchedOf(store, endpoint).bulkWrite(
    truths.map((truth) => {
      const { _id, ...aside } = { ...truth, _id: asideId(truth), why };
      // One that is sent again is nothing new.
      const update = { $set: aside, $setOnInsert: { since: new Date() } };
      return { updateOne: { filter: { _id }, update, upsert: true } };
    }),
    { ordered: false }
  );
}

async function release(store: Store, endpoint: string, truths: readonly TruthRecord[]): Promise<void> {
  if (truths.length === 0) return;
  const why = 'no prediction of this id';
  await unmatchedOf(store, endpoint).deleteMany({ _id: { $in: truths.map(asideId) }, why });
}

/** How many are kept aside. */
export function countUnmatched(store: Store, endpoint: string): Promise<number> {
  return unmatchedOf(store, endpoint).estimatedDocumentCount();
}

/** How many were kept aside since then: first sent, not sent again. */
export function countUnmatchedSince(store: Store, endpoint: string, since: Date): Promise<number> {
  return unmatchedOf(store, endpoint).countDocuments({ since: { $gte: since } });
}

/** The newest that are kept aside, the oldest of them first. */
export async function listUnmatched(store: Store, endpoint: string, limit: number): Promise<UnmatchedTruth[]> {
  const newest = await unmatchedOf(store, endpoint).find().sort({ $natural: -1 }).limit(limit).toArray();
  return newest.reverse();
}

/** Predictions of the period whose truth was known by `asOf`. @param version those that it answered; default: all */
export async function countTruths(
  store: Store,
  endpoint: string,
  period: TimeRange,
  asOf: string,
  version?: number
): Promise<number> {
  const [counted] = await truthsOf(store, endpoint)
    .aggregate<{ count: number }>([...firstKnown(period, asOf, version), { $count: 'count' }])
    .toArray();
  return counted?.count ?? 0;
}

/** When the world knew the truth of `count` predictions of a version in the period; undefined where it knew fewer by `asOf`. */
export async function knownWhen(
  store: Store,
  endpoint: string,
  period: TimeRange,
  version: number | undefined,
  count: number,
  asOf: string
): Promise<Date | undefined> {
  const [found] = await truthsOf(store, endpoint)
    .aggregate<{ knownAt: Date }>([
      ...firstKnown(period, asOf, version),
      { $sort: { knownAt: 1 } },
      { $skip: count - 1 },
      { $limit: 1 },
    ])
    .toArray();
  return found?.knownAt;
}

/** When each prediction's first truth was known: a correction doesn't count again. The index holds all of it. */
function firstKnown({ from, to }: TimeRange, asOf: string, version: number | undefined) {
  const eventTime = { $gte: new Date(from), $lt: new Date(to) };
  const answered = version === undefined ? {} : { version };
  return [
    { $match: { eventTime, ...answered, knownAt: { $lte: new Date(asOf) } } },
    { $group: { _id: '$prediction', knownAt: { $min: '$knownAt' } } },
  ];
}
