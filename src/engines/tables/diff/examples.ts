/** The first few differences, by event time and key. What is private is `…`. */
import type { ColumnType } from '../../../domain/definition';
import type { Database } from '../duckdb';
import { liveRows } from '../live-rows';
import { plainColumn, type PlainValue, plainValue } from '../plain-value';
import { column, FILE, KEY, ROW } from '../sql';
import type { Side } from './row-changes';
import { commonColumns } from './schema-changes';

export interface RowExample {
  /** `file:row` of the source. */
  readonly from: string;
  /** The declared key; without one all values. */
  readonly row: Readonly<Record<string, PlainValue>>;
}

export interface ChangedExample extends RowExample {
  /** The columns that changed. */
  readonly columns: Readonly<Record<string, { readonly from: PlainValue; readonly to: PlainValue }>>;
}

const HIDDEN = '…';

/** Rows that only this side has. */
export async function rowExamples(
  database: Database,
  side: Side,
  {
    change,
    key,
    most,
  }: { readonly change: 'added' | 'removed'; readonly key: 'key_a' | 'key_b'; readonly most: number }
): Promise<readonly RowExample[]> {
  if (side.shards.length === 0) return [];
  const names = side.key ?? Object.keys(side.columns);
  const shown = shownOf(side, names, '');
  const found = await database.rows(
    `SELECT ${[PLACE, ...shown.map(({ sql }, i) => `${sql} AS v${i}`)].join(', ')}
     FROM ${liveRows(side.shards, allColumns(side))} WHERE "${KEY}" IN (SELECT ${key} FROM differences WHERE change = '${change}')
     ORDER BY ${inOrder(side, '')} LIMIT ${most}`
  );
  return found.map((row) => ({ from: String(row['place']), row: valuesOf(shown, row, 'v') }));
}

/** Rows that both sides have, with other values. */
export async function changedExamples(
  database: Database,
  a: Side,
  b: Side,
  most: number
): Promise<readonly ChangedExample[]> {
  if (a.shards.length === 0 || b.shards.length === 0) return [];
  const common = Object.keys(commonColumns(a, b));
  const [before, after] = [shownOf(a, common, 'a.'), shownOf(b, common, 'b.')];
  const named = shownOf(b, b.key ?? [], 'b.');
  const columns = [
    `b."${FILE}" || ':' || b."${ROW}" AS place`,
    ...named.map(({ sql }, i) => `${sql} AS k${i}`),
    ...before.map(({ sql }, i) => `${sql} AS a${i}`),
    ...after.map(({ sql }, i) => `${sql} AS b${i}`),
    ...common.map((name, i) => `${other(name)} AS d${i}`),
  ];
  const found = await database.rows(
    `SELECT ${columns.join(', ')} FROM ${changedPairs(a, b)} ORDER BY ${inOrder(b, 'b.')} LIMIT ${most}`
  );
  return found.map((row) => {
    const [from, to] = [valuesOf(before, row, 'a'), valuesOf(after, row, 'b')];
    const changed = common.filter((_, i) => row[`d${i}`] === true);
    const columnsOf = changed.map((name) => [name, { from: from[name]!, to: to[name]! }] as const);
    return { from: String(row['place']), row: valuesOf(named, row, 'k'), columns: Object.fromEntries(columnsOf) };
  });
}

/** In how many of the changed rows a column has another value; columns that never do are left out. */
export async function changedByColumn(database: Database, a: Side, b: Side): Promise<Readonly<Record<string, number>>> {
  if (a.shards.length === 0 || b.shards.length === 0) return {};
  const common = Object.keys(commonColumns(a, b));
  if (common.length === 0) return {};
  const counts = common.map((name, i) => `count(*) FILTER (WHERE ${other(name)}) AS c${i}`);
  const [found] = await database.rows(`SELECT ${counts.join(', ')} FROM ${changedPairs(a, b)}`);
  const counted = common.map((name, i) => [name, Number(found![`c${i}`])] as const);
  return Object.fromEntries(counted.filter(([, rows]) => rows > 0));
}

/** `a` and `b` are the rows of one key; only rows that changed come together. */
function changedPairs(a: Side, b: Side): string {
  const of = (side: Side, key: string) =>
    `(FROM ${liveRows(side.shards, allColumns(side))} SEMI JOIN (SELECT ${key} AS "${KEY}" FROM differences WHERE change = 'changed') USING ("${KEY}"))`;
  return `(FROM differences WHERE change = 'changed') d
    JOIN ${of(a, 'key_a')} a ON a."${KEY}" = d.key_a JOIN ${of(b, 'key_b')} b ON b."${KEY}" = d.key_b`;
}

/** As the content's hash sees it: minus zero is zero. */
function other(name: string): string {
  return `a.${column(name)} IS DISTINCT FROM b.${column(name)}`;
}

function allColumns({ columns }: Side): readonly string[] {
  return [...Object.keys(columns).map(column), `"${KEY}"`, `"${FILE}"`, `"${ROW}"`];
}

const PLACE = `"${FILE}" || ':' || "${ROW}" AS place`;

function inOrder({ eventTime }: Side, of: string): string {
  return [...(eventTime === undefined ? [] : [`${of}${column(eventTime)}`]), `${of}"${KEY}"`].join(', ');
}

interface Shown {
  readonly name: string;
  readonly type: ColumnType;
  readonly hidden: boolean;
  readonly sql: string;
}

function shownOf({ columns, privacy }: Side, names: readonly string[], of: string): readonly Shown[] {
  return names.map((name) => {
    const hidden = privacy.includes(name);
    const type = columns[name]!;
    return { name, type, hidden, sql: hidden ? 'NULL' : plainColumn(name, type, of) };
  });
}

function valuesOf(
  shown: readonly Shown[],
  row: Readonly<Record<string, unknown>>,
  prefix: string
): Readonly<Record<string, PlainValue>> {
  const values = shown.map(({ name, type, hidden }, i) => [
    name,
    hidden ? HIDDEN : plainValue(row[`${prefix}${i}`], type),
  ]);
  return Object.fromEntries(values) as Readonly<Record<string, PlainValue>>;
}
