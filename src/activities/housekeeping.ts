/** Housekeeping's effects: a batch of it, and its record. Its own workflows ask for them; for how long bytes are kept the worker alone says. */
import type { Cursor, Retention, Tally } from '../domain/housekeeping';
import { HOUSEKEEPING_CHAIN, isHousekeeping } from '../domain/ids';
import { crashPoint } from '../runtime/crash-points';
import { takenBy } from '../stores/taking';
import { callingWorkflow, notAuthorized } from './caller';
import type { ActivityDeps } from './deps';
import { clean, type Cleaned } from './housekeeping/clean';
import { inMs } from './housekeeping/retention';
import { withHeartbeat } from './step/heartbeat';

export interface CleanStores {
  /** The run's id: what it takes is counted by it. */
  readonly run: string;
  readonly dryRun: boolean;
  readonly cursor: Cursor;
}

/** Artifacts that one batch takes; then the records are read anew. */
const MOST_TAKEN = 5_000;

export function housekeepingActivities(deps: ActivityDeps) {
  return {
    async mlopsCleanStores({ run, dryRun, cursor }: CleanStores): Promise<Cleaned & { readonly retention: Retention }> {
      requireHousekeeping();
      const stores = await deps.stores();
      const retention = inMs(deps.retention);
      const cleaned = await withHeartbeat(`${dryRun ? 'looks through' : 'cleans'} ${cursor.stage}`, (signal) =>
        clean(stores, { run, retention, dryRun, cursor, most: MOST_TAKEN }, signal)
      );
      return { ...cleaned, retention: deps.retention };
    },

    /** What a run took, by the artifacts' documents, in the audit. */
    async mlopsRecordHousekeeping({ run }: { readonly run: string }): Promise<{ readonly taken: readonly Tally[] }> {
      requireHousekeeping();
      const stores = await deps.stores();
      const taken = await takenBy(stores, run);
      await stores.audit.record({
        id: `housekeeping ${run}`,
        project: HOUSEKEEPING_CHAIN,
        what: 'housekeeping',
        by: 'temporal-mlops',
        detail: { taken, retention: deps.retention },
      });
      crashPoint('housekeeping:recorded');
      return { taken };
    },
  };
}

function requireHousekeeping(): void {
  const { workflowId } = callingWorkflow();
  if (!isHousekeeping(workflowId))
    throw notAuthorized('Another workflow called this activity.', { caller: workflowId });
}
