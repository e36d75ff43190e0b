/** Rows with what views say of their entities before each row's event time: one statement. */
import type { ColumnType } from '../../../domain/definition';
import { durationMs } from '../../../domain/durations';
import type { Database } from '../duckdb';
import { column } from '../sql';
import { ENTITY, MOMENT, timelineOf, type ViewTable } from './timeline';

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
  const entities = numbered(joined);
  const joins = entities.map(({ name, columns }) => `LEFT JOIN ${name} ON ${equal(columns, 'r', name)}`);
  for (const [at, each] of joined.views.entries()) {
    const { view } = each;
    const alias = `v${at}`;
    const { name: of } = entities.find(({ columns }) => isSame(columns, view.entity))!;
    const timeline = await timelineOf(database, each, of);
    joins.push(
      `ASOF LEFT JOIN ${timeline} AS ${alias} ON ${of}."${ENTITY}" = ${alias}."${ENTITY}" AND ${time} > ${alias}."${MOMENT}"`
    );
    const { ttl } = view;
    for (const name of Object.keys(view.values)) {
      const value = `${alias}.${column(name)}`;
      const fresh = ttl && `epoch_us(${alias}."${MOMENT}") >= epoch_us(${time}) - ${BigInt(durationMs(ttl)) * 1000n}`;
      given.push(fresh === undefined ? value : `CASE WHEN ${fresh} THEN ${value} END AS ${column(name)}`);
    }
  }
  const tables = entities.map(({ name, sql }) => `${name} AS MATERIALIZED (${sql})`);
  return `WITH ${tables.join(', ')} SELECT ${given.join(', ')} FROM ${joined.table} AS r ${joins.join(' ')}`;
}

interface Entities {
  readonly columns: readonly string[];
  readonly name: string;
  /** Gives the columns and `__entity`. */
  readonly sql: string;
}

/** The entities of the rows, numbered: one table for all views of the same entity columns. Which number one has changes nothing. */
function numbered({ table, views }: JoinedRows): readonly Entities[] {
  const all: Entities[] = [];
  for (const { view } of views) {
    if (all.some(({ columns }) => isSame(columns, view.entity))) continue;
    const own = view.entity.map(column);
    const present = own.map((name) => `${name} IS NOT NULL`).join(' AND ');
    const sql = `SELECT *, (row_number() OVER ())::INTEGER AS "${ENTITY}" FROM (SELECT DISTINCT ${own.join(', ')} FROM ${table} WHERE ${present})`;
    all.push({ columns: view.entity, name: `"__entities_${all.length}"`, sql });
  }
  return all;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

function equal(columns: readonly string[], left: string, right: string): string {
  return columns.map((name) => `${left}.${column(name)} = ${right}.${column(name)}`).join(' AND ');
}
