/** Reads one small file as ingest does. */
import type { CsvDialect } from '../../../../src/domain/definition';
import { withDatabase } from '../../../../src/engines/tables/duckdb';
import { PLAIN_CSV } from '../../../../src/engines/tables/reading/csv';
import { readFrom } from '../../../../src/engines/tables/reading/readable-file';
import { refusalOf } from '../../../../src/engines/tables/reading/refusal';
import { type FileFormat, relationOf } from '../../../../src/engines/tables/reading/relation';
import { unparsedReason } from '../../../../src/engines/tables/reading/unparsed';
import { type Columns, columnsOf } from '../files';

export interface Reads {
  readonly format: FileFormat;
  readonly columns: Columns;
  readonly missing?: readonly string[];
  readonly csv?: Partial<CsvDialect>;
  readonly folder: string;
}

/** Each row's declared columns, timestamps as text; of a row that can't be read `unparsed` and `reason` beside them. */
export async function read(
  file: string,
  { format, columns, missing = [''], csv, folder }: Reads
): Promise<readonly object[]> {
  const declared = columnsOf(columns);
  const dialect = format === 'csv' ? { csv: { ...PLAIN_CSV, ...csv } } : {};
  const source = { columns: declared, missing, reader: { file: { path: file, format, ...dialect } } };
  return withDatabase({ files: [file], folder }, async (database) => {
    try {
      const { rows: relation } = await relationOf(database, file, { format, source, folder });
      const values = Object.entries(declared).map(([name, { type }]) =>
        type === 'timestamp' ? `"${name}"::VARCHAR AS "${name}"` : `"${name}"`
      );
      const reason = unparsedReason(declared);
      const rows = await database.rows(
        `SELECT ${values.join(', ')}, __row, __unparsed, ${reason} AS reason FROM (${relation}) ORDER BY __row`
      );
      return rows.map(({ __row, __unparsed, reason: why, ...row }, i) => {
        if (Number(__row) !== i) throw new Error(`row ${i} has number ${String(__row)}`);
        if (__unparsed === null) return row;
        return { ...row, unparsed: JSON.parse(__unparsed as string) as unknown, reason: why };
      });
    } catch (error) {
      throw await refusalOf(file, error, readFrom(file, folder));
    }
  });
}
