/** A whole run of housekeeping without Temporal, batch after batch. */
import { clean } from '../../src/activities/housekeeping/clean';
import {
  addTallies,
  type Cursor,
  type Retention,
  type RetentionMs,
  retentionMs,
  type Tally,
} from '../../src/domain/housekeeping';
import type { Stores } from '../../src/stores/connect';

export interface Cleaning {
  readonly dryRun?: boolean;
  readonly retention?: Partial<Retention>;
  readonly run?: string;
  readonly most?: number;
}

export async function cleaned(
  stores: Stores,
  { dryRun = false, retention = {}, run = 'run', most = 5_000 }: Cleaning = {}
): Promise<{ took: Tally[]; kept: Tally[]; batches: number }> {
  let cursor: Cursor = { stage: 'documents', after: '' };
  let took: Tally[] = [];
  let kept: Tally[] = [];
  let batches = 0;
  while (cursor.stage !== 'done') {
    const signal = new AbortController().signal;
    const ms = retentionMs(retention) as RetentionMs;
    const batch = await clean(stores, { run, retention: ms, dryRun, cursor, most }, signal);
    took = addTallies(took, batch.took);
    kept = addTallies(kept, batch.kept);
    cursor = batch.cursor;
    batches += 1;
  }
  return { took, kept, batches };
}
