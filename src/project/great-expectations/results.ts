/** A snapshot's validation as Great Expectations writes one: `ExpectationSuiteValidationResult` of version 1. */
import type { ColumnRule, Measure, Severity, TableRule } from '../../domain/definition';
import type { RuleResult } from '../../domain/records';

/** The expectation that a rule's name stands for. */
export interface Named {
  readonly name: string;
  readonly config: Config;
}

interface Config {
  readonly type: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
}

export interface ToExport {
  readonly suite: string;
  /** Rows of the batch, the quarantined ones among them. */
  readonly rows: number;
  readonly validation: readonly RuleResult[];
  readonly named: readonly Named[];
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Of a rule without a counterpart the type is `mlops_rule`. Values are never given: `partial_unexpected_list` is empty. */
export function validationResult({ suite, rows, validation, named, meta }: ToExport): object {
  const results = validation.map((result) => {
    const config = named.find(({ name }) => name === result.rule)?.config;
    const { type, kwargs } = config ?? { type: 'mlops_rule', kwargs: { rule: result.rule } };
    return {
      success: result.verdict !== 'failed',
      expectation_config: { type, kwargs, meta: { rule: result.rule }, severity: SEVERITIES[result.severity] },
      result: 'checked' in result ? counts(result, rows) : { observed_value: result.observed ?? null },
      meta: { verdict: result.verdict },
      exception_info: { raised_exception: false, exception_traceback: null, exception_message: null },
    };
  });
  const successful = results.filter(({ success }) => success).length;
  return {
    success: successful === results.length,
    results,
    suite_name: suite,
    suite_parameters: {},
    statistics: {
      evaluated_expectations: results.length,
      successful_expectations: successful,
      unsuccessful_expectations: results.length - successful,
      success_percent: results.length === 0 ? null : (100 * successful) / results.length,
    },
    meta,
    id: null,
  };
}

const SEVERITIES: Readonly<Record<Severity, string>> = { block: 'critical', warn: 'warning', info: 'info' };

function counts({ checked, broken, examples }: Extract<RuleResult, { checked: unknown }>, rows: number): object {
  const percent = (of: number) => (of === 0 ? 0 : (100 * broken) / of);
  return {
    element_count: rows,
    unexpected_count: broken,
    unexpected_percent: percent(checked),
    partial_unexpected_list: [],
    missing_count: rows - checked,
    missing_percent: rows === 0 ? 0 : (100 * (rows - checked)) / rows,
    unexpected_percent_total: percent(rows),
    unexpected_percent_nonmissing: percent(checked),
    partial_unexpected_counts: [],
    partial_unexpected_index_list: examples,
  };
}

/** The expectation of one condition of a column's rule. */
export function columnConfig(rule: ColumnRule, field: keyof ColumnRule): Config {
  const { column, mostly } = rule;
  const of = (type: string, kwargs: object): Config => ({
    type,
    kwargs: { column, ...kwargs, ...(mostly === undefined ? {} : { mostly }) },
  });
  const value = rule[field];
  switch (field) {
    case 'required':
      return of('expect_column_values_to_not_be_null', {});
    case 'min':
      return of(BETWEEN, { min_value: value });
    case 'max':
      return of(BETWEEN, { max_value: value });
    case 'above':
      return of(BETWEEN, { min_value: value, strict_min: true });
    case 'below':
      return of(BETWEEN, { max_value: value, strict_max: true });
    case 'oneOf':
      return of('expect_column_values_to_be_in_set', { value_set: value });
    case 'noneOf':
      return of('expect_column_values_to_not_be_in_set', { value_set: value });
    case 'pattern':
      return of('expect_column_values_to_match_regex', { regex: value });
    case 'notPattern':
      return of('expect_column_values_to_not_match_regex', { regex: value });
    case 'minLength':
      return of('expect_column_value_lengths_to_be_between', { min_value: value });
    case 'maxLength':
      return of('expect_column_value_lengths_to_be_between', { max_value: value });
    case 'column':
    case 'mostly':
    case 'severity':
    case 'environments':
      throw new TypeError(`${field} is not a condition`);
  }
}

const BETWEEN = 'expect_column_values_to_be_between';

const MEASURES: Readonly<Partial<Record<Measure, string>>> = {
  rows: 'expect_table_row_count_to_be_between',
  sum: 'expect_column_sum_to_be_between',
  mean: 'expect_column_mean_to_be_between',
  median: 'expect_column_median_to_be_between',
  deviation: 'expect_column_stdev_to_be_between',
  least: 'expect_column_min_to_be_between',
  greatest: 'expect_column_max_to_be_between',
  distinct: 'expect_column_unique_value_count_to_be_between',
  distinctShare: 'expect_column_proportion_of_unique_values_to_be_between',
};

/** Undefined where there is no counterpart. */
export function tableConfig(rule: TableRule): Config | undefined {
  if ('unique' in rule) {
    const mostly = rule.mostly === undefined ? {} : { mostly: rule.mostly };
    return rule.unique.length === 1
      ? { type: 'expect_column_values_to_be_unique', kwargs: { column: rule.unique[0], ...mostly } }
      : { type: 'expect_compound_columns_to_be_unique', kwargs: { column_list: rule.unique, ...mostly } };
  }
  const type = 'measure' in rule ? MEASURES[rule.measure] : undefined;
  if (!('measure' in rule) || type === undefined) return undefined;
  const column = rule.column === undefined ? {} : { column: rule.column };
  return { type, kwargs: { ...column, min_value: rule.min ?? null, max_value: rule.max ?? null } };
}
