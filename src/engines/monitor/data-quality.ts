/** Whether a window's inputs are such as the model was made for: the schema's rules and the learned dependencies. */
import type { ColumnRule, SchemaDefinition, Severity } from '../../domain/definition';
import type { DataQuality } from '../../domain/monitoring';
import { type Column, MISSING_TIMESTAMP, type TableColumns } from '../tables/columns';
import { type ColumnCheck, columnChecks } from '../tables/column-checks';
import { brokenDependencies, type LearnedDependencies } from '../tables/dependencies';

/** A rule that is only for information counts, and never fails a window. */
const NO_LIMIT = 1;

/**
 * Counts the rows that break each rule; the window fails where their share of all rows is above `maxBrokenShare`.
 * Columns that aren't served (the label's, for example) aren't checked.
 */
export function dataQualityOf(
  table: TableColumns,
  schema: SchemaDefinition,
  learned: LearnedDependencies | undefined
): DataQuality {
  const served = (learned?.dependencies ?? []).filter((rule) =>
    [...rule.determinants, rule.dependent].every((name) => table.columns[name] !== undefined)
  );
  const counts = [
    ...schema.columns.flatMap((rule) => countsOf(rule, table)),
    ...brokenDependencies({ v: 1, dependencies: served }, table),
  ];
  const rules = counts.map(({ rule, severity, broken }) => ({
    rule,
    broken,
    share: table.rows === 0 ? 0 : broken / table.rows,
    limit: severity === 'info' ? NO_LIMIT : schema.maxBrokenShare,
  }));
  return { verdict: rules.some(({ share, limit }) => share > limit) ? 'failed' : 'passed', rules };
}

interface Count {
  readonly rule: string;
  readonly severity: Severity;
  readonly broken: number;
}

function countsOf(rule: ColumnRule, table: TableColumns): Count[] {
  const column = table.columns[rule.column];
  if (column === undefined) return [];
  const { severity } = rule;
  return columnChecks(rule).map(({ name, holds }) => ({ rule: name, severity, broken: brokenIn(column, holds) }));
}

/** A missing value is neither too small nor too large: NaN compares as false. */
function brokenIn(column: Column, holds: ColumnCheck['holds']): number {
  switch (holds.kind) {
    case 'present':
      return missing(column);
    case 'at least':
      return numbersWhere(column, (value) => value < holds.bound);
    case 'at most':
      return numbersWhere(column, (value) => value > holds.bound);
    case 'one of':
      return others(column, holds.values);
  }
}

function missing(column: Column): number {
  switch (column.type) {
    case 'string':
      return howMany(column.codes, (code) => code < 0);
    case 'number':
      return howMany(column.values, Number.isNaN);
    case 'timestamp':
      return howMany(column.values, (value) => value === MISSING_TIMESTAMP);
  }
}

function numbersWhere(column: Column, bad: (value: number) => boolean): number {
  return column.type === 'number' ? howMany(column.values, bad) : 0;
}

function others(column: Column, oneOf: readonly string[]): number {
  if (column.type !== 'string') return 0;
  const good = column.dictionary.map((value) => oneOf.includes(value));
  return howMany(column.codes, (code) => code >= 0 && !good[code]);
}

function howMany<T>(values: Iterable<T>, is: (value: T) => boolean): number {
  let count = 0;
  for (const value of values) if (is(value)) count += 1;
  return count;
}
