/** A statement over sources that have no rows yet: what `mlops check` can find. */
import { type ColumnType, columnTypes, type SourceDefinition, type SqlReader } from '../../../domain/definition';
import { withDatabase } from '../duckdb';
import { column, KEY, KNOWN_AT, SQL_TYPES } from '../sql';
import { requireColumns, table } from './given-columns';
import { checkStatement, withoutEnd } from './statement';

/**
 * @param name the prepared source's
 * @throws MlopsError MLOPS_SQL_REFUSED, MLOPS_SQL_FAILED, MLOPS_COLUMN_MISSING, MLOPS_COLUMN_TYPE
 */
export async function checkPrepared(
  name: string,
  { from, statement }: SqlReader,
  columns: Readonly<Record<string, ColumnType>>,
  sources: Readonly<Record<string, SourceDefinition>>
): Promise<void> {
  await withDatabase({ files: [] }, async (database) => {
    await checkStatement(database, { statement, source: name, tables: from });
    for (const each of from) {
      const own = Object.entries(columnTypes(sources[each]!)).map(([of, type]) => `${column(of)} ${SQL_TYPES[type]}`);
      await database.run(
        `CREATE TABLE ${table(each)} (${[...own, `"${KEY}" UUID`, `"${KNOWN_AT}" TIMESTAMP`].join(', ')})`
      );
    }
    await requireColumns(database, name, withoutEnd(statement), columns);
  });
}
