/** What a statement gives beside what its source declares. */
import type { ColumnType } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import { PROJECT_NAME } from '../../../domain/ids';
import { type Database, messageOf } from '../duckdb';
import { sqlType, typeSql } from '../column-sql';

/**
 * @param source its name, for errors
 * @throws MlopsError MLOPS_COLUMN_MISSING, MLOPS_COLUMN_TYPE, MLOPS_SQL_FAILED
 */
export async function requireColumns(
  database: Database,
  source: string,
  statement: string,
  columns: Readonly<Record<string, ColumnType>>
): Promise<void> {
  const given = await sqlOf(source, database.rows(`DESCRIBE ${statement}`));
  const types = new Map(given.map((row) => [String(row['column_name']), String(row['column_type'])]));
  for (const [name, type] of Object.entries(columns)) requireColumn(source, name, type, types);
}

function requireColumn(source: string, name: string, type: ColumnType, given: ReadonlyMap<string, string>): void {
  const found = given.get(name);
  if (found === undefined) {
    const where = { source, column: name, given: [...given.keys()].join(', ').slice(0, 200) };
    throw new MlopsError(
      'MLOPS_COLUMN_MISSING',
      'The statement does not give a declared column.',
      where,
      `Add … AS ${name}.`
    );
  }
  if (typeSql(type).fits(type, found)) return;
  const where = { source, column: name, declared: type, given: found };
  const fix = `Cast it: (…)::${sqlType(type)} AS ${name}, or declare what it is.`;
  throw new MlopsError('MLOPS_COLUMN_TYPE', 'The statement gives another type than is declared.', where, fix);
}

/** DuckDB's messages may hold values of rows: they are left out. */
export async function sqlOf<T>(source: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof MlopsError) throw error;
    const [first = ''] = messageOf(error).split('\n', 1);
    const reason = first
      .replace(/'[^']*'/g, "'…'")
      .replace(/[.!\s]+$/, '')
      .slice(0, 300);
    const fix = 'Fix the statement; TRY_CAST and nullif make a missing value of what can not be computed.';
    throw new MlopsError('MLOPS_SQL_FAILED', `The statement of a prepared source fails: ${reason}.`, { source }, fix);
  }
}

/**
 * A source's name as a table's.
 * @throws MlopsError MLOPS_NAME_INVALID
 */
export function table(source: string): string {
  if (PROJECT_NAME.test(source)) return `"${source}"`;
  const fix = 'Write lower-case letters, digits and -, starting with a letter.';
  throw new MlopsError('MLOPS_NAME_INVALID', "A source's name can't be a table's.", { source }, fix);
}
