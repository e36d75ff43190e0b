import { MlopsError } from '../../../domain/errors';
import type { Database } from '../duckdb';

/** @throws MlopsError MLOPS_SOURCE_EMPTY */
export async function requireRow(database: Database, file: string, relation: string): Promise<void> {
  const any = await database.rows(`SELECT 1 AS one FROM ${relation} LIMIT 1`);
  if (any.length > 0) return;
  throw new MlopsError('MLOPS_SOURCE_EMPTY', 'The file has no rows.', { file }, 'Write it again, whole.');
}
