/** A view's value: one aggregate of the history's columns, read by DuckDB's own parser. */
import { didYouMean } from '../../../domain/did-you-mean';
import { MlopsError } from '../../../domain/errors';
import type { Database } from '../duckdb';
import { checkExpressions } from '../prepare/statement';
import { text } from '../sql';

/**
 * Aggregates whose value follows from the values of the rows, whatever their order and whatever other rows there are. `sum` and
 * `avg` are made exact (exact-sum.ts); of `first` and `last` the order is declared: the moment, then the row's key.
 */
const AGGREGATES: ReadonlySet<string> = new Set(
  `approx_count_distinct avg bit_and bit_or bit_xor bool_and bool_or count count_if count_star countif first last max mean
  median min quantile_cont quantile_disc sum`.split(/\s+/)
);

export interface ViewValue {
  /** In small letters. */
  readonly aggregate: string;
  readonly distinct: boolean;
  /** SQL of its arguments. */
  readonly arguments: readonly string[];
  /** SQL of what FILTER (WHERE …) holds. */
  readonly filter?: string;
}

type Tree = Readonly<Record<string, unknown>>;

/** Where the value is written, and what it may read. */
export interface ValuePlace {
  readonly view: string;
  readonly value: string;
  /** Names of the history's columns. */
  readonly columns: readonly string[];
}

/** @throws MlopsError MLOPS_SQL_REFUSED */
export async function readValue(database: Database, sql: string, place: ValuePlace): Promise<ViewValue> {
  const refuse = (why: string): never => {
    throw refused(place, why);
  };
  const [row] = await database.rows(`SELECT json_serialize_sql(${text(`SELECT (${sql}\n)`)}) AS tree`);
  const parsed = read(row!['tree'] as string);
  if (parsed['error'] === true)
    refuse(
      String(parsed['error_message'])
        .split('\n', 1)[0]!
        .replace(/[.!\s]+$/, '')
    );
  const statements = parsed['statements'] as readonly { readonly node: Tree }[];
  const node = statements[0]!.node;
  const list = node['select_list'] as readonly Tree[] | undefined;
  const alone = statements.length === 1 && node['type'] === 'SELECT_NODE' && list?.length === 1;
  const bare = alone && (node['from_table'] as Tree)['type'] === 'EMPTY' && isEmptyAround(node);
  const call = list?.[0];
  if (!bare || call === undefined) return refuse('it is not one expression');
  const aggregate = String(call['function_name']).toLowerCase();
  if (call['class'] !== 'FUNCTION' || call['is_operator'] === true || !AGGREGATES.has(aggregate)) {
    return refuse(`it is not a call of one of ${[...AGGREGATES].filter((name) => name !== 'count_star').join(', ')}`);
  }
  const children = call['children'] as readonly Tree[];
  const distinct = call['distinct'] === true;
  if (distinct && aggregate !== 'count') refuse('DISTINCT is for count alone');
  if (((call['order_bys'] as Tree)['orders'] as readonly unknown[]).length > 0) {
    refuse('ORDER BY is not allowed: first and last go by the moment');
  }
  const inner = [...children, ...(call['filter'] === null ? [] : [call['filter'] as Tree])];
  checkExpressions(inner, refuse);
  for (const name of columnsIn(inner)) {
    const near = didYouMean(name, place.columns);
    if (!place.columns.some((known) => known.toLowerCase() === name.toLowerCase())) {
      refuse(`its history has no column ${name}.${near}`.replace(/\.$/, ''));
    }
  }
  const sqlOf = (expression: Tree) => written(database, { ...node, select_list: [expression] });
  return {
    aggregate,
    distinct,
    arguments: await Promise.all(children.map(sqlOf)),
    ...(call['filter'] === null ? {} : { filter: await sqlOf(call['filter'] as Tree) }),
  };
}

/** No clause stands around the expression. */
function isEmptyAround(node: Tree): boolean {
  const { modifiers, cte_map: tables, where_clause: where, having, qualify, sample } = node;
  const { map = [] } = (tables ?? {}) as { readonly map?: readonly unknown[] };
  const groups = (node['group_expressions'] ?? []) as readonly unknown[];
  const none = [where, having, qualify, sample].every((clause) => clause === null || clause === undefined);
  return none && map.length === 0 && groups.length === 0 && (modifiers as readonly unknown[]).length === 0;
}

function columnsIn(it: unknown): string[] {
  if (Array.isArray(it)) return it.flatMap(columnsIn);
  if (typeof it !== 'object' || it === null) return [];
  const tree = it as Tree;
  if (tree['class'] === 'COLUMN_REF') return [(tree['column_names'] as readonly string[]).join('.')];
  return Object.values(tree).flatMap(columnsIn);
}

/** An expression as DuckDB writes it. */
async function written(database: Database, node: Tree): Promise<string> {
  const tree = write({ error: false, statements: [{ node, named_param_map: [] }] });
  const [row] = await database.rows(`SELECT json_deserialize_sql(${text(tree)}::JSON) AS sql`);
  return `(${String(row!['sql']).replace(/^SELECT /, '')})`;
}

/** Integers that JavaScript's numbers can't hold are kept as texts on the way; nothing else begins so. */
const LARGE = '\u0000integer:';
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

function read(json: string): Tree {
  const kept = json.replace(TOKENS, (token) => (token.startsWith('"') ? token : JSON.stringify(LARGE + token)));
  return JSON.parse(kept) as Tree;
}

function write(tree: Tree): string {
  const escaped = JSON.stringify(LARGE).slice(1, -1);
  return JSON.stringify(tree).replace(TOKENS, (token) =>
    token.startsWith(`"${escaped}`) ? token.slice(1 + escaped.length, -1) : token
  );
}

function refused({ view, value }: ValuePlace, why: string): MlopsError {
  const what = `The value of a feature view is refused: ${why}.`;
  const fix =
    "Write one aggregate of the history's columns, such as avg(delay) FILTER (WHERE delay > 0) (docs/feature-views.md).";
  return new MlopsError('MLOPS_SQL_REFUSED', what, { view, value }, fix);
}
