/** What a batch brings that nothing declares and that was not there before: columns of its files, and values of columns that have few. */
import type { NewPolicy, SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { namesInFile } from '../../domain/definition';
import { quoted } from '../../domain/quote';
import type { TableRuleResult } from '../../domain/records';
import type { Database } from './duckdb';
import { column } from './sql';

export interface BesideBefore {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  /** Columns of the batch's files that nothing declares. */
  readonly undeclared: readonly string[];
  /** Those of the files of earlier batches; absent in a first one. */
  readonly undeclaredBefore?: readonly string[];
  /** A relation of the batch's rows; absent where nothing is new. */
  readonly rows?: string;
  /** A relation of the rows before; absent where there are none. */
  readonly before?: string;
}

/** Fewer rows don't say which values a column has. */
const LEAST_ROWS = 200;
/** A column with more values, or with one in more than a tenth of its rows, is none of categories. */
const MOST_CATEGORIES = 100;
const MOST_SHARE = 0.1;
const SHOWN = 10;
/** Of columns that nothing declares; beyond them, objects have data as keys. */
const MOST_UNDECLARED = 1_000;
const MOST_CHARACTERS = 200;

/** In order: the columns, then the categories of each column; only what is new. */
export async function newInBatch(database: Database, beside: BesideBefore): Promise<readonly TableRuleResult[]> {
  const { source, schema, rows, before } = beside;
  const results = [...newColumns(beside)];
  if (rows === undefined || before === undefined) return results;
  for (const name of await categorical(database, before, judged(source, schema))) {
    const policy = policyOf(schema, name);
    const it = column(name);
    const found = await database.rows(
      `SELECT ${it} AS v FROM ${rows} WHERE ${it} IS NOT NULL GROUP BY ${it} HAVING ${it} NOT IN
         (SELECT ${it} FROM ${before} WHERE ${it} IS NOT NULL) ORDER BY count(*) DESC, ${it}`
    );
    const values = source.columns[name]?.privacy === true ? undefined : found.map(({ v }) => v as string);
    if (found.length > 0) results.push(newResult(`no new category of ${name}`, policy, found.length, values));
  }
  return results;
}

/** Names in the files that no declared column is read from. */
export function undeclaredOf({ columns }: Pick<SourceDefinition, 'columns'>, names: readonly string[]): string[] {
  const declared = new Set(Object.entries(columns).flatMap(([name, definition]) => namesInFile(name, definition)));
  return distinctNames(names.filter((name) => name !== '' && !declared.has(name)));
}

/** In order, as records keep them. */
export function distinctNames(names: readonly string[]): string[] {
  const cut = new Set(names.map((name) => name.slice(0, MOST_CHARACTERS)));
  return [...cut].sort().slice(0, MOST_UNDECLARED);
}

function newColumns({ schema, undeclared, undeclaredBefore }: BesideBefore): TableRuleResult[] {
  const policy = schema.newColumns;
  if (policy === 'ignore' || undeclaredBefore === undefined) return [];
  const had = new Set(undeclaredBefore);
  const found = undeclared.filter((name) => !had.has(name));
  return found.length === 0 ? [] : [newResult('no new column', policy, found.length, found)];
}

function newResult(
  rule: string,
  policy: NewPolicy,
  observed: number,
  found: readonly string[] | undefined
): TableRuleResult {
  const severity = policy === 'refuse' ? 'block' : 'warn';
  const shown = found === undefined ? {} : { found: found.slice(0, SHOWN).map((name) => quoted(name)) };
  return { rule, severity, verdict: 'failed', observed, isNew: true, ...shown };
}

function policyOf({ newCategories, newCategoriesOf }: SchemaDefinition, name: string): NewPolicy {
  return Object.hasOwn(newCategoriesOf, name) ? newCategoriesOf[name]! : newCategories;
}

/** A column with a declared domain has its rule; one that identifies rows has no categories. */
function judged({ columns, key = [] }: SourceDefinition, schema: SchemaDefinition): string[] {
  const domains = new Set(schema.columns.flatMap((rule) => (rule.oneOf === undefined ? [] : [rule.column])));
  const out = (name: string) => domains.has(name) || (key.length === 1 && key[0] === name);
  return Object.entries(columns)
    .filter(([name, { type }]) => type === 'string' && !out(name) && policyOf(schema, name) !== 'ignore')
    .map(([name]) => name);
}

/** Counted by HyperLogLog, which depends on the values alone: never many texts at once. */
async function categorical(database: Database, before: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const counts = names.map((name, i) => {
    const it = column(name);
    return `count(${it}) AS n${i}, approx_count_distinct(${it}) AS d${i}`;
  });
  const [found] = await database.rows(`SELECT ${counts.join(', ')} FROM ${before}`);
  return names.filter((_, i) => {
    const [present, distinct] = [Number(found![`n${i}`]), Number(found![`d${i}`])];
    return present >= LEAST_ROWS && distinct <= Math.min(MOST_CATEGORIES, present * MOST_SHARE);
  });
}
