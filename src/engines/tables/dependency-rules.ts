/** Dependencies as rules about rows: what earlier rows teach is a table, and the same SQL holds batches and windows against it. */
import type { ColumnType, DependencyRule } from '../../domain/definition';
import type { LearnedDependency } from './dependencies';
import type { Database } from './duckdb';
import type { Before } from './earlier';
import { misfit, type RowRule } from './rules';
import { sqlType } from './column-sql';
import { column, text } from './sql';

type Types = Readonly<Record<string, ColumnType>>;

/**
 * Learned from earlier rows, as training learns them: of each combination with a single value.
 * @param before absent: there are none, and no row can be judged; nor can one by a rule of a column that they lack
 */
export async function dependenciesOfRows(
  database: Database,
  rules: readonly DependencyRule[],
  before: Before | undefined
): Promise<readonly RowRule[]> {
  const made: RowRule[] = [];
  for (const [i, rule] of rules.entries()) {
    const dependent = column(rule.dependent);
    const table = await taught(
      database,
      i,
      before === undefined || ![...rule.determinants, rule.dependent].every((name) => before.columns.has(name))
        ? undefined
        : `SELECT ${namesOf(rule)}, min(${dependent}) AS ${dependent} FROM ${before.rows} WHERE ${presenceOf(rule)}
           GROUP BY ${namesOf(rule)} HAVING min(${dependent}) = max(${dependent})`
    );
    made.push(dependencyRule(rule, table));
  }
  return made;
}

/** What the training rows of a model taught. */
export async function dependenciesLearned(
  database: Database,
  learned: readonly LearnedDependency[],
  types: Types
): Promise<readonly RowRule[]> {
  const made: RowRule[] = [];
  for (const [i, rule] of learned.entries()) {
    const keys = rule.determinants.map((name, at) => `${typed(`(key::JSON->>${at})`, name, types)} AS ${column(name)}`);
    const value = `${typed("(value->>'$')", rule.dependent, types)} AS ${column(rule.dependent)}`;
    const pairs = `json_each(${text(JSON.stringify(rule.values))})`;
    const table = await taught(database, i, `SELECT ${[...keys, value].join(', ')} FROM ${pairs}`);
    made.push(dependencyRule(rule, table));
  }
  return made;
}

async function taught(database: Database, index: number, rows: string | undefined): Promise<string | undefined> {
  if (rows === undefined) return undefined;
  const table = `taught_${index}`;
  await database.run(`CREATE TABLE ${table} AS ${rows}`);
  return table;
}

/** A row whose combination taught nothing is not judged, nor one that lacks a value. */
function dependencyRule(rule: DependencyRule, table: string | undefined): RowRule {
  const { name, severity, mostly, dependent } = rule;
  const known = `${presenceOf(rule)} AND (${namesOf(rule)}) IN (SELECT ${namesOf(rule)} FROM ${table})`;
  const as = `(${namesOf(rule)}, ${column(dependent)})`;
  return {
    name,
    severity,
    ...(mostly === undefined ? {} : { mostly }),
    // Which rows a snapshot has must not depend on what came before them.
    quarantines: false,
    broken: table === undefined ? 'NULL::BOOLEAN' : `CASE WHEN ${known} THEN ${as} NOT IN (FROM ${table}) END`,
  };
}

function namesOf({ determinants }: DependencyRule): string {
  return determinants.map(column).join(', ');
}

function presenceOf({ determinants, dependent }: DependencyRule): string {
  return [...determinants, dependent].map((name) => `${column(name)} IS NOT NULL`).join(' AND ');
}

/** Booleans are learned as 0 and 1, times as µs. */
function typed(raw: string, name: string, types: Types): string {
  const type = types[name];
  if (type === undefined) throw misfit(name, 'A dependency reads an unknown column.');
  if (type === 'timestamp') return `make_timestamp(${raw}::BIGINT)`;
  return type === 'boolean' ? `(${raw}::DOUBLE)::BOOLEAN` : `${raw}::${sqlType(type)}`;
}
