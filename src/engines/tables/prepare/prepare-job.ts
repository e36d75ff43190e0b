/** The job `prepare`: the rows that a statement or a join makes of snapshots, as one Parquet file that ingest reads like any other. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ColumnType, ViewDefinition } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import type { Job, JobFile } from '../../../domain/job';
import { type Database, memoryBytes, withDatabase } from '../duckdb';
import { withHeartbeat } from '../heartbeat';
import { type DataShard, liveRows } from '../live-rows';
import { LARGE_PARQUET } from '../shards';
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
 * it gives depends on which rows there are, not on the batches they came with. The file is ordered by the key. What a join gives has
 * the same bits in whatever order rows lie and on however many threads it runs: it reads the shards as they are, and takes all cores.
 * @throws MlopsError MLOPS_SQL_REFUSED; MLOPS_SQL_FAILED: a value can't be computed; MLOPS_COLUMN_MISSING, MLOPS_COLUMN_TYPE:
 * the statement does not give what is declared; MLOPS_KEY_REPEATED: as by a join that multiplies rows; MLOPS_TOO_MANY_ROWS
 */
export const prepareJob: Job<PrepareInput, PrepareOutput> = async (input, context) => {
  const { tables } = input;
  const files = tables.flatMap(({ shards }) => shards.flatMap(({ data, removed }) => [data, ...removed]));
  return await withHeartbeat(context, 2, (step) =>
    withDatabase({ files, folder: context.folder, threads: threadsOf(input) }, async (database, onOneThread) => {
      step('read');
      const statement = await statementOf(database, input);
      step('prepare');
      const { rows, order } = await prepared(database, input, statement);
      await onOneThread();
      const file = 'prepared.parquet';
      await database.run(
        `COPY (SELECT * FROM ${PREPARED} ORDER BY ${order.map(column).join(', ')}) TO ${path(join(context.folder, file))} (${LARGE_PARQUET})`
      );
      return { rows, files: [{ name: 'prepared', file, mediaType: 'application/vnd.apache.parquet' }] };
    })
  );
};

/** DuckDB wants 125 MB a thread at least. */
const THREAD_BYTES = 250e6;

/** A user's statement may add up doubles, in the order that its threads come to. */
function threadsOf(input: PrepareInput): number {
  if ('statement' in input) return 1;
  return Math.max(1, Math.min(availableParallelism(), Math.floor(memoryBytes() / THREAD_BYTES)));
}

/** The statement, over tables that are there from now on. */
async function statementOf(database: Database, input: PrepareInput): Promise<string> {
  const { source, tables } = input;
  if ('join' in input) {
    for (const each of tables) await database.run(viewOf(each));
    return sqlOf(source, joined(database, input.join, tables));
  }
  const statement = withoutEnd(input.statement);
  await checkStatement(database, { statement, source, tables: tables.map(({ name }) => name) });
  for (const each of tables)
    await database.run(`CREATE TABLE ${table(each.name)} AS ${rowsOf(each)} ORDER BY "${KEY}"`);
  return statement;
}

/** Its rows in no order, read whenever they are asked for, and no column that isn't. */
export function viewOf(from: PreparedFrom): string {
  return `CREATE VIEW ${table(from.name)} AS ${rowsOf(from)}`;
}

function rowsOf({ columns, shards }: PreparedFrom): string {
  const own = [...Object.keys(columns).map(column), `"${KEY}"`, `"${KNOWN_AT}"`];
  return `SELECT ${own.join(', ')} FROM ${liveRows(shards, own)}`;
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

interface Prepared {
  readonly rows: number;
  /** Columns by which no two different rows are equal. */
  readonly order: readonly string[];
}

/** Makes the table `prepared`. */
async function prepared(database: Database, input: PreparedSource, statement: string): Promise<Prepared> {
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
  const all = [...key, ...Object.keys(columns).sort()];
  if (key.length === 0) return { rows, order: all };
  const keyed = await requireOneOfEach(database, source, key);
  return { rows, order: keyed === rows ? key : all };
}

/** Counts the rows that have a key. */
async function requireOneOfEach(database: Database, source: string, key: readonly string[]): Promise<number> {
  const names = key.map(column);
  const [repeated] = await database.rows(
    `SELECT count_if(n > 1) AS keys, coalesce(sum(n) FILTER (WHERE n > 1), 0)::DOUBLE AS rows, coalesce(sum(n), 0)::DOUBLE AS keyed
     FROM (SELECT count(*) AS n FROM ${PREPARED}
     WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} GROUP BY ${names.join(', ')})`
  );
  if (Number(repeated!['keys']) > 0) {
    const where = { source, key: key.join(', '), keys: Number(repeated!['keys']), rows: Number(repeated!['rows']) };
    const fix =
      'A join may multiply rows: join on all columns of a key, or keep one row of each (QUALIFY row_number() OVER (…) = 1).';
    throw new MlopsError('MLOPS_KEY_REPEATED', 'A statement gives several rows of one key.', where, fix);
  }
  return repeated!['keyed'] as number;
}
