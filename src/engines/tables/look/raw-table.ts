/** Any file as the table `looked`: every column as text, named c0, c1, … in the file's order. */
import { open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { MlopsError } from '../../../domain/errors';
import type { Database } from '../duckdb';
import { PLAIN_CSV, scanCsv } from '../reading/csv';
import { refuseOpenQuote } from '../reading/open-quote';
import { readableFile, unpacked, unpackedFile } from '../reading/readable-file';
import { refusalOf } from '../reading/refusal';
import { path } from '../sql';
import type { ColumnFigures, FoundDialect } from './figures';

export type LookedFormat = 'parquet' | 'csv' | 'jsonl';

export interface RawTable {
  readonly columns: readonly Pick<ColumnFigures, 'name' | 'stored' | 'decimal'>[];
  readonly dialect?: Omit<FoundDialect, 'decimal'>;
}

/**
 * @param most rows to read; one more is read, so that the caller sees that there are more
 * @param folder for copies: what is packed or not UTF-8 is read from one
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE, MLOPS_SOURCE_EMPTY, MLOPS_LINE_TOO_LONG, MLOPS_SOURCE_TOO_LARGE
 */
export async function makeRawTable(
  database: Database,
  { file, format, folder }: { readonly file: string; readonly format: LookedFormat; readonly folder: string },
  most: number
): Promise<RawTable> {
  let local = file;
  try {
    const encoding = format === 'parquet' ? 'utf-8' : await encodingOf(file);
    local = format === 'parquet' ? await unpackedFile(file, folder) : await readableFile(file, folder, encoding);
    if (format !== 'csv') return await fromTyped(database, { file, local }, format, most);
    return await fromCsv(database, { file, local, folder, encoding }, most);
  } catch (error) {
    throw await refusalOf(file, error, local);
  }
}

interface Looked {
  readonly file: string;
  /** What is read in its place. */
  readonly local: string;
}

async function fromCsv(
  database: Database,
  { file, local, folder, encoding }: Looked & { readonly folder: string; readonly encoding: FoundDialect['encoding'] },
  most: number
): Promise<RawTable> {
  const found = await sniffed(database, local);
  if (found === undefined) throw empty(file);
  const character = (name: string): string => (found[name] === '(empty)' ? '' : String(found[name]));
  const dialect = {
    delimiter: character('Delimiter'),
    quote: character('Quote') || '"',
    escape: character('Escape') || '"',
    header: found['HasHeader'] === true,
    skip: Number(found['SkipRows']),
    encoding,
  } as const;
  const width = Number(found['width']);
  const scan = (of: string) => scanCsv(of, dialect, width);
  const fields = Array.from({ length: width }, (_, i) => `c${i}`);
  await database.run(`CREATE TABLE looked AS SELECT ${fields.join(', ')} FROM ${scan(local)} LIMIT ${most + 2}`);
  await refuseOpenQuote(database, { file: local, dialect: { ...PLAIN_CSV, ...dialect }, folder, scan });
  const [first] = await database.rows('SELECT * FROM looked WHERE rowid = 0');
  if (first === undefined) throw empty(file);
  if (dialect.header) await database.run('DELETE FROM looked WHERE rowid = 0');
  const names = fields.map((field, i) =>
    dialect.header ? ((first[field] as string | null) ?? '').trim() : `column ${i + 1}`
  );
  const blanks = fields.map((field) => `${field} <> trim(${field})`).join(' OR ');
  const [spaced] = await database.rows(`SELECT coalesce(bool_or(${blanks}), false) AS trim FROM looked`);
  const trim = spaced?.['trim'] === true;
  return { columns: names.map((name) => ({ name, stored: 'text' as const })), dialect: { ...dialect, trim } };
}

/**
 * Rows of another width mislead the sniffer, or end its search: then it looks at the others alone. Decimal commas mislead it,
 * too: where the first line has semicolons and no comma, they part the fields.
 */
async function sniffed(database: Database, local: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const sniff = async (more: string) =>
    (
      await database.rows(
        `SELECT *, len("Columns") AS width FROM sniff_csv(${path(local)}, sample_size = 200000${more})`
      )
    )[0];
  const widthOf = (found: Readonly<Record<string, unknown>> | undefined) => Number(found?.['width'] ?? 0);
  const plainly = await sniff('').catch((error: Error) => error);
  const firstLine = await firstLineOf(local);
  const semicolons = firstLine.includes(';') && !firstLine.includes(',');
  const found = plainly instanceof Error ? undefined : plainly;
  if (!(plainly instanceof Error) && widthOf(found) > 1 && !(semicolons && found?.['Delimiter'] === ',')) return found;
  const again = await sniff(`, ignore_errors = true${semicolons ? ", delim = ';'" : ''}`).catch(() => undefined);
  if (widthOf(again) > 1) return again;
  if (plainly instanceof Error) throw plainly;
  return found;
}

async function firstLineOf(local: string): Promise<string> {
  const handle = await open(local);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2 ** 16), 0, 2 ** 16, 0);
    return buffer.toString('utf8', 0, bytesRead).split(/[\r\n]/, 1)[0] ?? '';
  } finally {
    await handle.close();
  }
}

const STORED: readonly (readonly [RegExp, ColumnFigures['stored']])[] = [
  [/^(VARCHAR|UUID|ENUM|JSON|"NULL"|BLOB|INTERVAL|TIME)/, 'string'],
  [/^(U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT|U?HUGEINT)$/, 'integer'],
  [/^(FLOAT|DOUBLE|DECIMAL)/, 'number'],
  [/^BOOLEAN$/, 'boolean'],
  [/^(DATE|TIMESTAMP)/, 'timestamp'],
];

async function fromTyped(
  database: Database,
  { file, local }: Looked,
  format: 'parquet' | 'jsonl',
  most: number
): Promise<RawTable> {
  const relation =
    format === 'parquet'
      ? `read_parquet(${path(local)}, hive_partitioning = false)`
      : `read_json(${path(local)}, format = 'auto', records = true, maximum_sample_files = 1, sample_size = 200000, hive_partitioning = false)`;
  const described = await database.rows(`DESCRIBE SELECT * FROM ${relation}`);
  const columns = described.map((row) => {
    const type = String(row['column_type']);
    const nested = /\[\d*\]$|^(STRUCT|MAP|UNION|LIST)/.test(type);
    const stored = nested ? 'nested' : (STORED.find(([pattern]) => pattern.test(type))?.[1] ?? 'nested');
    return { column: { name: String(row['column_name']), stored, ...decimalOf(type) }, mixed: type === 'JSON' };
  });
  const values = columns
    .map(({ column: { name }, mixed }, i) => {
      const it = `"${name.replaceAll('"', '""')}"`;
      // A column of texts and numbers is of the type JSON, in which a text has its quotes.
      return `${mixed ? `(${it} ->> '$')` : `${it}::VARCHAR`} AS c${i}`;
    })
    .join(', ');
  await database.run(`CREATE TABLE looked AS SELECT ${values} FROM ${relation} LIMIT ${most + 1}`);
  const any = await database.rows('SELECT 1 FROM looked LIMIT 1');
  if (any.length === 0) throw empty(file);
  return { columns: columns.map(({ column }) => column) };
}

/** Whole numbers are integers, however many digits they may have. */
function decimalOf(type: string): Pick<ColumnFigures, 'decimal'> {
  const [, digits, places] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  return places === undefined || places === '0' ? {} : { decimal: `decimal(${Number(digits)},${Number(places)})` };
}

/**
 * UTF-16 by its mark. What isn't UTF-8 is taken for Windows-1252, in which nearly any bytes are text, unless most of its
 * letters are UTF-8 all the same: whoever reads it then says in which line they are not.
 */
async function encodingOf(file: string): Promise<FoundDialect['encoding']> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let first = true;
  try {
    for await (const bytes of unpacked(file)) {
      if (first && bytes.length >= 2 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0))) return 'utf-16';
      first = false;
      decoder.decode(bytes, { stream: true });
    }
    decoder.decode();
    return 'utf-8';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return (await isMostlyUtf8(file)) ? 'utf-8' : 'windows-1252';
    }
    throw error;
  }
}

async function isMostlyUtf8(file: string): Promise<boolean> {
  const decoder = new TextDecoder('utf-8');
  let letters = 0;
  let broken = 0;
  for await (const bytes of unpacked(file)) {
    for (const [letter] of decoder.decode(bytes, { stream: true }).matchAll(/[^\0-\x7f]/gu)) {
      if (letter === '\ufffd') broken += 1;
      else letters += 1;
    }
  }
  return letters > broken;
}

export function empty(file: string): MlopsError {
  return new MlopsError('MLOPS_SOURCE_EMPTY', 'The file has no rows.', { file }, 'Write it again, whole.');
}
