/** Where every row of a source is after a batch: pure sums of what was counted. */
import type {
  IngestBatch,
  RemovedRows,
  RowAccount,
  RowsFile,
  ShardInfo,
  SnapshotRows,
  SourceFileAccount,
} from '../../domain/records';
import type { Compared } from './compare';
import { byPath, type IngestPlan } from './ingest-plan';
import { distinctNames } from './new-in-batch';
import type { Staged } from './stage';

export interface CountedBatch {
  readonly staged: Staged;
  readonly compared: Compared;
  /** Newly quarantined rows. */
  readonly quarantined: number;
  readonly reasons: IngestBatch['reasons'];
  readonly outranked: number;
  readonly asOf: string;
}

interface NewFiles {
  readonly shards: readonly ShardInfo[];
  readonly removed: readonly RemovedRows[];
  readonly quarantine: readonly RowsFile[];
}

/** @param written absent where the snapshot has the rows of its parent */
export function nextRows(plan: IngestPlan, counted: CountedBatch, written?: NewFiles): SnapshotRows {
  const { parent } = plan;
  const { compared, quarantined, reasons, asOf } = counted;
  const files = filesOf(plan, counted.staged.files);
  const account = accountOf(plan, counted, files);
  const { added, late, replaced, withdrawn } = compared;
  const after = parent?.asOf ?? null;
  const batch = { after, asOf, added, late, quarantined, reasons, replaced, withdrawn, account };
  return {
    asOf,
    rows: account.inSnapshot,
    shards: [...(parent?.shards ?? []), ...(written?.shards ?? [])],
    removed: [...(parent?.removed ?? []), ...(written?.removed ?? [])],
    quarantine: [...(parent?.quarantine ?? []), ...(written?.quarantine ?? [])],
    files,
    undeclared: distinctNames([...(parent?.undeclared ?? []), ...counted.staged.undeclared]),
    batches: [...(parent?.batches ?? []), ...(written === undefined ? [] : [batch satisfies IngestBatch])],
    account,
  };
}

const NONE = { further: 0, quarantined: 0, notYetKnown: 0 };

/** Every file of the source, those that are not read too. */
export function filesOf(
  { files, kept }: Pick<IngestPlan, 'files' | 'kept'>,
  staged: Staged['files']
): readonly SourceFileAccount[] {
  const had = new Map(kept.map((file) => [file.path, file]));
  const read = files.map(({ path, digest, bytes, from }): SourceFileAccount => {
    const { further, ...now } = staged.get(path) ?? NONE;
    const before = from === 0 ? undefined : had.get(path);
    return {
      path,
      digest,
      bytes,
      ...now,
      rows: from + further,
      quarantined: now.quarantined + (before?.quarantined ?? 0),
    };
  });
  const again = new Set(read.map(({ path }) => path));
  return [...kept.filter(({ path }) => !again.has(path)), ...read].sort(byPath);
}

function accountOf(
  { parent, reads }: IngestPlan,
  { compared, outranked }: CountedBatch,
  files: readonly SourceFileAccount[]
): RowAccount {
  const before = parent?.account ?? NOTHING;
  const { added, late, replaced, withdrawn, removedLate, gone } = compared;
  const sum = (what: 'rows' | 'quarantined' | 'notYetKnown') => files.reduce((all, file) => all + file[what], 0);
  // Rows of the source that gave way are counted by every full read anew; those that it no longer has add up.
  const outrankedAndGone = before.gone - before.withdrawn + gone - withdrawn;
  return {
    source: sum('rows'),
    gone: before.gone + gone,
    inSnapshot: before.inSnapshot + added - replaced - withdrawn,
    late: before.late + late - removedLate,
    quarantined: sum('quarantined'),
    replaced: reads === 'whole' ? outrankedAndGone + outranked : before.replaced + outranked + replaced,
    withdrawn: before.withdrawn + withdrawn,
    notYetKnown: sum('notYetKnown'),
  };
}

const NOTHING: RowAccount = {
  ...{ source: 0, gone: 0, inSnapshot: 0, late: 0 },
  ...{ quarantined: 0, replaced: 0, withdrawn: 0, notYetKnown: 0 },
};
