/** A statement or join over sources that have no rows yet: what `mlops check` can find. */
import { type ColumnType, columnTypes, type PreparedReader, type ProjectDefinition } from '../../../domain/definition';
import { joinOf, madeOf } from '../../../domain/sources';
import { withDatabase } from '../duckdb';
import { sqlType } from '../column-sql';
import { column, KEY, KNOWN_AT } from '../sql';
import { requireColumns, table } from './given-columns';
import { joined } from './prepare-job';
import { checkStatement, withoutEnd } from './statement';

/**
 * @param name the prepared source's
 * @throws MlopsError MLOPS_SQL_REFUSED, MLOPS_SQL_FAILED, MLOPS_COLUMN_MISSING, MLOPS_COLUMN_TYPE
 */
export async function checkPrepared(
  name: string,
  reader: PreparedReader,
  columns: Readonly<Record<string, ColumnType>>,
  { sources, views }: Pick<ProjectDefinition, 'sources' | 'views'>
): Promise<void> {
  const from = madeOf({ reader }, views);
  await withDatabase({ files: [] }, async (database) => {
    if ('sql' in reader) {
      await checkStatement(database, { statement: reader.sql.statement, source: name, tables: from });
    }
    for (const each of from) {
      const own = Object.entries(columnTypes(sources[each]!)).map(([of, type]) => `${column(of)} ${sqlType(type)}`);
      await database.run(
        `CREATE TABLE ${table(each)} (${[...own, `"${KEY}" UUID`, `"${KNOWN_AT}" TIMESTAMP`].join(', ')})`
      );
    }
    const tableOf = (each: string) => ({ ...sources[each]!, name: each, columns: columnTypes(sources[each]!) });
    const statement =
      'sql' in reader
        ? withoutEnd(reader.sql.statement)
        : await joined(database, joinOf(reader.join, views), from.map(tableOf));
    await requireColumns(database, name, statement, columns);
  });
}
