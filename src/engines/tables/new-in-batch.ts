/** What a snapshot has that the one that people let in last has not, and that nothing declares: columns of files, and values of columns that have few. */
import type { ColumnType, NewPolicy, SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { namesInFile } from '../../domain/definition';
import { quoted } from '../../domain/quote';
import type { TableRuleResult } from '../../domain/records';
import { ROWS_WITH_CATEGORIES } from '../../domain/schema-change';
import { digestOf } from '../../runtime/digest';
import type { Database } from './duckdb';
import { newNames } from './reading/source-limits';
import { column } from './sql';

/** What is not new. */
export interface Known {
  /** Columns of its files, declared or not. */
  readonly names: readonly string[];
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export interface BesideKnown {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  /** Columns of the files that nothing declares. */
  readonly undeclared: readonly string[];
  /** Absent where nothing was let in before; `rows` is a relation, absent where there are none. */
  readonly known?: Known & { readonly rows?: string };
  /** A relation of all rows that what is known may lack; absent where there are none. */
  readonly rows?: string;
}

/** A column with more values, or with one in more than a tenth of its rows, is none of categories. */
const MOST_CATEGORIES = 100;
const MOST_SHARE = 0.1;
/** Rows among which most columns of many values show that they have them. */
const FIRST_ROWS = 20_000;
const SHOWN = 10;
/** Of a value, before it is made fit to be shown. */
const MOST_READ = 1_000;
/** Of columns that nothing declares; beyond them, objects have data as keys. */
const MOST_UNDECLARED = 1_000;
const MOST_CHARACTERS = 200;

interface Found {
  /** How many there are. */
  readonly count: number;
  /** The first of them, all where approvers are asked; absent of a private column. */
  readonly names?: readonly string[];
  /** Of each that was read, in any order. */
  readonly digests: readonly string[];
}

/** In order: the columns, then the categories of each column; only what is new. */
export async function newInBatch(database: Database, beside: BesideKnown): Promise<readonly TableRuleResult[]> {
  const { source, schema, rows, known } = beside;
  const results = newColumns(beside);
  const before = known?.rows;
  if (rows === undefined || before === undefined) return results;
  // What it has not as texts, a definition has declared since.
  const both = judged(source, schema).filter((name) => known?.columns[name] === 'string');
  for (const name of await categorical(database, before, both)) {
    const policy = policyOf(schema, name);
    const { names, ...found } = await newCategories(database, column(name), { rows, before, policy });
    if (found.count === 0) continue;
    const shown = source.columns[name]?.privacy === true ? found : { ...found, names };
    results.push(newResult(`no new category of ${name}`, policy, shown));
  }
  return results;
}

/** The most frequent first. */
async function newCategories(
  database: Database,
  it: string,
  { rows, before, policy }: { readonly rows: string; readonly before: string; readonly policy: NewPolicy }
): Promise<Required<Found>> {
  // One more than may be asked about says that there are too many.
  const most = policy === 'ask' ? newNames() + 1 : SHOWN;
  const found = await database.rows(
    `SELECT left(${it}, ${MOST_READ}) AS v, sha256(${it}) AS digest, count(*) OVER () AS n
     FROM ${rows} WHERE ${it} IS NOT NULL GROUP BY ${it} HAVING ${it} NOT IN
       (SELECT DISTINCT ${it} FROM ${before} WHERE ${it} IS NOT NULL) ORDER BY count(*) DESC, ${it}
     ${Number.isFinite(most) ? `LIMIT ${most}` : ''}`
  );
  return {
    count: Number(found[0]?.['n'] ?? 0),
    names: found.map(({ v }) => v as string),
    digests: found.map(({ digest }) => digest as string),
  };
}

/** Names in the files that no declared column is read from. */
export function undeclaredOf({ columns }: Pick<SourceDefinition, 'columns'>, names: readonly string[]): string[] {
  const declared = new Set(Object.entries(columns).flatMap(([name, definition]) => namesInFile(name, definition)));
  return distinctNames(names.filter((name) => name !== '' && !declared.has(name)));
}

/** In order, as records keep them. */
export function distinctNames(names: readonly string[]): string[] {
  return [...new Set(names.map(asKept))].sort().slice(0, MOST_UNDECLARED);
}

const asKept = (name: string): string => name.slice(0, MOST_CHARACTERS);

export function newColumns({ schema, undeclared, known }: Omit<BesideKnown, 'source' | 'rows'>): TableRuleResult[] {
  const policy = schema.newColumns;
  if (policy === 'ignore' || known === undefined) return [];
  const had = new Set(known.names.map(asKept));
  const found = undeclared.filter((name) => !had.has(name));
  if (found.length === 0) return [];
  return [newResult('no new column', policy, { count: found.length, names: found, digests: found })];
}

function newResult(rule: string, policy: NewPolicy, { count, names, digests }: Found): TableRuleResult {
  const severity = policy === 'refuse' ? 'block' : 'warn';
  const most = policy === 'ask' ? newNames() : SHOWN;
  const shown = names === undefined ? {} : { found: names.slice(0, most).map((name) => quoted(name)) };
  const asks = policy === 'ask' ? { asks: digestOf(digests.toSorted()) } : {};
  return { rule, severity, verdict: 'failed', observed: count, isNew: true, ...shown, ...asks };
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

/** Counted by HyperLogLog, which depends on the values alone: never many texts at once. Where the first rows have too many, no others are looked at. */
async function categorical(database: Database, before: string, judgedNames: readonly string[]): Promise<string[]> {
  const names = await ofFewValues(database, before, judgedNames);
  if (names.length === 0) return [];
  const counts = names.map((name, i) => {
    const it = column(name);
    return `count(${it}) AS n${i}, approx_count_distinct(${it}) AS d${i}`;
  });
  const [found] = await database.rows(`SELECT ${counts.join(', ')} FROM ${before}`);
  return names.filter((_, i) => {
    const [present, distinct] = [Number(found![`n${i}`]), Number(found![`d${i}`])];
    return present >= ROWS_WITH_CATEGORIES && distinct <= Math.min(MOST_CATEGORIES, present * MOST_SHARE);
  });
}

async function ofFewValues(database: Database, before: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const distinct = names.map((name, i) => `count(DISTINCT ${column(name)}) AS d${i}`).join(', ');
  const first = `(SELECT ${names.map(column).join(', ')} FROM ${before} LIMIT ${FIRST_ROWS})`;
  const [found] = await database.rows(`SELECT ${distinct} FROM ${first}`);
  return names.filter((_, i) => Number(found![`d${i}`]) <= MOST_CATEGORIES);
}
