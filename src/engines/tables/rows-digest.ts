/**
 * Where a table's rows are cut into shards, and the identity of each run of rows, whatever writes its bytes. Both are read off
 * the rows' keys, so that rows which stay together are cut alike and keep their digest when others come before them.
 *
 * The digest is SHA-256 over one line of JSON {rows, columns} (names by code points, with their types) and the SHA-256
 * of three columns: keys and contents (16 bytes a row, as the UUID is written), and known-at (µs since 1970, int64 little-endian).
 */
import { createHash, type Hash } from 'node:crypto';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { ColumnType } from '../../domain/definition';
import type { Digest } from '../../domain/refs';
import { type Database, numbersOf } from './duckdb';
import { SHARD_CONTENT } from './row-key';
import { column, CONTENT, KEY, KNOWN_AT, PLACE } from './sql';

export interface RowRun {
  /** `__place` of its first and its last row. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly digest: Digest;
  /** Event time in µs since 1970, where there is one. */
  readonly times?: { readonly first: bigint; readonly last: bigint };
}

export interface RunOptions {
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime?: string;
  /** A run ends after one of so many rows; it has at least a quarter and at most four times as many. */
  readonly rowsWanted: number;
}

/** @param table rows in total order, with `__place` from 0 on, `__key`, `__content` and `__known_at` */
export async function runsOf(database: Database, table: string, options: RunOptions): Promise<readonly RowRun[]> {
  const { columns, eventTime, rowsWanted } = options;
  const runs: RowRun[] = [];
  let open: Open | undefined;
  let first = 0;
  const [others] = await database.rows(`SELECT count("${CONTENT}") AS n FROM ${table}`);
  const contentIsKey = Number(others!['n']) === 0;
  // Nothing more than is hashed: whatever leaves the database as vectors keeps the garbage collector busy.
  const own = [`epoch_us("${KNOWN_AT}")`, `"${KEY}"`, ...(contentIsKey ? [] : [SHARD_CONTENT])];
  const [keyBytes, contentBytes] = [new UuidBytes(), new UuidBytes()];
  for await (const chunk of database.chunks(`SELECT ${own.join(', ')} FROM ${table}`)) {
    const { rowCount } = chunk;
    const known = numbersOf(chunk, 0, BigInt64Array);
    const keys = keyBytes.of(chunk, 1, rowCount);
    const contents = contentIsKey ? keys : contentBytes.of(chunk, 2, rowCount);
    let taken = 0;
    const take = (to: number): Open => {
      open ??= begin(first + taken);
      open.keys.update(keys.subarray(taken * UUID_BYTES, to * UUID_BYTES));
      open.contents.update(contents.subarray(taken * UUID_BYTES, to * UUID_BYTES));
      open.known.update(known.subarray(taken, to));
      open.rows += to - taken;
      taken = to;
      return open;
    };
    let rows = open?.rows ?? 0;
    for (let i = 0; i < rowCount; i += 1) {
      rows += 1;
      if (rows * 4 < rowsWanted || (keyBytes.last(i) % rowsWanted !== 0 && rows < rowsWanted * 4)) continue;
      runs.push(runOf(take(i + 1), columns));
      open = undefined;
      rows = 0;
    }
    if (taken < rowCount) take(rowCount);
    first += rowCount;
  }
  if (open !== undefined) runs.push(runOf(open, columns));
  return eventTime === undefined ? runs : withTimes(database, table, eventTime, runs);
}

async function withTimes(
  database: Database,
  table: string,
  eventTime: string,
  runs: readonly RowRun[]
): Promise<readonly RowRun[]> {
  if (runs.length === 0) return runs;
  const ends = runs.flatMap(({ from, to }) => [from, to]);
  const found = await database.rows(
    `SELECT "${PLACE}" AS place, epoch_us(${column(eventTime)}) AS at FROM ${table} WHERE "${PLACE}" IN (${ends.join(', ')})`
  );
  const times = new Map(found.map(({ place, at }) => [Number(place), at as bigint]));
  return runs.map((run) => ({ ...run, times: { first: times.get(run.from)!, last: times.get(run.to)! } }));
}

const UUID_BYTES = 16;

interface Open {
  readonly keys: Hash;
  readonly contents: Hash;
  readonly known: Hash;
  readonly from: number;
  rows: number;
}

function begin(from: number): Open {
  const [keys, contents, known] = [createHash('sha256'), createHash('sha256'), createHash('sha256')];
  return { keys, contents, known, from, rows: 0 };
}

function runOf(open: Open, columns: RunOptions['columns']): RowRun {
  const { from, rows } = open;
  return { from, to: from + rows - 1, rows, digest: digestOf(open, columns) };
}

function digestOf({ keys, contents, known, rows }: Open, columns: RunOptions['columns']): Digest {
  const sorted = Object.fromEntries(
    Object.keys(columns)
      .sort()
      .map((name) => [name, columns[name]])
  );
  const hash = createHash('sha256').update(`${JSON.stringify({ rows, columns: sorted })}\n`);
  for (const each of [keys, contents, known]) hash.update(each.digest());
  return `sha256:${hash.digest('hex')}`;
}

/** A chunk's UUIDs as they are written, in memory that the next chunk's take: DuckDB keeps them as little-endian 128-bit integers with the highest bit turned. */
class UuidBytes {
  #bytes = Buffer.alloc(0);
  #words: Uint32Array = new Uint32Array(0);

  of(chunk: DuckDBDataChunk, index: number, rows: number): Buffer {
    // The binding's types call the view private; its public accessors make a JavaScript value of each row.
    const { dataView } = chunk.getColumnVector(index) as unknown as { readonly dataView: DataView };
    const bytes = rows * UUID_BYTES;
    if (this.#bytes.length < bytes) this.#bytes = Buffer.from(new ArrayBuffer(bytes));
    const from = new Uint32Array(dataView.buffer, dataView.byteOffset, bytes / 4);
    this.#words = from;
    const to = new Uint32Array(this.#bytes.buffer, 0, bytes / 4);
    for (let i = 0; i < to.length; i += 4) {
      to[i] = from[i + 3]! ^ 0x8000_0000;
      to[i + 1] = from[i + 2]!;
      to[i + 2] = from[i + 1]!;
      to[i + 3] = from[i]!;
    }
    return this.#bytes.subarray(0, bytes).swap32();
  }

  /** The last four bytes of a UUID of the chunk, as one number. */
  last(row: number): number {
    return this.#words[row * 4]!;
  }
}
