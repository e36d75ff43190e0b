/** Any file as the table `looked`: every column as text, named c0, c1, … in the file's order. */
import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';
import { MlopsError } from '../../../domain/errors';
import { quoted } from '../../../domain/quote';
import { type Database, messageOf } from '../duckdb';
import { path, text } from '../sql';
import type { ColumnFigures, FoundDialect } from './figures';

export type LookedFormat = 'parquet' | 'csv' | 'jsonl';

export interface RawTable {
  readonly columns: readonly Pick<ColumnFigures, 'name' | 'stored'>[];
  readonly dialect?: FoundDialect;
}

/**
 * @param most rows to read; one more is read, so that the caller sees that there are more
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE, MLOPS_SOURCE_EMPTY
 */
export async function makeRawTable(
  database: Database,
  file: string,
  format: LookedFormat,
  most: number
): Promise<RawTable> {
  try {
    return format === 'csv' ? await fromCsv(database, file, most) : await fromTyped(database, file, format, most);
  } catch (error) {
    if (error instanceof MlopsError) throw error;
    const [reason = ''] = messageOf(error).split(/\n\s*(?:Possible |LINE \d|file = )/, 1);
    const what = `The file can't be read as ${format}: ${quoted(reason.replace(/Original Line: .*\n/, '').replaceAll(file, 'it')).replace(/[.\s]+$/, '')}.`;
    throw new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file }, 'Fetch or write it again, or give --format.');
  }
}

async function fromCsv(database: Database, file: string, most: number): Promise<RawTable> {
  const encoding = await encodingOf(file);
  const [found] = await database.rows(
    `SELECT *, len("Columns") AS width FROM sniff_csv(${path(file)}, sample_size = 200000, encoding = ${text(encoding)})`
  );
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
  const columns = Array.from({ length: width }, (_, i) => `'c${i}': 'VARCHAR'`).join(', ');
  const options = `auto_detect = false, header = false, skip = ${dialect.skip}, delim = ${text(dialect.delimiter)}, quote = ${text(dialect.quote)}, escape = ${text(dialect.escape)}, encoding = ${text(encoding)}, null_padding = true`;
  const relation = `read_csv(${path(file)}, ${options}, columns = {${columns}})`;
  await database.run(`CREATE TABLE looked AS SELECT * FROM ${relation} LIMIT ${most + 2}`);
  const [first] = await database.rows('SELECT * FROM looked WHERE rowid = 0');
  if (first === undefined) throw empty(file);
  if (dialect.header) await database.run('DELETE FROM looked WHERE rowid = 0');
  const names = Array.from({ length: width }, (_, i) =>
    dialect.header ? ((first[`c${i}`] as string | null) ?? '').trim() : `column ${i + 1}`
  );
  const blanks = Array.from({ length: width }, (_, i) => `c${i} <> trim(c${i})`).join(' OR ');
  const [spaced] = await database.rows(`SELECT coalesce(bool_or(${blanks}), false) AS trim FROM looked`);
  const trim = spaced?.['trim'] === true;
  return { columns: names.map((name) => ({ name, stored: 'text' as const })), dialect: { ...dialect, trim } };
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
  file: string,
  format: 'parquet' | 'jsonl',
  most: number
): Promise<RawTable> {
  const relation =
    format === 'parquet'
      ? `read_parquet(${path(file)}, hive_partitioning = false)`
      : `read_json(${path(file)}, format = 'auto', records = true, maximum_sample_files = 1, sample_size = 200000, hive_partitioning = false)`;
  const described = await database.rows(`DESCRIBE SELECT * FROM ${relation}`);
  const columns = described.map((row) => {
    const type = String(row['column_type']);
    const nested = /\[\]$|^(STRUCT|MAP|UNION|LIST)/.test(type);
    const stored = nested ? 'nested' : (STORED.find(([pattern]) => pattern.test(type))?.[1] ?? 'nested');
    return { name: String(row['column_name']), stored, mixed: type === 'JSON' };
  });
  const values = columns
    .map(({ name, mixed }, i) => {
      const it = `"${name.replaceAll('"', '""')}"`;
      // A column of texts and numbers is of the type JSON, in which a text has its quotes.
      return `${mixed ? `(${it} ->> '$')` : `${it}::VARCHAR`} AS c${i}`;
    })
    .join(', ');
  await database.run(`CREATE TABLE looked AS SELECT ${values} FROM ${relation} LIMIT ${most + 1}`);
  const any = await database.rows('SELECT 1 FROM looked LIMIT 1');
  if (any.length === 0) throw empty(file);
  return { columns: columns.map(({ name, stored }) => ({ name, stored })) };
}

/** UTF-16 by its mark; what isn't UTF-8 is taken for Latin-1, in which any bytes are text. */
async function encodingOf(file: string): Promise<FoundDialect['encoding']> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let first = true;
  try {
    for await (const chunk of createReadStream(file)) {
      const bytes = chunk as Buffer;
      if (first && bytes.length >= 2 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0))) return 'utf-16';
      first = false;
      decoder.decode(bytes, { stream: true });
    }
    decoder.decode();
    return 'utf-8';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'latin-1';
    throw error;
  }
}

export function empty(file: string): MlopsError {
  return new MlopsError('MLOPS_SOURCE_EMPTY', 'The file has no rows.', { file }, 'Write it again, whole.');
}
