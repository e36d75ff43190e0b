/** The job `prepare`: the rows that a statement or a join makes of snapshots, as one Parquet file that ingest reads like any other. */
import { join } from 'node:path';
import type { ColumnType, ViewDefinition } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import type { Job, JobFile } from '../../../domain/job';
import { type Database, withDatabase } from '../duckdb';
import { withHeartbeat } from '../heartbeat';
import { type DataShard, liveRows } from '../live-rows';
import { PARQUET } from '../shards';
import { sqlType } from '../column-sql';
import { column, KEY, KNOWN_AT, path } from '../sql';
import { joinStatement } from '../views/join';
import { requireColumns, sqlOf, table } from './given-columns';
import { checkStatement, withoutEnd } from './statement';

export type PrepareInput = PreparedSource & ({ readonly statement: string } | { readonly join: PreparedJoin });

/** Rows of one table with views, whose histories are tables too. */
export interface PreparedJoin {
  readonly rows: string;
  readonly views: Readonly<Record<string, ViewDefinition>>;
}

interface PreparedSource {
  /** The prepared source's name, for errors. */
  readonly source: string;
  readonly tables: readonly PreparedFrom[];
  /** What the statement gives. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns that are together in one row only; none where rows have no declared key. */
  readonly key: readonly string[];
  /** Rows that it may give. */
  readonly mostRows: number;
}

/** A snapshot as a table of the statement or join. */
export interface PreparedFrom {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime?: string;
  readonly shards: readonly DataShard[];
}

const PREPARED = '__prepared';

export interface PrepareOutput {
  readonly rows: number;
  /** `prepared`: Parquet. */
  readonly files: readonly JobFile[];
}

/**
 * The statement sees each snapshot as a table of its declared columns, `__key` and `__known_at`, in the order of `__key`: what
 * it gives depends on which rows there are, not on the batches they came with. The file is ordered by the key.
 * @throws MlopsError MLOPS_SQL_REFUSED; MLOPS_SQL_FAILED: a value can't be computed; MLOPS_COLUMN_MISSING, MLOPS_COLUMN_TYPE:
 * the statement does not give what is declared; MLOPS_KEY_REPEATED: as by a join that multiplies rows; MLOPS_TOO_MANY_ROWS
 */
export const prepareJob: Job<PrepareInput, PrepareOutput> = async (input, context) => {
  const { tables } = input;
  const files = tables.flatMap(({ shards }) => shards.flatMap(({ data, removed }) => [data, ...removed]));
  return await withHeartbeat(context, 2, (step) =>
    withDatabase({ files, folder: context.folder }, async (database) => {
      step('read');
      if ('statement' in input) await checked(database, input, input.statement);
      for (const table of tables) await database.run(tableOf(table));
      step('prepare');
      const statement =
        'statement' in input ? withoutEnd(input.statement) : await joined(database, input.join, input.tables);
      const rows = await prepared(database, input, statement);
      const order = [...input.key, ...Object.keys(input.columns).sort()].map(column).join(', ');
      const file = 'prepared.parquet';
      await database.run(
        `COPY (SELECT * FROM ${PREPARED} ORDER BY ${order}) TO ${path(join(context.folder, file))} (${PARQUET})`
      );
      return { rows, files: [{ name: 'prepared', file, mediaType: 'application/vnd.apache.parquet' }] };
    })
  );
};

export function tableOf({ name, columns, shards }: PreparedFrom): string {
  const own = [...Object.keys(columns).map(column), `"${KEY}"`, `"${KNOWN_AT}"`];
  return `CREATE TABLE ${table(name)} AS SELECT ${own.join(', ')} FROM ${liveRows(shards, own)} ORDER BY "${KEY}"`;
}

function checked(database: Database, { source, tables }: PreparedSource, statement: string): Promise<void> {
  return checkStatement(database, { statement: withoutEnd(statement), source, tables: tables.map(({ name }) => name) });
}

/**
 * The statement of a join over tables that are there.
 * @throws MlopsError MLOPS_SQL_REFUSED
 */
export function joined(
  database: Database,
  { rows, views }: PreparedJoin,
  tables: readonly Omit<PreparedFrom, 'shards'>[]
): Promise<string> {
  const of = (source: string) => {
    const found = tables.find(({ name }) => name === source)!;
    return { ...found, table: table(source) };
  };
  const each = Object.entries(views).map(([name, view]) => ({ ...of(view.from), name, view }));
  const { eventTime, ...own } = of(rows);
  return joinStatement(database, { ...own, eventTime: eventTime!, views: each });
}

/** Makes the table `prepared` and counts its rows. */
async function prepared(database: Database, input: PreparedSource, statement: string): Promise<number> {
  const { source, columns, key, mostRows } = input;
  await requireColumns(database, source, statement, columns);
  const cast = Object.entries(columns).map(([name, type]) => `${column(name)}::${sqlType(type)} AS ${column(name)}`);
  await sqlOf(
    source,
    database.run(
      `CREATE TABLE ${PREPARED} AS SELECT ${cast.join(', ')} FROM (${statement}\n) AS __given LIMIT ${mostRows + 1}`
    )
  );
  const [counted] = await database.rows(`SELECT count(*) AS rows FROM ${PREPARED}`);
  const rows = Number(counted!['rows']);
  if (rows > mostRows) {
    const fix = "Check its joins, or raise the worker's limit preparedRows.";
    throw new MlopsError(
      'MLOPS_TOO_MANY_ROWS',
      'A statement gives more rows than it may.',
      { source, limit: mostRows },
      fix
    );
  }
  if (key.length > 0) await requireOneOfEach(database, source, key);
  return rows;
}

async function requireOneOfEach(database: Database, source: string, key: readonly string[]): Promise<void> {
  const names = key.map(column);
  const [repeated] = await database.rows(
    `SELECT count(*) AS keys, coalesce(sum(n), 0)::DOUBLE AS rows FROM (SELECT count(*) AS n FROM ${PREPARED}
     WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} GROUP BY ${names.join(', ')} HAVING n > 1)`
  );
  if (Number(repeated!['keys']) > 0) {
    const where = { source, key: key.join(', '), keys: Number(repeated!['keys']), rows: Number(repeated!['rows']) };
    const fix =
      'A join may multiply rows: join on all columns of a key, or keep one row of each (QUALIFY row_number() OVER (…) = 1).';
    throw new MlopsError('MLOPS_KEY_REPEATED', 'A statement gives several rows of one key.', where, fix);
  }
}
