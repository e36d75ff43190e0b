/** Rows with what views say of their entities before each row's event time: one statement. */
import type { ColumnType } from '../../../domain/definition';
import { durationMs } from '../../../domain/durations';
import type { Database } from '../duckdb';
import { column } from '../sql';
import { MOMENT, timelineOf, type ViewTable } from './timeline';

export interface JoinedRows {
  /** Name of the rows' table, quoted. */
  readonly table: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime: string;
  readonly views: readonly ViewTable[];
}

/**
 * Gives the rows' columns and the views' values. A row takes its entity's value with the greatest moment before its event time, never
 * one of that very moment; without one, or where it is older than the view's ttl, its values are missing.
 * @throws MlopsError MLOPS_SQL_REFUSED
 */
export async function joinStatement(database: Database, joined: JoinedRows): Promise<string> {
  const time = `r.${column(joined.eventTime)}`;
  const given = Object.keys(joined.columns).map((name) => `r.${column(name)}`);
  const joins: string[] = [];
  for (const [at, each] of joined.views.entries()) {
    const { view } = each;
    const alias = `v${at}`;
    const on = [
      ...view.entity.map((name) => `r.${column(name)} = ${alias}.${column(name)}`),
      `${time} > ${alias}."${MOMENT}"`,
    ];
    joins.push(`ASOF LEFT JOIN ${await timelineOf(database, each)} AS ${alias} ON ${on.join(' AND ')}`);
    const { ttl } = view;
    for (const name of Object.keys(view.values)) {
      const value = `${alias}.${column(name)}`;
      const fresh = ttl && `epoch_us(${alias}."${MOMENT}") >= epoch_us(${time}) - ${BigInt(durationMs(ttl)) * 1000n}`;
      given.push(fresh === undefined ? value : `CASE WHEN ${fresh} THEN ${value} END AS ${column(name)}`);
    }
  }
  return `SELECT ${given.join(', ')} FROM ${joined.table} AS r ${joins.join(' ')}`;
}
