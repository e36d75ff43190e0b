/** Ingest: rows that became known in a span of time, checked, in total order, as Parquet shards. */
import { join } from 'node:path';
import { columnTypes, type SchemaDefinition, type SourceDefinition } from '../../domain/definition';
import type { Job, JobContext } from '../../domain/job';
import type { RuleResult } from '../../domain/records';
import type { Digest } from '../../domain/refs';
import { checkBatch } from './check-batch';
import { type Database, withDatabase } from './duckdb';
import { withHeartbeat } from './heartbeat';
import { digestOfFile } from './observe';
import { type Profile, profileOf } from './profile';
import type { FileFormat } from './reading/relation';
import { rowRules } from './rules';
import { PARQUET, type ShardFile, writeShards } from './shards';
import { column, FILE, KNOWN_AT, path, ROW, UNPARSED } from './sql';
import { REASON, type SourceFile, stage } from './stage';

export interface IngestInput {
  readonly files: readonly SourceFile[];
  readonly format: FileFormat;
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  /** ISO-8601. The batch: rows with after < knownAt <= asOf; null takes all up to asOf. */
  readonly after: string | null;
  readonly asOf: string;
  readonly rowsPerShard?: number;
  /** Number of the first shard's name, 0 by default: a batch's names go on where its parent's end. */
  readonly firstShard?: number;
  readonly memoryLimit?: string;
}

export interface IngestOutput {
  /** Rows in the shards. */
  readonly rows: number;
  readonly shards: readonly ShardFile[];
  /** Rows that break a blocking rule or can't be read, with the columns `__unparsed` and `__reason`; no file where there is none. */
  readonly quarantine: { readonly rows: number; readonly file?: string; readonly digest?: Digest };
  readonly validation: readonly RuleResult[];
  /** Digest of the rows in the shards. */
  readonly profile: Profile;
}

const ROWS_PER_SHARD = 262_144;
const STEPS = 5;

/**
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE, MLOPS_SOURCE_EMPTY, MLOPS_SOURCE_CHANGED since it was observed,
 * MLOPS_COLUMN_MISSING, MLOPS_COLUMN_AMBIGUOUS, MLOPS_COLUMN_TYPE, MLOPS_TOO_FEW_ROWS, MLOPS_QUARANTINE_TOO_LARGE,
 * MLOPS_DEFINITION_INVALID, MLOPS_NAME_INVALID. What is in the folder then counts for nothing. A batch without any row after the first is not an error.
 */
export const ingest: Job<IngestInput, IngestOutput> = async (input, context) => {
  const { files, source, schema, memoryLimit } = input;
  const columns = columnTypes(source);
  const names = Object.keys(columns).map(column);
  const rules = rowRules(source, schema);
  const options = { files: files.map(({ local }) => local), folder: context.folder, memoryLimit };
  return await withHeartbeat(context, STEPS, (step) =>
    withDatabase(options, async (database) => {
      step('read');
      await stage(database, input, rules, context.folder);
      step('check');
      const checked = await checkBatch(database, input, rules);
      step('sort');
      const kept = [...names, `"${FILE}"`, `"${ROW}"`, `"${KNOWN_AT}"`].join(', ');
      const order = `${column(source.eventTime)}, "${FILE}", "${ROW}"`;
      await database.run(
        `CREATE TABLE accepted AS SELECT ${kept} FROM staged WHERE "${REASON}" = '' ORDER BY ${order}`
      );
      const quarantine = await writeQuarantine(database, context, checked.quarantined, kept, order);
      await database.run('DROP TABLE staged');
      step('profile');
      const profile = await profileOf(database, 'accepted', source.columns);
      step('write');
      const shards = await writeShards(database, 'accepted', checked.accepted, {
        folder: context.folder,
        columns,
        eventTime: source.eventTime,
        rowsPerShard: input.rowsPerShard ?? ROWS_PER_SHARD,
        firstShard: input.firstShard ?? 0,
      });
      return { rows: checked.accepted, shards, quarantine, validation: checked.validation, profile };
    })
  );
};

async function writeQuarantine(
  database: Database,
  { folder }: JobContext,
  rows: number,
  kept: string,
  order: string
): Promise<IngestOutput['quarantine']> {
  if (rows === 0) return { rows };
  const file = 'quarantine.parquet';
  await database.run(
    `COPY (SELECT ${kept}, "${UNPARSED}", "${REASON}" FROM staged WHERE "${REASON}" <> '' ORDER BY ${order})
     TO ${path(join(folder, file))} (${PARQUET})`
  );
  return { rows, file, digest: await digestOfFile(join(folder, file)) };
}
