/** A hundredth of the real flights, as a file of its own: enough for every phase, and trained in a second. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import flights from '../../examples/flights/project';
import type { ProjectDefinition } from '../../src/domain/definition';
import { packageRoot } from '../../src/runtime/package-root';

const FLIGHTS = 'node_modules/vega-datasets/data/flights-3m.parquet';

/**
 * Writes every `every`th flight to `<folder>/<name>`, with a column `region` beside those of the real file.
 * @param further SQL of further columns
 */
export async function writeSmallFlights(
  folder: string,
  every = 100,
  name = 'flights.parquet',
  further: readonly string[] = []
): Promise<string> {
  const path = join(folder, name);
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT ${['date, delay, distance, origin, destination, left(origin, 1) AS region', ...further].join(', ')} FROM read_parquet('${join(packageRoot(), FLIGHTS)}', file_row_number = true)
           WHERE file_row_number % ${every} = 0 ORDER BY file_row_number) TO '${path}' (FORMAT parquet)`
  );
  connection.closeSync();
  instance.closeSync();
  return path;
}

/** The quickstart's project on that file, smaller where time matters. */
export function smallProject(name: string, file: string, changes: Partial<ProjectDefinition> = {}): ProjectDefinition {
  return {
    ...flights,
    name,
    source: { ...flights.source, reader: { file: { path: file, format: 'parquet' } } },
    split: { ...flights.split, minTrainRows: 100, minTestRows: 50 },
    gates: [],
    heartbeatWithin: { wall: '2 seconds' },
    ...changes,
  };
}
