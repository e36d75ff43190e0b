/** What a view says of its entities, moment by moment: the one SQL that the join and the materialized values go by. */
import type { ColumnType, ViewDefinition } from '../../../domain/definition';
import { durationMs } from '../../../domain/durations';
import type { Database } from '../duckdb';
import { column, KEY, KNOWN_AT } from '../sql';
import { typeSql } from '../column-sql';
import { exactSum, partsOf, sumParts } from './exact-sum';
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
/** A number that stands for an entity: rows are sorted and paired by it in a third less time than by texts. */
export const ENTITY = '__entity';
const ORDER = '__order';

/**
 * A relation with the entity's columns, `__moment` and the values: for each row of the history the aggregates of the entity's rows
 * with a moment in (moment − window, moment]. Rows of one moment have the same values. A value follows from those rows alone, to the bit.
 * @param entities a relation of the entities that are asked for, with `__entity`, which stands in the timeline in their columns' place
 * @throws MlopsError MLOPS_SQL_REFUSED: a value is not an aggregate of the history's columns, of functions from the allowlist
 */
export async function timelineOf(database: Database, of: ViewTable, entities?: string): Promise<string> {
  const { name, view, table, columns } = of;
  const values: Values = [];
  for (const [value, sql] of Object.entries(view.values)) {
    const place = { view: name, value, columns: Object.keys(columns) };
    values.push([value, await readValue(database, sql, place)]);
  }
  const moment = view.clock === 'eventTime' ? column(of.eventTime!) : `"${KNOWN_AT}"`;
  const named = view.entity.map(column);
  const present = [...named, moment].map((each) => `${each} IS NOT NULL`).join(' AND ');
  const entity = entities === undefined ? named : [`"${ENTITY}"`];
  const history = {
    table,
    from: `${table}${entities === undefined ? '' : ` JOIN ${entities} USING (${named.join(', ')})`} WHERE ${present}`,
    entity,
    moment,
    window: `WINDOW w AS (PARTITION BY ${entity.join(', ')} ORDER BY epoch_us("${MOMENT}") RANGE BETWEEN ${frameOf(view)} PRECEDING AND CURRENT ROW)`,
  };
  const ordered = values.filter(([, { aggregate }]) => isOrdered(aggregate)).length;
  const timeline =
    ordered === values.length
      ? await orderedTimeline(database, history, values)
      : await windowedTimeline(database, history, values, ordered > 0);
  return finite(timeline, await mayBeInfinite(database, values, table));
}

/** What can't be served can't be trained on either: an infinite value, or NaN, is missing. */
function finite(timeline: string, names: readonly string[]): string {
  if (names.length === 0) return timeline;
  const checked = names.map(column).map((name) => `CASE WHEN isfinite(${name}) THEN ${name} END AS ${name}`);
  return `(SELECT * REPLACE (${checked.join(', ')}) FROM ${timeline})`;
}

/** Sums and means are made finite already, and the others give no doubles. */
const CHOOSE: ReadonlySet<string> = new Set([
  'first',
  'last',
  'max',
  'min',
  'median',
  'quantile_cont',
  'quantile_disc',
]);

async function mayBeInfinite(database: Database, values: Values, table: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [name, { aggregate, arguments: of }] of values) {
    if (CHOOSE.has(aggregate) && (await isFloating(database, of[0]!, table))) names.push(name);
  }
  return names;
}

type Values = (readonly [name: string, ViewValue])[];

interface History {
  /** As a value's expression sees it. */
  readonly table: string;
  /** The rows that count, for FROM. */
  readonly from: string;
  /** Columns, quoted. */
  readonly entity: readonly string[];
  readonly moment: string;
  readonly window: string;
}

/**
 * Of `first` and `last` alone: each moment has one value, and where each has one, it is the last. No row is sorted for that, which
 * would take longer than all the rest.
 */
async function orderedTimeline(
  database: Database,
  { table, from, entity, moment, window }: History,
  values: Values
): Promise<string> {
  const made: string[] = [];
  const given: string[] = [];
  for (const [at, [value, { aggregate, arguments: of, filter }]] of values.entries()) {
    const argument = filter === undefined ? of[0]! : `CASE WHEN ${filter} THEN ${of[0]!} END`;
    made.push(`${aggregate === 'last' ? 'arg_max' : 'arg_min'}(${argument}, "${KEY}") AS "__${at}"`);
    const [missing] = await database.rows(`SELECT EXISTS (FROM ${table} WHERE (${argument}) IS NULL) AS "some"`);
    const isItself = aggregate === 'last' && missing!['some'] === false;
    given.push(`${isItself ? `"__${at}"` : `${aggregate}_value("__${at}" IGNORE NULLS) OVER w`} AS ${column(value)}`);
  }
  const by = [...entity, `"${MOMENT}"`].join(', ');
  const moments = `SELECT ${[...entity, `${moment} AS "${MOMENT}"`, ...made].join(', ')} FROM ${from} GROUP BY ${entity.join(', ')}, ${moment}`;
  return `(SELECT ${by}, ${given.join(', ')} FROM (${moments}) ${window})`;
}

async function windowedTimeline(
  database: Database,
  { table, from, entity, moment, window }: History,
  values: Values,
  isSomeOrdered: boolean
): Promise<string> {
  const order = isSomeOrdered ? [`row_number() OVER (ORDER BY ${moment}, "${KEY}") AS "${ORDER}"`] : [];
  const read: string[] = [];
  const parts: string[] = [];
  const given: string[] = [];
  for (const [at, [value, call]] of values.entries()) {
    const made = await overWindow(database, call, `__${at}`, table);
    read.push(...made.read);
    parts.push(...made.parts);
    given.push(`${made.sql} AS ${column(value)}`);
  }
  const rows = `SELECT ${[...entity, `${moment} AS "${MOMENT}"`, ...order, ...read].join(', ')} FROM ${from}`;
  const split = parts.length === 0 ? rows : `SELECT *, ${parts.join(', ')} FROM (${rows})`;
  return `(SELECT ${[...entity, `"${MOMENT}"`, ...given].join(', ')} FROM (${split}) ${window})`;
}

/**
 * The last value of each entity of a timeline, in the declared types, as an ingest of joined rows keeps it.
 * @param types of the values
 */
export function latestOf(
  timeline: string,
  { entity, values }: Pick<ViewDefinition, 'entity' | 'values'>,
  types: Readonly<Record<string, ColumnType>>
): string {
  const by = entity.map(column).join(', ');
  const given = Object.keys(values).map((name) => {
    const { sql, kept } = typeSql(types[name]!);
    return `${kept(`${column(name)}::${sql(types[name]!)}`)} AS ${column(name)}`;
  });
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
    const used = await sumParts(database, argument, table);
    const parts = partsOf(`"${name}"::DOUBLE`, name, used).map((part) => `${part.sql} AS "${part.name}"`);
    const sum = exactSum(name, over, used);
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
