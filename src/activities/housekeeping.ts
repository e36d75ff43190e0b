/** Housekeeping's effects: a batch of it, and its record. */
import { MlopsError } from '../domain/errors';
import {
  addTallies,
  type Cursor,
  DEFAULT_RETENTION,
  type HousekeepingResult,
  type Retention,
  retentionMs,
  type Tally,
} from '../domain/housekeeping';
import { HOUSEKEEPING_CHAIN } from '../domain/ids';
import { crashPoint } from '../runtime/crash-points';
import { takenBy } from '../stores/taking';
import type { ActivityDeps } from './deps';
import { clean, type Cleaned } from './housekeeping/clean';
import { withHeartbeat } from './step/heartbeat';

export interface CleanStores {
  /** The run's id: what it takes is counted by it. */
  readonly run: string;
  readonly retention: Partial<Retention>;
  readonly dryRun: boolean;
  readonly cursor: Cursor;
}

export interface RecordHousekeeping {
  readonly run: string;
  readonly retention: Partial<Retention>;
  /** By the batches. */
  readonly took: readonly Tally[];
  readonly kept: readonly Tally[];
}

/** Artifacts that one batch takes; then the records are read anew. */
const MOST_TAKEN = 5_000;

export function housekeepingActivities(deps: ActivityDeps) {
  return {
    /** @throws MlopsError MLOPS_USAGE: a retention that is not one */
    async mlopsCleanStores({ run, retention, dryRun, cursor }: CleanStores): Promise<Cleaned> {
      const ms = retentionMs(retention);
      if (typeof ms === 'string')
        throw new MlopsError('MLOPS_USAGE', `The retention is invalid: ${ms}.`, {}, 'See docs/housekeeping.md.');
      const stores = await deps.stores();
      return withHeartbeat(`${dryRun ? 'looks through' : 'cleans'} ${cursor.stage}`, (signal) =>
        clean(stores, { run, retention: ms, dryRun, cursor, most: MOST_TAKEN }, signal)
      );
    },

    /** What a run took, counted by the documents that say so, in the audit. */
    async mlopsRecordHousekeeping({ run, retention, took, kept }: RecordHousekeeping): Promise<HousekeepingResult> {
      const stores = await deps.stores();
      const undocumented = took.filter(({ what }) => what === 'no document' || what === 'incomplete upload');
      const documented = (await takenBy(stores, run)).filter(({ what }) => what !== 'no document');
      const taken = addTallies(documented, undocumented);
      await stores.audit.record({
        id: `housekeeping ${run}`,
        project: HOUSEKEEPING_CHAIN,
        what: 'housekeeping',
        by: 'temporal-mlops',
        detail: { taken, kept, retention: { ...DEFAULT_RETENTION, ...retention } },
      });
      crashPoint('housekeeping:recorded');
      return { dryRun: false, taken, kept };
    },
  };
}
