/** A source's file as a relation in SQL: the declared columns in their declared types, each row's number, and what can't be read. */
import type { FileForm, SourceDefinition } from '../../../domain/definition';
import { typeSql } from '../column-sql';
import type { Database } from '../duckdb';
import { column, ROW, UNPARSED } from '../sql';
import { csvTable, dialectOf } from './csv';
import { jsonLinesTable } from './json-lines';
import { parquetTable } from './parquet';
import { readableFile, unpackedFile } from './readable-file';
import { type RawTable, typedTable } from './table';
import { unparsedOf } from './unparsed';

export type FileFormat = FileForm['format'];

export interface Reading {
  readonly format: FileFormat;
  readonly source: Pick<SourceDefinition, 'columns' | 'missing' | 'reader'>;
  /** The job's own: for a file that is packed, or not in UTF-8. */
  readonly folder: string;
}

export interface FileRelation {
  /** The subquery. */
  readonly rows: string;
  /** Columns of the file, declared or not. */
  readonly names: readonly string[];
}

/**
 * A subquery with the declared columns, `__row` (the row's number in the file from 0; of text files, data rows count) and
 * `__unparsed`: NULL, or JSON text `{column: text}` of values that are there and not of their type, at most 80 printable
 * characters of each and `…` of a private column; `{"": why}` where the row can't be read at all and its columns are NULL.
 * @param file a local path
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE: not what it claims to be; MLOPS_SOURCE_EMPTY; MLOPS_COLUMN_MISSING,
 * MLOPS_COLUMN_AMBIGUOUS, MLOPS_COLUMN_TYPE
 */
export async function relationOf(database: Database, file: string, reading: Reading): Promise<FileRelation> {
  const { columns, missing } = reading.source;
  const table = await tableOf(database, file, reading);
  const typed = typedTable(table, columns, missing);
  const values = typed.columns.map(
    ({ name, definition, value }) => `${typeSql(definition.type).kept(value)} AS ${column(name)}`
  );
  const rows = `SELECT ${values.join(', ')}, "${ROW}", ${unparsedOf(typed)} AS "${UNPARSED}" FROM ${typed.from}`;
  return { rows, names: table.names };
}

async function tableOf(database: Database, file: string, { format, source, folder }: Reading): Promise<RawTable> {
  switch (format) {
    case 'parquet':
      return parquetTable(database, await unpackedFile(file, folder), source.columns);
    case 'csv':
      return csvTable(database, await readableFile(file, folder, dialectOf(source.reader).encoding), folder, source);
    case 'jsonl':
      return jsonLinesTable(database, await readableFile(file, folder), source);
  }
}
