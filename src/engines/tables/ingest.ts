/** Ingest: the rows of one full read as of a moment, made from as little reading as that takes, as Parquet shards. */
import { join } from 'node:path';
import { columnTypes, type SchemaDefinition, type SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Job, JobContext, JobFile } from '../../domain/job';
import type { Profile } from '../../domain/profile';
import type { RemovedRows, RowsFile, RuleResult, SnapshotRows } from '../../domain/records';
import { filesOf, nextRows } from './account';
import { checkBatch, refuseIfBroken, refuseTooMuchNew } from './check-batch';
import { type Compared, compareRows } from './compare';
import { type Database, memoryBytes, withDatabase } from './duckdb';
import { earlierOf, type LetInRows } from './earlier';
import { judgeBesideEarlier } from './earlier-rules';
import { withHeartbeat } from './heartbeat';
import type { IngestPlan } from './ingest-plan';
import { checkPatterns } from './judge-rows';
import { type DataShard, dataShards, liveRows } from './live-rows';
import { digestOfFile } from './observe';
import { type BesideKnown, type Known, newColumns, newInBatch } from './new-in-batch';
import { profileOf } from './profile';
import { rankRows } from './rank';
import type { FileFormat } from './reading/relation';
import { sourceRows } from './reading/source-limits';
import { liesInOrder, rowOrder } from './row-order';
import { rowRules } from './rules';
import { PARQUET, writeShards } from './shards';
import { BATCH, column, CONTENT, FILE, KEY, KNOWN_AT, path, ROW, UNPARSED } from './sql';
import { REASON, type SourceFile, stage, type StagedFile } from './stage';

export interface IngestInput {
  readonly plan: Omit<IngestPlan, 'files'> & { readonly files: readonly SourceFile[] };
  /** Local paths of the parent's artifacts, by their names. */
  readonly parentFiles: Readonly<Record<string, string>>;
  /** What people let in last; absent before they did. What it lacks is new, however the rows are taken, and the rules about earlier data are about its rows. */
  readonly known?: Known & {
    /** Declared then. */
    readonly key?: readonly string[];
    /** Where it is not the parent: its rows, with local paths of its artifacts by their names. */
    readonly rows?: Pick<SnapshotRows, 'shards' | 'removed'> & { readonly files: Readonly<Record<string, string>> };
  };
  readonly format: FileFormat;
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  /** ISO-8601: the snapshot holds what was known by then. */
  readonly asOf: string;
  /** Of a shard, on average; 65,536 by default. */
  readonly rowsPerShard?: number;
  readonly memoryLimit?: string;
}

export type IngestOutput =
  | {
      readonly rows: SnapshotRows;
      /** What the batch adds to the parent's artifacts. */
      readonly files: readonly JobFile[];
      /** Where nothing changed: the rules that a batch without any row is judged by. */
      readonly nothingNew?: readonly RuleResult[];
      /** Of the batch; absent where nothing changed. */
      readonly batch?: { readonly validation: readonly RuleResult[]; readonly profile: Profile };
    }
  /** Only a full read can say which of two rows of one key stands: ask again with a plan that reads the whole. */
  | { readonly undecided: true };

const ROWS_PER_SHARD = 65_536;
const STEPS = 5;

/**
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE, MLOPS_SOURCE_EMPTY, MLOPS_SOURCE_CHANGED since it was observed,
 * MLOPS_COLUMN_MISSING, MLOPS_COLUMN_AMBIGUOUS, MLOPS_COLUMN_TYPE, MLOPS_TOO_FEW_ROWS, MLOPS_QUARANTINE_TOO_LARGE, MLOPS_EXPECTATION_FAILED,
 * MLOPS_TOO_MANY_ROWS, MLOPS_TOO_MUCH_NEW, MLOPS_DEFINITION_INVALID, MLOPS_NAME_INVALID. What is in the folder then counts for nothing. A batch without any row after the first is not an error.
 */
export const ingest: Job<IngestInput, IngestOutput> = async (input, context) => {
  const { plan, parentFiles, source, asOf, schema, format, memoryLimit } = input;
  const { parent, files } = plan;
  if (parent !== undefined && plan.reads === 'added' && files.length === 0)
    return { rows: { ...parent, asOf }, files: [], nothingNew: await nothingNew(input, context) };
  const columns = columnTypes(source);
  const rules = rowRules(source, schema);
  const readable = [...files.map(({ local }) => local), ...localsOf(input)];
  return await withHeartbeat(context, STEPS, (step) =>
    withDatabase({ files: readable, folder: context.folder, memoryLimit }, async (database) => {
      step('read');
      await checkPatterns(database, rules);
      const placing = { order: liesInOrder(plan) ? rowOrder(source) : [], memory: memoryBytes(memoryLimit) };
      const staged = await stage(database, { files, format, source, schema, asOf }, rules, context.folder, placing);
      refuseTooMany(plan, staged.files, source);
      step('sort');
      const shards = dataShards(parent, parentFiles);
      const ranked = await rankRows(database, { source, plan, good: staged.good, shards });
      if (ranked === undefined) return { undecided: true };
      const quarantined = parent?.quarantine.map(({ name }) => parentFiles[name]!) ?? [];
      const compared = await compareRows(database, source, plan, ranked, { shards, quarantine: quarantined });
      step('check');
      const kept = shards.length === 0 ? {} : { staying: stayingRows(shards, Object.keys(columns), compared) };
      const notYetKnown = [...staged.files.values()].reduce((sum, file) => sum + file.notYetKnown, 0);
      const beside = besideKnown(input, { undeclared: staged.undeclared, added: 'accepted', ...kept });
      const added = parent === undefined || compared.added > 0 ? { added: 'accepted' } : {};
      const earlier = await earlierOf(database, { source, schema, ...letInRows(input), ...added, ...kept });
      const checked = await checkBatch(
        database,
        { source, schema, asOf, files, after: parent?.asOf ?? null, notYetKnown, ...kept, beside, earlier },
        rules
      );
      const before = { staged, compared, ...checked, outranked: ranked.outranked, asOf };
      if (parent !== undefined && checked.rows + compared.replaced + compared.withdrawn === 0) {
        step('profile');
        step('write');
        return { rows: nextRows(plan, before), files: [], nothingNew: checked.ofSnapshot };
      }
      step('profile');
      const profile = await profileOf(database, 'accepted', source.columns);
      step('write');
      const batch = parent?.batches.length ?? 0;
      const written = await writeShards(database, 'accepted', {
        folder: context.folder,
        batch,
        columns,
        ...(source.eventTime === undefined ? {} : { eventTime: source.eventTime }),
        rowsWanted: input.rowsPerShard ?? ROWS_PER_SHARD,
        firstShard: parent?.shards.length ?? 0,
      });
      const removed = await writeRemoved(database, context, batch);
      const quarantine = await writeQuarantine(database, context, source, batch, checked.quarantined);
      return {
        rows: nextRows(plan, before, { shards: written, removed, quarantine }),
        files: [...written, ...removed, ...quarantine].map(({ name }) => ({
          name,
          file: `${name}.parquet`,
          mediaType: 'application/vnd.apache.parquet',
        })),
        batch: { validation: checked.validation, profile },
      };
    })
  );
};

function refuseTooMany(
  plan: IngestInput['plan'],
  staged: ReadonlyMap<string, StagedFile>,
  { name }: SourceDefinition
): void {
  const rows = filesOf(plan, staged).reduce((sum, file) => sum + file.rows, 0);
  const limit = sourceRows();
  if (rows <= limit) return;
  const fix = "Read less of it, or raise the worker's limit sourceRows.";
  throw new MlopsError(
    'MLOPS_TOO_MANY_ROWS',
    'The source has more rows than it may.',
    { source: name, rows, limit },
    fix
  );
}

/** The parent stands as it is, but it may have become too old, or have what people did not let in. */
async function nothingNew(input: IngestInput, { folder }: JobContext): Promise<readonly RuleResult[]> {
  const { plan, parentFiles, known, schema, source, asOf, memoryLimit } = input;
  const shards = dataShards(plan.parent, parentFiles);
  const kept = shards.length === 0 ? {} : { staying: liveRows(shards, stayingColumns(Object.keys(source.columns))) };
  const beside = besideKnown(input, { undeclared: [], ...kept });
  const isFresh = schema.table.some((rule) => 'fresh' in rule);
  const isLetIn = known?.rows === undefined;
  if (!isFresh && isLetIn && newColumns({ schema, ...beside }).length === 0) return [];
  const judged = await withDatabase({ files: localsOf(input), folder, memoryLimit }, async (database) => {
    const ofNew = await newInBatch(database, { source, schema, ...beside });
    const earlier = isLetIn ? {} : await earlierOf(database, { source, schema, ...letInRows(input), ...kept });
    const all = Object.values(kept);
    return { ofNew, ofEarlier: await judgeBesideEarlier(database, { source, schema, asOf, earlier, all }) };
  });
  const batch = { files: plan.kept, after: plan.parent?.asOf ?? null, asOf };
  const results = [...judged.ofNew, ...judged.ofEarlier];
  refuseIfBroken(batch, results);
  refuseTooMuchNew(batch, judged.ofNew);
  return results;
}

/** Local paths of the artifacts that are read. */
function localsOf({ parentFiles, known }: IngestInput): string[] {
  return [...new Set([parentFiles, known?.rows?.files ?? {}].flatMap((files) => Object.values(files)))];
}

interface Taken {
  /** Columns of the batch's files that nothing declares. */
  readonly undeclared: readonly string[];
  /** A table of the rows that the batch adds. */
  readonly added?: string;
  /** A relation of the parent's rows that stay. */
  readonly staying?: string;
}

/** The rows that people let in last, as they lie on this machine. */
function letInRows({ plan, parentFiles, known }: IngestInput): { readonly letIn?: LetInRows } {
  if (known === undefined) return {};
  const { columns, key, rows } = known;
  const shards = rows === undefined ? dataShards(plan.parent, parentFiles) : dataShards(rows, rows.files);
  return { letIn: { shards, columns, ...(key === undefined ? {} : { key }), isParent: rows === undefined } };
}

/** Where the parent is what is known, its own rows have nothing new. */
function besideKnown(
  input: IngestInput,
  { undeclared, added, staying }: Taken
): Pick<BesideKnown, 'undeclared' | 'known' | 'rows'> {
  const { plan, known, source } = input;
  const all = { undeclared: [...new Set([...(plan.parent?.undeclared ?? []), ...undeclared])].sort() };
  if (known === undefined) return all;
  const { names, columns, rows } = known;
  const own = Object.keys(columns).map(column);
  const { shards = [] } = letInRows(input).letIn ?? {};
  const isKnown = { names, columns, ...(shards.length === 0 ? {} : { rows: liveRows(shards, own) }) };
  const declared = Object.keys(source.columns).map(column).join(', ');
  const relations = [...(added === undefined ? [] : [added]), ...(staying === undefined ? [] : [staying])];
  const both = relations.map((relation) => `SELECT ${declared} FROM ${relation}`).join(' UNION ALL ');
  return { ...all, known: isKnown, ...(rows === undefined || both === '' ? {} : { rows: `(${both})` }) };
}

/** The parent's rows without those that the batch removes. */
function stayingRows(
  shards: readonly DataShard[],
  names: readonly string[],
  { replaced, withdrawn }: Compared
): string {
  const rows = liveRows(shards, [...stayingColumns(names), `"${BATCH}"`]);
  // To look for them in vain takes as long as to read the keys.
  return replaced + withdrawn === 0 ? rows : `(FROM ${rows} ANTI JOIN removed USING ("${KEY}", "${BATCH}"))`;
}

function stayingColumns(names: readonly string[]): readonly string[] {
  return [...names.map(column), ...[KNOWN_AT, KEY, CONTENT, FILE, ROW].map((name) => `"${name}"`)];
}

async function writeRemoved(
  database: Database,
  { folder }: JobContext,
  batch: number
): Promise<readonly RemovedRows[]> {
  const found = await database.rows(`SELECT "${BATCH}" AS batch, count(*) AS n FROM removed GROUP BY ALL ORDER BY ALL`);
  if (found.length === 0) return [];
  const name = `removed-${String(batch).padStart(5, '0')}`;
  const file = join(folder, `${name}.parquet`);
  await database.run(
    `COPY (SELECT "${BATCH}"::INTEGER AS "${BATCH}", "${KEY}", why, by_file, by_row FROM removed ORDER BY "${BATCH}", "${KEY}")
     TO ${path(file)} (${PARQUET})`
  );
  const rows = found.reduce((sum, { n }) => sum + Number(n), 0);
  return [{ name, digest: await digestOfFile(file), rows, batches: found.map((each) => Number(each['batch'])) }];
}

async function writeQuarantine(
  database: Database,
  { folder }: JobContext,
  source: SourceDefinition,
  batch: number,
  rows: number
): Promise<readonly RowsFile[]> {
  if (rows === 0) return [];
  const name = `quarantine-${String(batch).padStart(5, '0')}`;
  const own = [
    ...Object.keys(source.columns).map(column),
    ...[KEY, CONTENT, KNOWN_AT, ROW, UNPARSED].map((c) => `"${c}"`),
  ];
  await database.run(
    `COPY (SELECT ${own.join(', ')}, "${FILE}"::VARCHAR AS "${FILE}", "${REASON}" FROM refused)
     TO ${path(join(folder, `${name}.parquet`))} (${PARQUET})`
  );
  return [{ name, rows }];
}
