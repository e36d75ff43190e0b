import { DuckDBInstance } from '@duckdb/node-api';

/** Rows of one statement, in an empty database. */
export async function duckdbQuery(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const answer = await connection.runAndReadAll(sql);
  connection.closeSync();
  instance.closeSync();
  return answer.getRows();
}
