/** Whether a window's inputs are such as the model was made for: the schema's rules and the learned dependencies. */
import type { ColumnRule, SchemaDefinition, Severity } from '../../domain/definition';
import type { DataQuality } from '../../domain/monitoring';
import type { Column, TableColumns } from '../tables/columns';
import { brokenDependencies, type LearnedDependencies } from '../tables/dependencies';

/** A rule that is only for information counts, and never fails a window. */
const NO_LIMIT = 1;
const MISSING_TIME = -(2n ** 63n);

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

function countsOf({ column: name, required, severity, min, max, oneOf }: ColumnRule, table: TableColumns): Count[] {
  const column = table.columns[name];
  if (column === undefined) return [];
  const count = (rule: string, broken: number): Count => ({ rule: `${name} ${rule}`, severity, broken });
  return [
    ...(required ? [count('present', missing(column))] : []),
    ...(min === undefined
      ? []
      : [
          count(
            `at least ${min}`,
            numbersWhere(column, (value) => value < min)
          ),
        ]),
    ...(max === undefined
      ? []
      : [
          count(
            `at most ${max}`,
            numbersWhere(column, (value) => value > max)
          ),
        ]),
    ...(oneOf === undefined ? [] : [count(`one of ${oneOf.join(', ')}`, others(column, oneOf))]),
  ];
}

function missing(column: Column): number {
  switch (column.type) {
    case 'string':
      return howMany(column.codes, (code) => code < 0);
    case 'number':
      return howMany(column.values, Number.isNaN);
    case 'timestamp':
      return howMany(column.values, (value) => value === MISSING_TIME);
  }
}

/** A missing value is neither too small nor too large: NaN compares as false. */
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
