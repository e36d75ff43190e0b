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
import { column, KEY, KNOWN_AT } from './sql';

export interface RowRun {
  /** Rows from … to−1, by `rowid`. */
  readonly from: number;
  readonly to: number;
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

/** @param table rows in total order, with `__key`, `__content` and `__known_at` */
export async function runsOf(database: Database, table: string, options: RunOptions): Promise<readonly RowRun[]> {
  const { columns, eventTime, rowsWanted } = options;
  const runs: RowRun[] = [];
  let open = begin();
  let from = 0;
  let first: bigint | undefined;
  let last = 0n;
  const end = (to: number) => {
    const times = first === undefined ? {} : { times: { first, last } };
    runs.push({ from, to, digest: digestOf(open, columns, to - from), ...times });
    open = begin();
    from = to;
    first = undefined;
  };
  let done = 0;
  const timed = eventTime === undefined ? '' : `, epoch_us(${column(eventTime)})`;
  const query = `SELECT "${KEY}", ${SHARD_CONTENT}, epoch_us("${KNOWN_AT}")${timed} FROM ${table}`;
  for await (const chunk of database.chunks(query)) {
    const { rowCount } = chunk;
    const keys = uuidsOf(chunk, 0, rowCount);
    const contents = uuidsOf(chunk, 1, rowCount);
    const known = numbersOf(chunk, 2, BigInt64Array);
    const times = eventTime === undefined ? undefined : numbersOf(chunk, 3, BigInt64Array);
    let taken = 0;
    const take = (to: number) => {
      if (to === taken) return;
      open.keys.update(keys.subarray(taken * UUID_BYTES, to * UUID_BYTES));
      open.contents.update(contents.subarray(taken * UUID_BYTES, to * UUID_BYTES));
      open.known.update(known.subarray(taken, to));
      if (times !== undefined) {
        first ??= times[taken]!;
        last = times[to - 1]!;
      }
      taken = to;
    };
    for (let i = 0; i < rowCount; i += 1) {
      const rows = done + i + 1 - from;
      const says = rows * 4 >= rowsWanted && keys.readUInt32BE(i * UUID_BYTES + UUID_BYTES - 4) % rowsWanted === 0;
      if (!says && rows < rowsWanted * 4) continue;
      take(i + 1);
      end(done + i + 1);
    }
    take(rowCount);
    done += rowCount;
  }
  if (done > from) end(done);
  return runs;
}

const UUID_BYTES = 16;

interface Open {
  readonly keys: Hash;
  readonly contents: Hash;
  readonly known: Hash;
}

function begin(): Open {
  return { keys: createHash('sha256'), contents: createHash('sha256'), known: createHash('sha256') };
}

function digestOf(open: Open, columns: RunOptions['columns'], rows: number): Digest {
  const sorted = Object.fromEntries(
    Object.keys(columns)
      .sort()
      .map((name) => [name, columns[name]])
  );
  const hash = createHash('sha256').update(`${JSON.stringify({ rows, columns: sorted })}\n`);
  for (const each of [open.keys, open.contents, open.known]) hash.update(each.digest());
  return `sha256:${hash.digest('hex')}`;
}

/** A chunk's UUIDs as they are written: DuckDB keeps them as little-endian 128-bit integers with the highest bit turned. */
function uuidsOf(chunk: DuckDBDataChunk, index: number, rows: number): Buffer {
  // The binding's types call the view private; its public accessors make a JavaScript value of each row.
  const { dataView } = chunk.getColumnVector(index) as unknown as { readonly dataView: DataView };
  const bytes = new Uint8Array(dataView.buffer, dataView.byteOffset, rows * UUID_BYTES).slice();
  const words = new Uint32Array(bytes.buffer);
  for (let i = 0; i < words.length; i += 4) {
    const [a, b] = [words[i]!, words[i + 1]!];
    words[i] = words[i + 3]! ^ 0x8000_0000;
    words[i + 1] = words[i + 2]!;
    words[i + 2] = b;
    words[i + 3] = a;
  }
  return Buffer.from(bytes.buffer).swap32();
}
