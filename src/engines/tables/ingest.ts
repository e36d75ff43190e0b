/** Ingest: the rows of one full read as of a moment, made from as little reading as that takes, as Parquet shards. */
import { join } from 'node:path';
import { columnTypes, type SchemaDefinition, type SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Job, JobContext, JobFile } from '../../domain/job';
import type { Profile } from '../../domain/profile';
import type { RemovedRows, RowsFile, RuleResult, SnapshotRows } from '../../domain/records';
import { filesOf, nextRows } from './account';
import { checkBatch, refuseIfBroken } from './check-batch';
import { compareRows } from './compare';
import { type Database, withDatabase } from './duckdb';
import { withHeartbeat } from './heartbeat';
import type { IngestPlan } from './ingest-plan';
import { checkPatterns } from './judge-rows';
import { type DataShard, dataShards, liveRows } from './live-rows';
import { digestOfFile } from './observe';
import { judgeBesideParent } from './parent-rules';
import { profileOf } from './profile';
import { rankRows } from './rank';
import type { FileFormat } from './reading/relation';
import { sourceRows } from './reading/source-limits';
import { rowRules } from './rules';
import { PARQUET, writeShards } from './shards';
import { BATCH, column, CONTENT, FILE, KEY, KNOWN_AT, path, ROW, UNPARSED } from './sql';
import { REASON, type SourceFile, stage, type StagedFile } from './stage';

export interface IngestInput {
  readonly plan: Omit<IngestPlan, 'files'> & { readonly files: readonly SourceFile[] };
  /** Local paths of the parent's artifacts, by their names. */
  readonly parentFiles: Readonly<Record<string, string>>;
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
 * MLOPS_TOO_MANY_ROWS, MLOPS_DEFINITION_INVALID, MLOPS_NAME_INVALID. What is in the folder then counts for nothing. A batch without any row after the first is not an error.
 */
export const ingest: Job<IngestInput, IngestOutput> = async (input, context) => {
  const { plan, parentFiles, source, asOf, schema, format, memoryLimit } = input;
  const { parent, files } = plan;
  if (parent !== undefined && plan.reads === 'added' && files.length === 0)
    return { rows: { ...parent, asOf }, files: [], nothingNew: await nothingNew(input, context) };
  const columns = columnTypes(source);
  const rules = rowRules(source, schema);
  const readable = [...files.map(({ local }) => local), ...Object.values(parentFiles)];
  return await withHeartbeat(context, STEPS, (step) =>
    withDatabase({ files: readable, folder: context.folder, memoryLimit }, async (database) => {
      step('read');
      await checkPatterns(database, rules);
      const staged = await stage(database, { files, format, source, schema, asOf }, rules, context.folder);
      refuseTooMany(plan, staged.files, source);
      step('sort');
      const shards = dataShards(parent, parentFiles);
      const ranked = await rankRows(database, { source, plan, shards });
      if (ranked === undefined) return { undecided: true };
      const quarantined = parent?.quarantine.map(({ name }) => parentFiles[name]!) ?? [];
      const compared = await compareRows(database, source, plan, ranked, { shards, quarantine: quarantined });
      await database.run('DROP TABLE staged');
      step('check');
      const kept = shards.length === 0 ? {} : { before: staying(shards, Object.keys(columns)) };
      const besides = {
        undeclared: staged.undeclared,
        ...(parent === undefined ? {} : { undeclaredBefore: parent.undeclared }),
      };
      const checked = await checkBatch(
        database,
        { ...input, files, after: parent?.asOf ?? null, ...kept, ...besides },
        rules
      );
      const before = { staged, compared, ...checked, outranked: ranked.outranked, asOf };
      if (parent !== undefined && checked.rows + compared.replaced + compared.withdrawn === 0) {
        step('profile');
        step('write');
        return { rows: nextRows(plan, before), files: [], nothingNew: checked.validation.filter(isOfTable) };
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

function isOfTable(result: RuleResult): boolean {
  return !('checked' in result);
}

/** The parent stands as it is, but it may have become too old. */
async function nothingNew(
  { plan, parentFiles, schema, source, asOf, memoryLimit }: IngestInput,
  { folder }: JobContext
): Promise<readonly RuleResult[]> {
  const rules = schema.table.filter((rule) => 'fresh' in rule);
  if (rules.length === 0) return [];
  const shards = dataShards(plan.parent, parentFiles);
  const before = shards.length === 0 ? {} : { before: liveRows(shards, [`"${KNOWN_AT}"`]) };
  const results = await withDatabase({ files: Object.values(parentFiles), folder, memoryLimit }, (database) =>
    judgeBesideParent(database, rules, { types: columnTypes(source), asOf, ...before })
  );
  refuseIfBroken({ files: plan.kept, after: plan.parent?.asOf ?? null, asOf }, results);
  return results;
}

/** The parent's rows without those that the batch removes. */
function staying(shards: readonly DataShard[], names: readonly string[]): string {
  const rows = liveRows(shards, [...names.map(column), `"${KNOWN_AT}"`, `"${KEY}"`, `"${BATCH}"`]);
  return `(FROM ${rows} ANTI JOIN removed USING ("${KEY}", "${BATCH}"))`;
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
