/** The job `materialize`: each entity's newest value in a view, by the timeline that joins go by, as JSON Lines. */
import { join } from 'node:path';
import type { ColumnType, ViewDefinition } from '../../../domain/definition';
import type { Job } from '../../../domain/job';
import { withDatabase } from '../duckdb';
import { withHeartbeat } from '../heartbeat';
import { type PreparedFrom, viewOf } from '../prepare/prepare-job';
import { table } from '../prepare/given-columns';
import { column, path, text } from '../sql';
import { latestOf, MOMENT, timelineOf } from './timeline';

export interface MaterializeJobInput {
  readonly name: string;
  /** With the values that are asked for. */
  readonly view: ViewDefinition;
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly history: PreparedFrom;
  /** Moments from and to, both included, in µs since 1970. */
  readonly moments: { readonly from?: number; readonly to: number };
}

export interface MaterializeJobOutput {
  readonly entities: number;
  /** A JSON `MaterializedRow` a line. */
  readonly file: string;
}

/** Times in µs; what can't be told from a missing value is null. Numbers are written so that they read back to the bit. */
export interface MaterializedRow {
  readonly entity: readonly (string | number | boolean)[];
  readonly moment: number;
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

export const materializeJob: Job<MaterializeJobInput, MaterializeJobOutput> = async (input, context) => {
  const { name, view, types, history, moments } = input;
  const { columns, eventTime, shards } = history;
  const files = shards.flatMap(({ data, removed }) => [data, ...removed]);
  return withHeartbeat(context, 2, (step) =>
    withDatabase({ files, folder: context.folder }, async (database) => {
      step('read');
      await database.run(viewOf(history));
      step('materialize');
      const of = { name, view, table: table(history.name), columns, ...(eventTime === undefined ? {} : { eventTime }) };
      const moment = `epoch_us("${MOMENT}")`;
      const within = [
        `${moment} <= ${moments.to}`,
        ...(moments.from === undefined ? [] : [`${moment} >= ${moments.from}`]),
      ];
      const timeline = `(SELECT * FROM ${await timelineOf(database, of)} WHERE ${within.join(' AND ')})`;
      const values = Object.keys(view.values).map((value) => `${text(value)}, ${asJson(column(value), types[value]!)}`);
      const file = 'values.jsonl';
      await database.run(
        `COPY (SELECT json_array(${view.entity.map(column).join(', ')}) AS "entity", ${moment} AS "moment",
         json_object(${values.join(', ')}) AS "values" FROM ${latestOf(timeline, view, types)})
         TO ${path(join(context.folder, file))} (FORMAT json)`
      );
      const [counted] = await database.rows(
        `SELECT count(*) AS entities FROM read_json_objects(${path(join(context.folder, file))}, format = 'newline_delimited')`
      );
      return { entities: Number(counted!['entities']), file };
    })
  );
};

function asJson(value: string, type: ColumnType): string {
  if (type === 'timestamp') return `epoch_us(${value})`;
  return type === 'number' ? `CASE WHEN isfinite(${value}) THEN ${value} END` : value;
}
