/** Snapshots made by the engine alone, one after another, as the ingest activity makes them. */
import { join } from 'node:path';
import { columnTypes, namesInFile } from '../../src/domain/definition';
import type { JobContext } from '../../src/domain/job';
import type { ObservedFile, RuleResult, ShardInfo, SnapshotRows } from '../../src/domain/records';
import { type IngestInput, type IngestOutput, ingest } from '../../src/engines/tables/ingest';
import { appendedFiles, longerFiles } from '../../src/engines/tables/appended';
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
  readonly source: IngestInput['source'];
  /** The plan was carried out twice, since the first left rows undecided. */
  readonly undecided: boolean;
}

export interface ToIngest extends Omit<IngestInput, 'plan' | 'parentFiles' | 'known'> {
  readonly files: readonly (ObservedFile & { readonly local: string })[];
  readonly parent?: Ingested | undefined;
  /** What people let in last, where that is not the parent. */
  readonly letIn?: Ingested;
}

export async function ingestFiles({ files, parent, letIn, ...rest }: ToIngest, context: JobContext): Promise<Ingested> {
  const locals = new Map(files.map(({ path, local }) => [path, local]));
  const known = knownFrom(parent, letIn);
  const longer = longerFiles(parent?.snapshot, files, rest.format);
  const appended = parent === undefined ? new Set<string>() : await appendedFiles(parent.snapshot, longer, 'utf-8');
  const grow = (whole: boolean): Promise<IngestOutput> => {
    const plan = planIngest(parent?.snapshot, files, rest.asOf, appended, whole);
    const local = plan.files.map((file) => ({ ...file, local: locals.get(file.path)! }));
    const parentFiles = plan.parent === undefined ? {} : parent!.locals;
    return ingest({ ...rest, ...known, plan: { ...plan, files: local }, parentFiles }, context);
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
    validation: batch?.validation ?? output.nothingNew ?? [],
    profile: batch?.profile ?? {},
    source: rest.source,
    undecided: 'undecided' in first,
  };
}

function knownFrom(parent: Ingested | undefined, letIn: Ingested | undefined): Pick<IngestInput, 'known'> {
  const from = letIn ?? parent;
  if (from === undefined) return {};
  const { snapshot, source, locals } = from;
  const declared = Object.entries(source.columns).flatMap(([name, each]) => namesInFile(name, each));
  const { key } = source;
  const known = {
    names: [...declared, ...snapshot.undeclared],
    columns: columnTypes(source),
    ...(key === undefined ? {} : { key }),
  };
  const { shards, removed } = snapshot;
  return { known: letIn === undefined ? known : { ...known, rows: { shards, removed, files: locals } } };
}
