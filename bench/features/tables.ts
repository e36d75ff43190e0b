/** Rows and three histories of the same entities, made by a rule: no two times of rows and histories are the same. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';

/** Views, each of a history of its own. */
export const VIEWS = ['a', 'b', 'c'] as const;
export type View = (typeof VIEWS)[number];
/** Events of an entity in each history. */
const EVENTS = 10;
const STEP = 20_000_000;
const START = 1_704_067_200_000_000n;
export const TTL_DAYS = 30;
/** Of so many rows one is looked at on its own. */
export const SAMPLE_OF = 499;

export const entities = (rows: number): number => Math.ceil(rows / EVENTS);

export const entityName = (entity: number): string => `E${String(entity).padStart(6, '0')}`;

/** Writes `rows.parquet` (id, entity, at) and `<view>.parquet` (entity, at, x_<view>), as many rows each. */
export async function writeTables(folder: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const entity = (salt: number) =>
    `'E' || lpad((hash(i * 7 + ${salt}) % ${entities(rows)})::VARCHAR, 6, '0') AS entity`;
  const at = (offset: number) => `make_timestamp(${START} + i * ${STEP} + ${offset}) AS "at"`;
  const write = (name: string, columns: string) =>
    connection.run(
      `COPY (SELECT ${columns} FROM range(${rows}) AS t(i)) TO '${join(folder, `${name}.parquet`)}' (FORMAT parquet)`
    );
  await write('rows', `i AS id, ${entity(0)}, ${at(500_000)}`);
  for (const [n, view] of VIEWS.entries())
    await write(
      view,
      `${entity(n + 1)}, ${at((n + 1) * 1_000_000)}, (hash(i * 11 + ${n}) % 1000000)::DOUBLE / 7 AS "x_${view}"`
    );
  connection.closeSync();
  instance.closeSync();
}

/** The newest value of each view before each row, as a feature store gives it. */
export function joinedProject(folder: string): ProjectDefinition {
  const history = (view: View) => ({
    reader: { file: { path: join(folder, `${view}.parquet`) } },
    columns: { entity: 'string', at: 'timestamp', [`x_${view}`]: 'number' },
    eventTime: 'at',
  });
  const given = Object.fromEntries(VIEWS.map((view) => [`x_${view}`, 'number']));
  return defineProject({
    name: 'bench',
    sources: {
      rows: {
        reader: { file: { path: join(folder, 'rows.parquet') } },
        columns: { id: 'integer', entity: 'string', at: 'timestamp' },
        eventTime: 'at',
        key: ['id'],
      },
      ...Object.fromEntries(VIEWS.map((view) => [view, history(view)])),
    },
    views: Object.fromEntries(
      VIEWS.map((view) => [
        `of_${view}`,
        {
          from: view,
          entity: ['entity'],
          ttl: { event: `${TTL_DAYS} days` },
          values: { [`x_${view}`]: `last(x_${view})` },
        },
      ])
    ),
    source: {
      reader: { join: { rows: 'rows', views: VIEWS.map((view) => `of_${view}`) } },
      columns: { id: 'integer', entity: 'string', at: 'timestamp', ...given },
      eventTime: 'at',
      key: ['id'],
    },
    label: { name: 'odd', labeler: { rule: { column: 'id', op: '>', value: 5 } } },
    features: VIEWS.map((view) => ({ transform: 'standardize', column: `x_${view}` })),
    model: { network: { hidden: [8] } },
    approval: { approvers: ['ana'] },
  } as Parameters<typeof defineProject>[0]);
}
