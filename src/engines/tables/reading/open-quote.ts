/**
 * DuckDB drops what follows a quote that is never closed, up to the end of the file, without a word. Such a quote is the
 * file's last one, or an escaped one stands after it: where the last one looks so, a line is put after a copy of the
 * file, and the parser has to find it.
 */
import { appendFile, copyFile, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CsvDialect } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import type { Database } from '../duckdb';
import { text } from '../sql';

const CHUNK = 1 << 20;
const LAST_LINE = '\u0002end';

export interface QuotedFile {
  readonly file: string;
  readonly dialect: CsvDialect;
  readonly folder: string;
  /** The relation that the parser makes of a file: its first column is `c0`. */
  readonly scan: (file: string) => string;
}

/** @throws MlopsError MLOPS_SOURCE_UNREADABLE */
export async function refuseOpenQuote(database: Database, quoted: QuotedFile): Promise<void> {
  const { file, dialect, folder, scan } = quoted;
  if (dialect.quote === '') return;
  const lineEnd = await lineEndIfOpen(file, dialect);
  if (lineEnd === undefined) return;
  const copy = join(folder, 'source-with-last-line');
  await copyFile(file, copy);
  try {
    await appendFile(copy, `${lineEnd}${LAST_LINE}`);
    const [found] = await database.rows(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE c0 = ${text(LAST_LINE)}) AS last FROM ${scan(copy)}`
    );
    if (Number(found!['last']) === 1) return;
    const where = { file, nearRow: Number(found!['rows']) - (dialect.header === true ? 1 : 0) };
    const fix = 'Close it, or declare another quote (reader.file.csv.quote).';
    throw new MlopsError('MLOPS_SOURCE_UNREADABLE', 'A quote is opened and never closed.', where, fix);
  } finally {
    await rm(copy, { force: true });
  }
}

/** How the file ends a line, where its last quote may be open; undefined where it surely closes a field. */
async function lineEndIfOpen(file: string, { quote, escape, delimiter }: CsvDialect): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const read = async (from: number, length: number) => {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, from);
      return buffer.toString('latin1', 0, bytesRead);
    };
    for (let end = size; end > 0; end -= CHUNK) {
      const from = Math.max(0, end - CHUNK);
      const at = (await read(from, end - from)).lastIndexOf(quote);
      if (at < 0) continue;
      const before = from + at === 0 ? '' : await read(from + at - 1, 1);
      // A byte order mark may stand before the very first field.
      const opens = from + at <= 3 || [quote, escape, delimiter.at(-1), '\n', '\r', ' ', '\t'].includes(before);
      return opens ? lineEndOf(await read(0, CHUNK)) : undefined;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

function lineEndOf(head: string): string {
  return ['\r\n', '\n', '\r'].find((end) => head.includes(end)) ?? '\n';
}
