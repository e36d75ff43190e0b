/** Snapshots made by the engine alone, one after another, as the ingest activity makes them. */
import { join } from 'node:path';
import type { JobContext } from '../../src/domain/job';
import type { ObservedFile, RuleResult, ShardInfo, SnapshotRows } from '../../src/domain/records';
import { type IngestInput, type IngestOutput, ingest } from '../../src/engines/tables/ingest';
import { planIngest } from '../../src/engines/tables/ingest-plan';
import { type DataShard, dataShards } from '../../src/engines/tables/live-rows';
import type { Profile } from '../../src/domain/profile';

export interface Ingested {
  readonly snapshot: SnapshotRows;
  /** Local paths of its artifacts. */
  readonly locals: Readonly<Record<string, string>>;
  readonly data: readonly DataShard[];
  /** The batch's own. */
  readonly shards: readonly ShardInfo[];
  readonly validation: readonly RuleResult[];
  readonly profile: Profile;
  /** The plan was carried out twice, since the first left rows undecided. */
  readonly undecided: boolean;
}

export interface ToIngest extends Omit<IngestInput, 'plan' | 'parentFiles'> {
  readonly files: readonly (ObservedFile & { readonly local: string })[];
  readonly parent?: Ingested | undefined;
}

export async function ingestFiles({ files, parent, ...rest }: ToIngest, context: JobContext): Promise<Ingested> {
  const locals = new Map(files.map(({ path, local }) => [path, local]));
  const grow = (whole: boolean): Promise<IngestOutput> => {
    const plan = planIngest(parent?.snapshot, files, rest.asOf, whole);
    const local = plan.files.map((file) => ({ ...file, local: locals.get(file.path)! }));
    const parentFiles = plan.parent === undefined ? {} : parent!.locals;
    return ingest({ ...rest, plan: { ...plan, files: local }, parentFiles }, context);
  };
  const first = await grow(false);
  const output = 'undecided' in first ? await grow(true) : first;
  if ('undecided' in output) throw new Error('a full read left rows undecided');
  const { rows, batch } = output;
  const made = output.files.map(({ name, file }) => [name, join(context.folder, file)]);
  const all = { ...parent?.locals, ...Object.fromEntries(made) };
  const own = new Set(output.files.map(({ name }) => name));
  return {
    snapshot: rows,
    locals: all,
    data: dataShards(rows, all),
    shards: rows.shards.filter(({ name }) => own.has(name)),
    validation: batch?.validation ?? [],
    profile: batch?.profile ?? {},
    undecided: 'undecided' in first,
  };
}
