/** What a view says of its entities, moment by moment: the one SQL that the join and the materialized values go by. */
import type { ColumnType, ViewDefinition } from '../../../domain/definition';
import { durationMs } from '../../../domain/durations';
import type { Database } from '../duckdb';
import { column, KEY, KNOWN_AT } from '../sql';
import { sqlType } from '../column-sql';
import { exactSum, partsOf } from './exact-sum';
import { readValue, type ViewValue } from './view-value';

/** A view and the table of its history's live rows: the declared columns, `__key` and `__known_at`. */
export interface ViewTable {
  /** The view's, for errors. */
  readonly name: string;
  readonly view: ViewDefinition;
  /** Name of the table, quoted. */
  readonly table: string;
  /** The history's. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** The history's; needed where the view's clock is its event time. */
  readonly eventTime?: string;
}

/** The moment from which on a value holds, in a timeline. */
export const MOMENT = '__moment';
const ORDER = '__order';

/**
 * A relation with the entity's columns, `__moment` and the values: for each row of the history the aggregates of the entity's rows
 * with a moment in (moment − window, moment]. Rows of one moment have the same values. A value follows from those rows alone, to the bit.
 * @throws MlopsError MLOPS_SQL_REFUSED: a value is not an aggregate of the history's columns, of functions from the allowlist
 */
export async function timelineOf(database: Database, of: ViewTable): Promise<string> {
  const { name, view, table, columns } = of;
  const values: (readonly [string, ViewValue])[] = [];
  for (const [value, sql] of Object.entries(view.values)) {
    const place = { view: name, value, columns: Object.keys(columns) };
    values.push([value, await readValue(database, sql, place)]);
  }
  const moment = view.clock === 'eventTime' ? column(of.eventTime!) : `"${KNOWN_AT}"`;
  const entity = view.entity.map(column);
  const present = [...entity, moment].map((each) => `${each} IS NOT NULL`).join(' AND ');
  const order = values.some(([, { aggregate }]) => isOrdered(aggregate))
    ? [`row_number() OVER (ORDER BY ${moment}, "${KEY}") AS "${ORDER}"`]
    : [];
  const read: string[] = [];
  const parts: string[] = [];
  const given: string[] = [];
  for (const [at, [value, call]] of values.entries()) {
    const made = await overWindow(database, call, `__${at}`, table);
    read.push(...made.read);
    parts.push(...made.parts);
    given.push(`${made.sql} AS ${column(value)}`);
  }
  const rows = `SELECT ${[...entity, `${moment} AS "${MOMENT}"`, ...order, ...read].join(', ')} FROM ${table} WHERE ${present}`;
  const split = parts.length === 0 ? rows : `SELECT *, ${parts.join(', ')} FROM (${rows})`;
  return `(SELECT ${[...entity, `"${MOMENT}"`, ...given].join(', ')} FROM (${split})
    WINDOW w AS (PARTITION BY ${entity.join(', ')} ORDER BY epoch_us("${MOMENT}") RANGE BETWEEN ${frameOf(view)} PRECEDING AND CURRENT ROW))`;
}

/**
 * The last value of each entity of a timeline, in the declared types.
 * @param types of the values
 */
export function latestOf(
  timeline: string,
  { entity, values }: Pick<ViewDefinition, 'entity' | 'values'>,
  types: Readonly<Record<string, ColumnType>>
): string {
  const by = entity.map(column).join(', ');
  const given = Object.keys(values).map((name) => `${column(name)}::${sqlType(types[name]!)} AS ${column(name)}`);
  return `(SELECT DISTINCT ON (${by}) ${[by, `"${MOMENT}"`, ...given].join(', ')} FROM ${timeline} ORDER BY ${by}, "${MOMENT}" DESC)`;
}

/** Both ends of a frame count: a window has its later end alone. */
function frameOf({ window }: ViewDefinition): string {
  return window === undefined ? 'UNBOUNDED' : `${BigInt(durationMs(window)) * 1000n - 1n}`;
}

const isOrdered = (aggregate: string) => aggregate === 'first' || aggregate === 'last';

interface Windowed {
  /** Columns to make of the history. */
  readonly read: readonly string[];
  /** Columns to make of those. */
  readonly parts: readonly string[];
  /** The value, over the window `w`. */
  readonly sql: string;
}

async function overWindow(database: Database, call: ViewValue, name: string, table: string): Promise<Windowed> {
  const { aggregate, distinct, filter } = call;
  const [argument, ...constants] = call.arguments;
  const filtered = filter === undefined ? [] : [`${filter} AS "${name}_where"`];
  const over = `${filter === undefined ? '' : ` FILTER (WHERE "${name}_where")`} OVER w`;
  if (argument === undefined) return { read: filtered, parts: [], sql: `count(*)${over}` };
  const read = [`${argument} AS "${name}"`, ...filtered];
  if (isOrdered(aggregate)) {
    const take = aggregate === 'last' ? 'arg_max' : 'arg_min';
    return { read, parts: [], sql: `${take}("${name}", "${ORDER}")${over}` };
  }
  const isDouble = await isFloating(database, argument, table);
  if (isDouble && ['sum', 'avg', 'mean'].includes(aggregate)) {
    const parts = partsOf(`"${name}"::DOUBLE`, name).map((part) => `${part.sql} AS "${part.name}"`);
    const sum = exactSum(name, over);
    return { read, parts, sql: aggregate === 'sum' ? sum : `(${sum}) / count("${name}")${over}` };
  }
  // Zero has two signs, and which of two equal values is the least is any.
  const one = isDouble ? [`CASE WHEN ${argument} = 0 THEN 0 ELSE ${argument} END AS "${name}"`, ...filtered] : read;
  const each = [`${distinct ? 'DISTINCT ' : ''}"${name}"`, ...constants].join(', ');
  return { read: one, parts: [], sql: `${aggregate}(${each})${over}` };
}

async function isFloating(database: Database, expression: string, table: string): Promise<boolean> {
  const [row] = await database.rows(`DESCRIBE SELECT ${expression} AS it FROM ${table}`);
  return ['DOUBLE', 'FLOAT'].includes(String(row!['column_type']));
}
