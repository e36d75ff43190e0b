/** CSV by DuckDB's parser alone: all fields as text, found by their position; what they mean is decided afterwards. */
import { type CsvDialect, fileForm, type SourceDefinition } from '../../../domain/definition';
import { type Database, messageOf } from '../duckdb';
import { path, ROW, text } from '../sql';
import { positionsOf } from './positions';
import { refuseOpenQuote } from './open-quote';
import { lineBytes } from './source-limits';
import type { RawTable } from './table';
import { requireRow } from './require-row';

/** As `defineProject` completes it; what a registered reader yields is written so. */
export const PLAIN_CSV: CsvDialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  encoding: 'utf-8',
  decimal: '.',
  header: true,
  skip: 0,
  trim: false,
};

/** A field that is not there at all, unlike one that is empty: no field of a file is this text. */
const ABSENT = '\u0001absent';
/** Fields beyond the header that a row may have before DuckDB refuses the file. */
const SPARE = 8;
const WIDTHS = [64, 256, 1_024, 4_096, 16_384];

/** @param file plain UTF-8 */
export async function csvTable(
  database: Database,
  file: string,
  folder: string,
  { columns, reader }: Pick<SourceDefinition, 'columns' | 'reader'>
): Promise<RawTable> {
  const dialect = dialectOf(reader);
  const names = await namesOf(database, file, dialect);
  const positions = positionsOf(columns, names, file);
  // Names that are missing at the end are those of delimiters that end each line.
  const width = names.findLastIndex((name) => name !== '') + 1;
  const before = dialect.header === true ? 1 : 0;
  const scanned = (of: string) => scanCsv(of, dialect, width);
  const all = `(SELECT *, row_number() OVER () - 1 - ${before} AS "${ROW}" FROM ${scanned(file)})`;
  const from = before === 0 ? all : `(SELECT * FROM ${all} WHERE "${ROW}" >= 0)`;
  await requireRow(database, file, from);
  await refuseOpenQuote(database, { file, dialect, folder, scan: scanned });
  const cells = Object.entries(positions).map(
    ([name, at]) => [name, { texts: at.map((each) => field(each, dialect)) }] as const
  );
  return { names, from, misfit: misfitOf(width), cells: Object.fromEntries(cells), decimal: dialect.decimal };
}

export function dialectOf(reader: SourceDefinition['reader']): CsvDialect {
  return fileForm(reader)?.csv ?? PLAIN_CSV;
}

function field(at: number, { trim }: CsvDialect): string {
  return trim ? `trim(c${at}, ' \t')` : `c${at}`;
}

function misfitOf(width: number): string {
  const spare = Array.from({ length: SPARE }, (_, i) => `c${width + i}`).join(', ');
  const fewer = width < 2 ? '' : `WHEN c${width - 1} IS NULL THEN 'fewer fields than the header'`;
  return `CASE ${fewer} WHEN c${width} IS NOT NULL AND concat(${spare}) <> '' THEN 'more fields than the header' END`;
}

/** All fields as texts `c0`, `c1`, …: `width` of them and some more, in which a row with too many shows. Nothing is skipped or guessed. */
export function scanCsv(
  file: string,
  { delimiter, quote, escape, skip }: Pick<CsvDialect, 'delimiter' | 'quote' | 'escape' | 'skip'>,
  width: number
): string {
  const columns = Array.from({ length: width + SPARE }, (_, i) => `c${i}: 'VARCHAR'`).join(', ');
  const given = { delim: delimiter, quote, escape, nullstr: ABSENT, compression: 'none' };
  const options = Object.entries(given).map(([name, value]) => `${name} = ${text(value)}`);
  return `read_csv(${path(file)}, auto_detect = false, header = false, ${options.join(', ')}, skip = ${skip},
    null_padding = true, parallel = false, strict_mode = true, hive_partitioning = false,
    max_line_size = ${lineBytes()}, columns = {${columns}})`;
}

/** The names of the fields, in order, as the dialect says where they are. */
async function namesOf(database: Database, file: string, dialect: CsvDialect): Promise<readonly string[]> {
  if (Array.isArray(dialect.header)) return dialect.header as readonly string[];
  const first = await firstRow(database, file, dialect);
  if (dialect.header === false) return first.map((_, i) => `column${i}`);
  return dialect.trim ? first.map((name) => name.trim()) : first;
}

async function firstRow(database: Database, file: string, dialect: CsvDialect): Promise<readonly string[]> {
  for (const width of WIDTHS) {
    try {
      const [row = {}] = await database.rows(`SELECT * FROM ${scanCsv(file, dialect, width - SPARE)} LIMIT 1`);
      return Object.values(row).filter((field): field is string => typeof field === 'string');
    } catch (error) {
      if (width === WIDTHS.at(-1) || !messageOf(error).includes('Expected Number of Columns')) throw error;
    }
  }
  return [];
}
