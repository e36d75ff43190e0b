/**
 * Reading records: what there is (`list`), one of it (`find`), where it came from and what became of it (`lineage`).
 * Talks to MongoDB and S3 only, writes nothing, and needs neither Temporal nor a worker.
 */
import { MlopsError } from './domain/errors';
import type { Fact } from './domain/records';
import type { Digest } from './domain/refs';
import { MOST_TRIALS } from './domain/study/trial';
import { type EventClockRecord, eventClock } from './records/event-clock';
import { findLabels, findSnapshot, newestSnapshot } from './records/snapshots';
import { findRecord } from './records/find';
import { RECORD_KINDS, type RecordKind, type RecordOf, recordKind } from './records/kinds';
import { type Lineage, type LineageOptions, lineageOf } from './records/lineage';
import { type Listed, type ListFilter, type ListKind, listRecords } from './records/list';
import { conflictingPredictions, listPredictionDays, predictionsOfDay, unmatchedTruths } from './records/predictions';
import { openRecordStores } from './records/stores';
import { type StoreConfig, storeConfig } from './stores/config';
import { newestReport } from './stores/reports';
import { trialsUpTo } from './stores/trials';
import type { ConflictingPrediction, UnmatchedTruth } from './domain/endpoint';
import type { JoinedRow, PredictionDay } from './stores/predictions';

export { ERRORS, type ErrorCode, MlopsError } from './domain/errors';
export type { AuditEvent } from './domain/audit-event';
export type { CycleDocument, Fact } from './domain/records';
export type { ArtifactRef, Digest, FactKind, Ref } from './domain/refs';
export {
  type ProjectSummary,
  pluralOf,
  RECORD_KINDS,
  type RecordKind,
  recordKind,
  type RecordOf,
  type ReplicaRecord,
  type TriggerRecord,
  type VersionRecord,
} from './records/kinds';
export type { EventClockRecord } from './records/event-clock';
export type { Lineage, LineageNode, LineageOptions } from './records/lineage';
export type { Listed, ListFilter, ListKind } from './records/list';
export type { ConflictingPrediction, UnmatchedTruth } from './domain/endpoint';
export type { JoinedRow, PredictionDay } from './stores/predictions';

export interface Records {
  /** The newest records of a kind, the oldest of them first. */
  list<K extends ListKind>(kind: K, filter?: ListFilter): Promise<Listed<RecordOf<K>>>;
  /**
   * One record, or undefined. Ids are those that `list` gives; `flights@2` names a version by its number, `flights/20`
   * an audit event by its sequence, `<endpoint>/<prediction id>` a prediction; the beginning of a step's key will do.
   */
  find<K extends RecordKind>(kind: K, id: string): Promise<RecordOf<K> | undefined>;
  /** @throws MlopsError MLOPS_NOT_FOUND */
  lineage(kind: RecordKind, id: string, options?: LineageOptions): Promise<Lineage>;
  /** The newest days of event time that have predictions, with how many; default 100 days. */
  predictionDays(endpoint: string, limit?: number): Promise<PredictionDay[]>;
  /** Predictions of a day (`20010203`) by event time, each with its latest truth; the first `limit`, default 100. */
  predictions(endpoint: string, day: string, limit?: number): Promise<JoinedRow[]>;
  /** Truths that are kept aside: of no prediction, or contradicting one. The newest `limit`, default 100. */
  unmatchedTruths(endpoint: string, limit?: number): Promise<Listed<UnmatchedTruth>>;
  /** Predictions that are kept aside: other inputs under the id of one that is stored. The newest `limit`, default 100. */
  conflictingPredictions(endpoint: string, limit?: number): Promise<Listed<ConflictingPrediction>>;
  /** How far an endpoint's event time has come, and what it waits for. */
  eventClock(endpoint: string): Promise<EventClockRecord>;
  /** The snapshot that a project's newest cycle made or used, with its account of rows; undefined where there is none yet. */
  newestSnapshot(project: string): Promise<Fact<'snapshot'> | undefined>;
  /**
   * A snapshot as people name it: `flights` is the newest of the project, `flights@3` the one that the version was trained on,
   * `flights/4` that of the cycle, `flights@2001-02-01` the last one as of this moment or an earlier one; else its id.
   * @throws MlopsError MLOPS_NOT_FOUND, MLOPS_UNKNOWN_PROJECT, MLOPS_USAGE
   */
  snapshot(name: string): Promise<Fact<'snapshot'>>;
  /**
   * The page of the snapshot or evaluation of this id that was rendered last, of an evaluation one that names the version of that
   * id; undefined where there is none.
   */
  report(of: string, version?: string): Promise<Fact<'report'> | undefined>;
  /** Trials of the study of this id that have ended, in the order of their numbers. */
  trials(study: string): Promise<readonly Fact<'trial'>[]>;
  /**
   * Labels of the snapshot of this name: those that the version was trained on, where it names a version; else the newest.
   * @throws MlopsError MLOPS_NOT_FOUND, MLOPS_UNKNOWN_PROJECT, MLOPS_USAGE
   */
  labels(snapshot: string): Promise<Fact<'labelSet'>>;
  /** The first event of a project's audit chain that doesn't fit, or undefined. */
  firstBrokenAudit(project: string): Promise<string | undefined>;
  /** Downloads an artifact; its bytes are checked against the digest. */
  download(digest: Digest, path: string): Promise<void>;
  close(): Promise<void>;
}

/** @param config default: MONGODB_URI and S3_*, else what `scripts/stack.sh up` wrote. Connects with the first question. */
export function openRecords(config: StoreConfig = storeConfig()): Records {
  const stores = openRecordStores(config);
  let connecting: Promise<void> | undefined;
  const connected = (): Promise<void> => {
    connecting ??= stores.connect().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    async list(kind, filter) {
      const known = checkedKind(kind, LISTED_KINDS);
      await connected();
      return listRecords(stores, known, filter);
    },
    async find(kind, id) {
      const known = checkedKind(kind, RECORD_KINDS);
      await connected();
      return findRecord(stores, known, id);
    },
    async lineage(kind, id, options) {
      const known = checkedKind(kind, RECORD_KINDS);
      await connected();
      return lineageOf(stores, known, id, options);
    },
    predictionDays: (endpoint, limit = 100) => connected().then(() => listPredictionDays(stores, endpoint, limit)),
    predictions: (endpoint, day, limit = 100) => connected().then(() => predictionsOfDay(stores, endpoint, day, limit)),
    unmatchedTruths: (endpoint, limit = 100) => connected().then(() => unmatchedTruths(stores, endpoint, limit)),
    conflictingPredictions: (endpoint, limit = 100) =>
      connected().then(() => conflictingPredictions(stores, endpoint, limit)),
    eventClock: (endpoint) => connected().then(() => eventClock(stores, endpoint)),
    newestSnapshot: (project) => connected().then(() => newestSnapshot(stores, project)),
    snapshot: (name) => connected().then(() => findSnapshot(stores, name)),
    report: (of, version) => connected().then(async () => (await newestReport(stores, of, version)) ?? undefined),
    trials: (study) => connected().then(() => trialsUpTo(stores, study, MOST_TRIALS)),
    labels: (name) => connected().then(() => findLabels(stores, name)),
    firstBrokenAudit: (project) => connected().then(() => stores.audit.firstBroken(project)),
    download: (digest, path) => connected().then(() => stores.artifacts.download(digest, path)),
    close: () => stores.close(),
  };
}

const LISTED_KINDS = RECORD_KINDS.filter((kind) => kind !== 'prediction');

/** For callers without types, and those who write a plural. */
function checkedKind<K extends RecordKind>(kind: K, kinds: readonly RecordKind[]): K {
  const known = recordKind(kind) as K;
  if (kinds.includes(known)) return known;
  const fix = 'Predictions are listed by day: predictionDays(endpoint), then predictions(endpoint, day).';
  throw new MlopsError('MLOPS_USAGE', `list doesn't know ${known}s.`, {}, fix);
}
