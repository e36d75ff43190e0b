/** A user's statement, read by DuckDB's own parser and let through only where all of it is known to be harmless and repeatable. */
import { MlopsError } from '../../../domain/errors';
import type { Database } from '../duckdb';
import { text } from '../sql';
import { AGGREGATES, CLOCKS_AND_SETTINGS, ORDERED, SCALARS } from './functions';

/** What DuckDB's `json_serialize_sql` makes of a statement. */
type Tree = Readonly<Record<string, unknown>>;

const EXPRESSIONS: ReadonlySet<string> = new Set(
  ['COLUMN_REF', 'CONSTANT', 'FUNCTION', 'COMPARISON', 'CONJUNCTION', 'CAST', 'OPERATOR', 'CASE', 'BETWEEN'].concat([
    'WINDOW',
    'SUBQUERY',
    'STAR',
  ])
);
const OPERATORS: ReadonlySet<string> = new Set(
  [
    'COMPARE_IN',
    'COMPARE_NOT_IN',
    'OPERATOR_NOT',
    'OPERATOR_IS_NULL',
    'OPERATOR_IS_NOT_NULL',
    'OPERATOR_COALESCE',
  ].concat(['OPERATOR_NULLIF', 'OPERATOR_TRY', 'GROUPING_FUNCTION'])
);
const NODES: ReadonlySet<string> = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'CTE_NODE']);
const TABLES: ReadonlySet<string> = new Set(['BASE_TABLE', 'SUBQUERY', 'JOIN', 'EMPTY', 'EXPRESSION_LIST']);
const JOINS: ReadonlySet<string> = new Set(['REGULAR', 'NATURAL', 'CROSS', 'ASOF', 'DEPENDENT']);
/** Deep enough for any statement that a person writes. */
const MOST_CHARACTERS = 32_768;

/**
 * One SELECT (with common table expressions, joins, set operations) over the given tables, of functions from an allowlist;
 * what depends on the order of rows has an ORDER BY.
 * @param tables names that it may read, in small letters
 * @throws MlopsError MLOPS_SQL_REFUSED: what is refused, and where it stands in the statement
 */
export async function checkStatement(
  database: Database,
  {
    statement,
    source,
    tables,
  }: { readonly statement: string; readonly source: string; readonly tables: readonly string[] }
): Promise<void> {
  if (statement.length > MOST_CHARACTERS)
    throw refused(source, `It has ${statement.length} characters, and may have ${MOST_CHARACTERS}`);
  const [row] = await database.rows(`SELECT json_serialize_sql(${text(statement)}) AS tree`);
  const parsed = JSON.parse(row!['tree'] as string) as Tree;
  if (parsed['error'] === true) throw refused(source, said(parsed));
  const statements = parsed['statements'] as readonly Tree[];
  if (statements.length !== 1) throw refused(source, `It is ${statements.length} statements`);
  new Check(statement, source, tables).tree(statements[0]!['node'] as Tree);
}

/**
 * Expressions of scalar functions from the allowlist, without aggregates, subqueries and windows.
 * @param refuse throws
 */
export function checkExpressions(expressions: readonly Tree[], refuse: (why: string) => never): void {
  for (const each of expressions) checkScalar(each, refuse);
}

function checkScalar(it: unknown, refuse: (why: string) => never): void {
  if (Array.isArray(it)) for (const each of it) checkScalar(each, refuse);
  if (typeof it !== 'object' || it === null || Array.isArray(it)) return;
  const tree = it as Tree;
  const kind = tree['class'];
  if (typeof kind === 'string') {
    if (!EXPRESSIONS.has(kind) || ['WINDOW', 'SUBQUERY', 'STAR'].includes(kind))
      refuse(`${words(kind)} is not allowed`);
    const type = String(tree['type']);
    if (kind === 'OPERATOR' && !OPERATORS.has(type)) refuse(`${words(type)} is not allowed`);
    if (kind === 'FUNCTION') {
      const name = String(tree['function_name']).toLowerCase();
      const own =
        (tree['catalog'] ?? '') === '' && ['', 'main', undefined].includes(tree['schema'] as string | undefined);
      if (!own || !SCALARS.has(name)) refuse(`the function ${name} is not allowed in an aggregate`);
    }
  }
  for (const part of Object.values(tree)) checkScalar(part, refuse);
}

/** So that it can stand in parentheses. */
export function withoutEnd(statement: string): string {
  return statement.replace(/[;\s]+$/, '');
}

class Check {
  readonly #statement: string;
  readonly #source: string;
  readonly #tables: readonly string[];
  readonly #common = new Set<string>();

  constructor(statement: string, source: string, tables: readonly string[]) {
    this.#statement = statement;
    this.#source = source;
    this.#tables = tables;
  }

  /** A query, a table reference, an expression or a part of one; whatever has a kind must be of a known one. */
  tree(it: unknown): void {
    if (Array.isArray(it)) for (const each of it) this.tree(each);
    if (typeof it !== 'object' || it === null || Array.isArray(it)) return;
    const tree = it as Tree;
    if ('sample' in tree && tree['sample'] !== null) this.#refuse(tree, 'A sample of rows is another one each time');
    if (typeof tree['class'] === 'string') this.#expression(tree, tree['class']);
    else if ('modifiers' in tree) this.#query(tree);
    else if ('query_location' in tree && typeof tree['type'] === 'string') this.#table(tree, tree['type']);
    for (const [name, part] of Object.entries(tree)) if (name !== 'cte_map') this.tree(part);
  }

  #query(query: Tree): void {
    const type = String(query['type']);
    if (!NODES.has(type)) this.#refuse(query, `${words(type)} is not allowed`);
    const { map = [] } = (query['cte_map'] ?? {}) as { readonly map?: readonly Tree[] };
    for (const { key, value } of map) {
      this.#common.add(String(key).toLowerCase());
      this.tree((value as { readonly query: Tree }).query['node']);
    }
    const modifiers = query['modifiers'] as readonly Tree[];
    const ordered = modifiers.some(({ type: kind }) => kind === 'ORDER_MODIFIER');
    for (const modifier of modifiers) {
      const on = (modifier['distinct_on_targets'] as readonly unknown[] | undefined) ?? [];
      if (!ordered && on.length > 0) this.#refuse(query, 'DISTINCT ON takes any row without ORDER BY');
      if (!ordered && String(modifier['type']).startsWith('LIMIT'))
        this.#refuse(query, 'LIMIT and OFFSET take any rows without ORDER BY');
    }
  }

  #table(table: Tree, type: string): void {
    if (!TABLES.has(type)) this.#refuse(table, `${words(type)} is not allowed`);
    if (type === 'JOIN' && !JOINS.has(String(table['ref_type'])))
      this.#refuse(table, `a ${words(String(table['ref_type']))} join pairs rows by their order`);
    if (type !== 'BASE_TABLE') return;
    const name = String(table['table_name']);
    if (table['schema_name'] !== '' || table['catalog_name'] !== '' || table['at_clause'] !== null)
      this.#refuse(table, `${name} is not one of its tables`);
    const known = this.#common.has(name.toLowerCase()) || this.#tables.includes(name.toLowerCase());
    if (!known) this.#refuse(table, `${name} is not one of its tables (${this.#tables.join(', ')})`);
  }

  #expression(it: Tree, kind: string): void {
    if (!EXPRESSIONS.has(kind)) this.#refuse(it, `${words(kind)} is not allowed`);
    if (kind === 'OPERATOR' && !OPERATORS.has(String(it['type'])))
      this.#refuse(it, `${words(String(it['type']))} is not allowed`);
    if (kind === 'COLUMN_REF') {
      const names = it['column_names'] as readonly string[];
      if (names.length === 1 && CLOCKS_AND_SETTINGS.has(names[0]!.toLowerCase()))
        this.#refuse(it, `${names[0]} is another one each time`);
    }
    if (kind === 'FUNCTION') this.#call(it, ((it['order_bys'] as Tree)['orders'] as readonly unknown[]).length > 0);
    if (kind === 'WINDOW') this.#window(it);
  }

  #call(call: Tree, ordered: boolean): void {
    const name = String(call['function_name']).toLowerCase();
    if ((call['catalog'] ?? '') !== '' || !['', 'main', undefined].includes(call['schema'] as string | undefined))
      this.#refuse(call, `${name} is not a function of its own`);
    if (SCALARS.has(name) || AGGREGATES.has(name)) return;
    if (!ORDERED.has(name)) this.#refuse(call, `the function ${name} is not allowed`);
    if (!ordered) this.#refuse(call, `${name} takes any row without ORDER BY`);
  }

  #window(window: Tree): void {
    const orders =
      (window['orders'] as readonly unknown[]).length + (window['arg_orders'] as readonly unknown[]).length;
    this.#call(window, orders > 0);
    const frame = [window['start'], window['end']].map(String);
    if (orders === 0 && frame.some((end) => end.endsWith('_ROWS')))
      this.#refuse(window, 'a frame of rows needs ORDER BY');
  }

  #refuse(at: Tree, why: string): never {
    throw refused(this.#source, why, this.#quote(at));
  }

  #quote({ query_location: at }: Tree): string | undefined {
    if (typeof at !== 'number' || at >= this.#statement.length) return undefined;
    return this.#statement.slice(at, at + 40).replace(/\s+/g, ' ');
  }
}

function said(parsed: Tree): string {
  const message = String(parsed['error_message']);
  if (message.startsWith('Only SELECT')) return 'It is not a SELECT';
  return message.split('\n', 1)[0]!.replace(/[.!\s]+$/, '');
}

function words(type: string): string {
  return type.replaceAll('_', ' ').toLowerCase();
}

function refused(source: string, why: string, at?: string): MlopsError {
  const fix =
    'Write one SELECT over its tables, of functions that depend on nothing but their arguments (docs/prepare.md).';
  const what = `The statement of a prepared source is refused: ${why}.`;
  return new MlopsError('MLOPS_SQL_REFUSED', what, at === undefined ? { source } : { source, at: `"${at}"` }, fix);
}
