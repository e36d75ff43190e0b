/**
 * A DuckDB of one job's own: in memory, one thread, and able to touch only the files that it was given. One thread,
 * because floating sums, unordered rows and hence Parquet bytes differ from run to run with more. Who asks for more makes
 * nothing with them but what has no order and the same bits whatever their number, and writes it on one.
 */
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance, version } from '@duckdb/node-api';
import { MlopsError } from '../../domain/errors';
import { addRowKey } from './hashing/row-key-function';
import { path, paths, text } from './sql';

export interface DatabaseOptions {
  /** Files that may be read. */
  readonly files: readonly string[];
  /** Folder that may be read and written, also for what doesn't fit in memory. */
  readonly folder?: string;
  /** Such as `2GB`; default: MLOPS_DATABASE_MEMORY, which a worker sets for its compute children, else 2 GB. */
  readonly memoryLimit?: string;
  /** That it begins with; default: 1. With more its settings are locked only by `onOneThread`: no user's statement may run before. */
  readonly threads?: number;
}

export interface Database {
  run(sql: string): Promise<void>;
  /** Rows as plain values: BIGINT as bigint, timestamps as DuckDB's own values; for small results. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Rows as vectors, chunk after chunk in the query's order. */
  chunks(sql: string): AsyncIterable<DuckDBDataChunk>;
}

const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9 };

/** Bytes of a limit as `DatabaseOptions` writes it. */
export function memoryBytes(limit = defaultMemory()): number {
  const [, number = '', unit = ''] = /^(\d+)([KMG]B)$/.exec(limit) ?? [];
  return Number(number) * (UNITS[unit] ?? 0);
}

const defaultMemory = (): string => process.env.MLOPS_DATABASE_MEMORY ?? '2GB';

/**
 * Opens a database, lets `use` work on it, and closes it whatever happens.
 * @throws MlopsError MLOPS_OUT_OF_MEMORY: more than its memory, and than the disk below `folder` takes
 */
export async function withDatabase<T>(
  options: DatabaseOptions,
  use: (database: Database, onOneThread: () => Promise<void>) => Promise<T>
): Promise<T> {
  const { threads = 1 } = options;
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  try {
    const connection = await instance.connect();
    const onOneThread = async (): Promise<void> => {
      if (threads === 1) return;
      await connection.run('SET threads = 1');
      await connection.run(LOCK);
    };
    try {
      for (const statement of restrictions(options)) await connection.run(statement);
      if (threads === 1) await connection.run(LOCK);
      addRowKey(connection);
      return await use(databaseOf(connection, options), onOneThread);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** In this order: each may be set only before access is closed. */
function restrictions({ files, folder, memoryLimit = defaultMemory() }: DatabaseOptions): readonly string[] {
  return [
    `SET memory_limit = ${text(memoryLimit)}`,
    'SET allocator_background_threads = true',
    `SET allocator_flush_threshold = '${FLUSHED}'`,
    `SET allocator_bulk_deallocation_flush_threshold = '${FLUSHED}'`,
    `SET temp_directory = ${folder === undefined ? "''" : path(`${folder}/spill`)}`,
    `SET allowed_paths = [${files.map(text).join(', ')}]`,
    ...(folder === undefined ? [] : [`SET allowed_directories = ${paths([folder])}`]),
    "SET TimeZone = 'UTC'",
    'SET enable_progress_bar = false',
    'SET autoinstall_known_extensions = false',
    'SET autoload_known_extensions = false',
    'SET enable_external_access = false',
  ];
}

/**
 * Once more than this was freed, the allocator gives it back to the system: between statements by itself, and in a thread of its own while
 * one runs. By DuckDB's own thresholds (128 and 512 MB) a process keeps so much that it takes more than twice its memory limit.
 */
const FLUSHED = '8MB';
const LOCK = 'SET lock_configuration = true';

function databaseOf(connection: DuckDBConnection, { memoryLimit = defaultMemory() }: DatabaseOptions): Database {
  const within = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw outOfMemory(error, memoryLimit) ?? error;
    });
  return {
    async run(sql) {
      await within(connection.run(sql));
    },
    async rows(sql) {
      return (await within(connection.runAndReadAll(sql))).getRowObjectsJS();
    },
    async *chunks(sql) {
      const result = await within(connection.stream(sql));
      for (;;) {
        const chunk = await within(result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        yield chunk;
      }
    },
  };
}

function outOfMemory(error: unknown, limit: string): MlopsError | undefined {
  const said = messageOf(error);
  if (!said.startsWith('Out of Memory Error')) return undefined;
  return new MlopsError(
    'MLOPS_OUT_OF_MEMORY',
    `The database needed more memory than it may: ${said.split('\n', 1)[0]!.slice(0, 300)}`,
    { limit },
    "Give it fewer rows or columns, or raise the worker's limit databaseMemory.",
    { cause: error }
  );
}

/** By what the binding throws; not by `instanceof`, which knows one realm's errors only. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

type Numbers = Int8Array | Int32Array | Float64Array | BigInt64Array;

/**
 * A column of a chunk as the typed array behind it; the query must leave no NULL in it.
 * The array is the vector's own memory: copy it before the next chunk.
 */
export function numbersOf<T extends Numbers>(
  chunk: DuckDBDataChunk,
  index: number,
  type: new (length: number) => T
): T {
  // The binding's types call the array private; its public accessors make a JavaScript value of each row.
  const { items } = chunk.getColumnVector(index) as unknown as { readonly items: unknown };
  if (items instanceof type) return items;
  throw new TypeError(`column ${index} of the query is not of type ${type.name}`);
}

/**
 * A DOUBLE[] column of a chunk, [rows × width]: a row whose list is empty has NaN. The query must leave no NULL in it, nor in a list.
 * @throws TypeError a list has another length
 */
export function listsOf(chunk: DuckDBDataChunk, index: number, width: number): Float64Array {
  // The binding's types call both private; its public accessors make a JavaScript value of each number.
  const { entryData, childData } = chunk.getColumnVector(index) as unknown as {
    /** Of each row where its list begins, and its length. */
    readonly entryData: BigUint64Array;
    readonly childData: { readonly items: Float64Array };
  };
  const values = new Float64Array(chunk.rowCount * width).fill(Number.NaN);
  for (let row = 0; row < chunk.rowCount; row += 1) {
    const from = Number(entryData[2 * row]);
    const length = Number(entryData[2 * row + 1]);
    if (length === 0) continue;
    if (length !== width) throw new TypeError(`a vector has ${length} numbers instead of ${width}`);
    values.set(childData.items.subarray(from, from + width), row * width);
  }
  return values;
}

/** A VARCHAR column of a chunk; null where there is no value. */
export function textsOf(chunk: DuckDBDataChunk, index: number): readonly (string | null)[] {
  return chunk.getColumnValues(index) as (string | null)[];
}

/** What DuckDB writes and sums may change with it: a part of numeric steps' keys. */
export function duckdbVersion(): string {
  return version();
}
