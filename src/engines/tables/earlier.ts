/**
 * A snapshot's rows beside what people let in last. Rules that hold a batch against earlier data go by this alone, so that it is
 * the same to them whether rows come to that snapshot, to another one, or are all taken anew.
 */
import {
  type ColumnType,
  judgesByEarlier,
  type SchemaDefinition,
  type SourceDefinition,
} from '../../domain/definition';
import type { Database } from './duckdb';
import { type DataShard, liveRows } from './live-rows';
import { contentOf, SHARD_CONTENT } from './row-key';
import { column, FILE, KEY, ROW } from './sql';

export interface Earlier {
  /** A relation of the snapshot's rows that people did not let in yet: columns of the rules, `__file` and `__row`; absent: there are none. */
  readonly rows?: string;
  /** A relation of its other rows, with the same columns; absent: there are none. */
  readonly others?: string;
  /** What people let in last; absent: nothing. */
  readonly before?: Before;
}

export interface Before {
  /** A relation of its rows, but for those in whose place another one of their key came. */
  readonly rows: string;
  /** The columns that it has, in the types of now. */
  readonly columns: ReadonlySet<string>;
}

/** The rows that people let in last. */
export interface LetInRows {
  readonly shards: readonly DataShard[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Declared then. */
  readonly key?: readonly string[];
  /** They are those that the batch's rows come to. */
  readonly isParent: boolean;
}

export interface Taken {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  readonly letIn?: LetInRows;
  /** A relation of the rows that the batch adds, with `__key`, `__content`, `__file` and `__row`; absent: there are none. */
  readonly added?: string;
  /** The same of the parent's rows that stay. */
  readonly staying?: string;
}

const IDENTITY = '__identity';

/** Makes the table `unseen`, where the rows do not come to what people let in last. */
export async function earlierOf(database: Database, taken: Taken): Promise<Earlier> {
  const { source, schema, letIn, added, staying } = taken;
  if (!judgesByEarlier(schema)) return {};
  const names = comparedColumns(taken);
  if (letIn === undefined || letIn.isParent || letIn.shards.length === 0) {
    const own = {
      ...(added === undefined ? {} : { rows: added }),
      ...(staying === undefined ? {} : { others: staying }),
    };
    return letIn === undefined || letIn.shards.length === 0
      ? own
      : { ...own, before: beforeOf(letIn, source, names, added) };
  }
  const identity = identityOf(letIn, source);
  const own = [...names.map(column), `"${KEY}"`, `"${FILE}"::VARCHAR AS "${FILE}"`, `"${ROW}"`];
  const all = [added, staying]
    .filter((relation) => relation !== undefined)
    .map((relation) => `SELECT ${own.join(', ')}, ${identity} AS "${IDENTITY}" FROM ${relation}`)
    .join(' UNION ALL ');
  if (all === '') return {};
  const had = liveRows(letIn.shards, [`${identity} AS "${IDENTITY}"`]);
  const beside = (join: string) =>
    `SELECT * EXCLUDE ("${IDENTITY}") FROM (${all}) ${join} JOIN ${had} USING ("${IDENTITY}")`;
  await database.run(`CREATE TABLE unseen AS ${beside('ANTI')}`);
  return { rows: 'unseen', others: `(${beside('SEMI')})`, before: beforeOf(letIn, source, names, 'unseen') };
}

/** Declared columns that a rule about earlier data reads. */
function comparedColumns({ source, schema }: Taken): readonly string[] {
  const ofRules = schema.table.flatMap((rule) =>
    'unique' in rule ? rule.unique : 'drift' in rule ? [rule.drift] : []
  );
  const ofDependencies = schema.dependencies.flatMap(({ determinants, dependent }) => [...determinants, dependent]);
  return [...new Set([...ofRules, ...ofDependencies])].filter((name) => Object.hasOwn(source.columns, name));
}

/** What tells a row from others, in SQL over both: where other columns are declared since, its values in those that both have. */
function identityOf({ columns, key }: LetInRows, source: SourceDefinition): string {
  const both = commonColumns(columns, source);
  const same = both.length === Object.keys(source.columns).length && both.length === Object.keys(columns).length;
  if (same && isSame(key, source.key)) return SHARD_CONTENT;
  // Rows of which nothing can be compared are all unseen.
  if (both.length === 0) return 'NULL::UUID';
  return contentOf({ columns: Object.fromEntries(both.map((name) => [name, source.columns[name]!])) });
}

function beforeOf(
  { shards, columns, key }: LetInRows,
  source: SourceDefinition,
  names: readonly string[],
  rows: string | undefined
): Before {
  const both = commonColumns(columns, source);
  const live = liveRows(shards, [...both.filter((name) => names.includes(name)).map(column), `"${KEY}"`]);
  const keeps = source.key === undefined || !isSame(key, source.key) || rows === undefined;
  return {
    rows: keeps ? live : `(FROM ${live} ANTI JOIN (SELECT "${KEY}" FROM ${rows}) USING ("${KEY}"))`,
    columns: new Set(both),
  };
}

function commonColumns(columns: LetInRows['columns'], source: SourceDefinition): readonly string[] {
  return Object.keys(source.columns).filter((name) => columns[name] === source.columns[name]!.type);
}

function isSame(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
