/** Dependencies between columns ("a route has one distance"), as training rows teach them; dependency-rules.ts checks them in later rows. */
import type { DependencyRule } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { type Column, MISSING_TIMESTAMP, type TableColumns } from './columns';

type Value = string | number;

/** Plain JSON. Timestamps are µs since 1970. */
export interface LearnedDependencies {
  readonly v: 1;
  readonly dependencies: readonly LearnedDependency[];
}

/** One entry for each combination that had a single value in the training rows. */
export interface LearnedDependency extends DependencyRule {
  /** JSON array of the determinants' values → the dependent's value. */
  readonly values: Readonly<Record<string, Value>>;
  /** Combinations with several values: nothing can be said of them. */
  readonly ambiguous: number;
}

/**
 * Rows with a missing determinant or dependent teach nothing.
 * @throws MlopsError MLOPS_DEFINITION_INVALID: a rule of a column that the table lacks
 */
export function learnDependencies(table: TableColumns, rules: readonly DependencyRule[]): LearnedDependencies {
  const dependencies = rules.map((rule) => {
    const groups = groupsOf(table, rule);
    const dependent = columnOf(table, rule, rule.dependent);
    const learned = new Map<number, Value>();
    const ambiguous = new Set<number>();
    groups.of.forEach((group, row) => {
      const value = group < 0 ? undefined : valueAt(dependent, row);
      if (value === undefined) return;
      const before = learned.get(group);
      if (before === undefined) learned.set(group, value);
      else if (before !== value) ambiguous.add(group);
    });
    const known = [...learned].filter(([group]) => !ambiguous.has(group));
    const values = Object.fromEntries(
      known.map(([group, value]) => [keyAt(table, rule, groups.firstRow[group]!), value])
    );
    return { ...rule, values, ambiguous: ambiguous.size };
  });
  return { v: 1, dependencies };
}

interface Groups {
  /** [rows], number of the row's combination; −1 where a determinant is missing */
  readonly of: Int32Array;
  /** A row of each combination. */
  readonly firstRow: readonly number[];
}

/** Combinations of the determinants, numbered as they come; column by column, so that no row needs a text of its own. */
function groupsOf(table: TableColumns, rule: DependencyRule): Groups {
  let of = new Int32Array(table.rows);
  let firstRow: number[] = [0];
  for (const name of rule.determinants) {
    const codes = codesOf(columnOf(table, rule, name), table.rows);
    const numbers = new Map<number, number>();
    const rows: number[] = [];
    const next = new Int32Array(table.rows);
    for (let row = 0; row < table.rows; row += 1) {
      const [before, code] = [of[row]!, codes.of[row]!];
      const combination = before * codes.count + code;
      let group = before < 0 || code < 0 ? -1 : numbers.get(combination);
      if (group === undefined) {
        group = rows.push(row) - 1;
        numbers.set(combination, group);
      }
      next[row] = group;
    }
    of = next;
    firstRow = rows;
  }
  return { of, firstRow };
}

/** Numbers for a column's distinct values; −1 is missing. */
function codesOf(column: Column, rows: number): { readonly of: Int32Array; readonly count: number } {
  if (column.type === 'string') return { of: column.codes, count: column.dictionary.length };
  const numbers = new Map<Value, number>();
  const of = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = valueAt(column, row);
    let code = value === undefined ? -1 : numbers.get(value);
    if (code === undefined) {
      code = numbers.size;
      numbers.set(value!, code);
    }
    of[row] = code;
  }
  return { of, count: numbers.size };
}

function keyAt(table: TableColumns, rule: DependencyRule, row: number): string {
  return JSON.stringify(rule.determinants.map((name) => valueAt(columnOf(table, rule, name), row)));
}

function valueAt(column: Column, row: number): Value | undefined {
  switch (column.type) {
    case 'string':
      return column.dictionary[column.codes[row]!];
    case 'number':
      return Number.isNaN(column.values[row]) ? undefined : column.values[row];
    case 'text':
      return column.values[row] ?? undefined;
    case 'vector':
      throw new TypeError('a definition names no vector in a dependency');
    case 'timestamp':
      return column.values[row] === MISSING_TIMESTAMP ? undefined : Number(column.values[row]);
  }
}

function columnOf(table: TableColumns, rule: DependencyRule, name: string): Column {
  const column = table.columns[name];
  if (column !== undefined) return column;
  const where = { rule: rule.name, column: name };
  throw new MlopsError('MLOPS_DEFINITION_INVALID', 'A dependency reads an unknown column.', where, 'Fix the schema.');
}
