/** Flights of two regions, to which others come later: the column `region` has categories that approvers are asked about. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ProjectDefinition } from '../../src/domain/definition';
import { packageRoot } from '../../src/runtime/package-root';
import type { Lifecycles } from './lifecycles';
import type { TestSystem } from './system';

const FLIGHTS = 'node_modules/vega-datasets/data/flights-3m.parquet';

/** From the day on every fifth flight is of one of `added`. */
export async function writeRegions(
  system: TestSystem,
  file: string,
  added: readonly string[] = [],
  from = '2001-02-10'
): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const own = "CASE WHEN origin < 'M' THEN 'east' ELSE 'west' END";
  const names = added.map((name) => `'${name}'`).join(', ');
  const region =
    added.length === 0
      ? own
      : `CASE WHEN date >= '${from}' AND file_row_number % 5000 = 0 THEN [${names}][1 + (file_row_number // 5000) % ${added.length}] ELSE ${own} END`;
  await connection.run(
    `COPY (SELECT date, delay, distance, origin, destination, ${region} AS region
           FROM read_parquet('${join(packageRoot(), FLIGHTS)}', file_row_number = true)
           WHERE file_row_number % 1000 = 0 ORDER BY file_row_number)
     TO '${join(system.folder, file)}' (FORMAT parquet)`
  );
  connection.closeSync();
  instance.closeSync();
}

/** Of regions people are asked, of nothing else. */
export function askingAboutRegions(
  lifecycles: Lifecycles,
  file: string,
  changes: Partial<ProjectDefinition> = {}
): ProjectDefinition {
  const definition = lifecycles.define(changes);
  const { source, schema } = definition;
  return {
    ...definition,
    source: {
      ...source,
      reader: { file: { path: file, format: 'parquet' } },
      columns: { ...source.columns, region: { type: 'string' } },
    },
    schema: { ...schema, newColumns: 'ignore', newCategories: 'ignore', newCategoriesOf: { region: 'ask' } },
  };
}
