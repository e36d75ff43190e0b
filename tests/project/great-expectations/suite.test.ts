import { takeSuite } from '../../../src/project/great-expectations/suite';
import { checkProject } from '../../../src/project/define-project';

/** As `ExpectationSuite.to_json_dict()` of Great Expectations 1.24.1 writes one; before version 1 `type` was `expectation_type`. */
const one = (type: string, kwargs: object, more: object = {}) => ({
  type,
  kwargs,
  meta: {},
  severity: 'critical',
  ...more,
});
const rulesOf = (...expectations: readonly object[]) => {
  const taken = takeSuite({ name: 'orders', expectations, meta: { great_expectations_version: '1.24.1' } })!;
  return {
    columns: taken.columns.map(({ rule }) => rule),
    table: taken.table.map(({ rule }) => rule),
    notTaken: taken.notTaken,
  };
};

const KM = { column: 'km' };
const km = (rule: object) => ({ column: 'km', required: false, severity: 'block', ...rule });

test.each([
  ['expect_column_values_to_not_be_null', KM, km({ required: true })],
  ['expect_column_values_to_be_between', { ...KM, min_value: 0, max_value: 10 }, km({ min: 0, max: 10 })],
  [
    'expect_column_values_to_be_between',
    { ...KM, min_value: 0, max_value: 10, strict_min: true, strict_max: true, mostly: 0.9 },
    km({ above: 0, below: 10, mostly: 0.9 }),
  ],
  ['expect_column_values_to_be_in_set', { ...KM, value_set: [1, 2] }, km({ oneOf: [1, 2] })],
  ['expect_column_distinct_values_to_be_in_set', { ...KM, value_set: [1, 2] }, km({ oneOf: [1, 2] })],
  ['expect_column_values_to_not_be_in_set', { ...KM, value_set: ['a'] }, km({ noneOf: ['a'] })],
  ['expect_column_values_to_match_regex', { ...KM, regex: '^n', mostly: 1 }, km({ pattern: '^n' })],
  ['expect_column_values_to_not_match_regex', { ...KM, regex: '^n' }, km({ notPattern: '^n' })],
  ['expect_column_values_to_match_regex_list', { ...KM, regex_list: ['^a', 'b$'] }, km({ pattern: '(?:^a)|(?:b$)' })],
  ['expect_column_value_lengths_to_be_between', { ...KM, min_value: 1 }, km({ minLength: 1 })],
  ['expect_column_value_lengths_to_equal', { ...KM, value: 3 }, km({ minLength: 3, maxLength: 3 })],
])('%s %j', (type, kwargs, rule) => {
  expect(rulesOf(one(type, kwargs))).toEqual({ columns: [rule], table: [], notTaken: [] });
});

test.each([
  ['expect_column_values_to_be_unique', { ...KM, mostly: 0.9 }, { unique: ['km'], mostly: 0.9 }],
  ['expect_compound_columns_to_be_unique', { column_list: ['a', 'b'] }, { unique: ['a', 'b'] }],
  ['expect_table_row_count_to_be_between', { min_value: 1, max_value: 9 }, { measure: 'rows', min: 1, max: 9 }],
  ['expect_table_row_count_to_equal', { value: 9 }, { measure: 'rows', min: 9, max: 9 }],
  ['expect_column_mean_to_be_between', { ...KM, min_value: 1 }, { measure: 'mean', column: 'km', min: 1 }],
  ['expect_column_median_to_be_between', { ...KM, max_value: 1 }, { measure: 'median', column: 'km', max: 1 }],
  ['expect_column_sum_to_be_between', { ...KM, min_value: 1 }, { measure: 'sum', column: 'km', min: 1 }],
  ['expect_column_stdev_to_be_between', { ...KM, max_value: 1 }, { measure: 'deviation', column: 'km', max: 1 }],
  ['expect_column_min_to_be_between', { ...KM, min_value: 1 }, { measure: 'least', column: 'km', min: 1 }],
  ['expect_column_max_to_be_between', { ...KM, max_value: 1 }, { measure: 'greatest', column: 'km', max: 1 }],
  [
    'expect_column_proportion_of_unique_values_to_be_between',
    { ...KM, min_value: 0.9 },
    { measure: 'distinctShare', column: 'km', min: 0.9 },
  ],
])('%s %j', (type, kwargs, rule) => {
  const severity = { severity: 'warning' };
  const taken = { columns: [], table: [{ ...rule, severity: 'warn' }], notTaken: [] };
  expect(rulesOf(one(type, kwargs, severity))).toEqual(taken);
});

test('types and existence are what source.columns declares', () => {
  const { declares, notTaken } = takeSuite({
    expectations: [
      one('expect_column_to_exist', KM),
      one('expect_column_values_to_be_of_type', { ...KM, type_: 'float64' }),
      one('expect_column_values_to_be_in_type_list', { column: 'id', type_list: ['int32', 'BIGINT', 'LongType'] }),
      one('expect_column_values_to_be_of_type', { column: 'blob', type_: 'BINARY' }),
    ],
  })!;
  expect(declares.map(({ column, type }) => [column, type])).toEqual([
    ['km', undefined],
    ['km', 'number'],
    ['id', 'integer'],
  ]);
  expect(notTaken).toEqual([
    { expectation: 'expect_column_values_to_be_of_type of blob', why: 'its type is none, or not one, of ours' },
  ]);
});

test('what has no counterpart is named, with the reason', () => {
  const { columns, table, notTaken } = rulesOf(
    one('expect_column_kl_divergence_to_be_less_than', { ...KM, threshold: 0.1 }),
    one('expect_column_values_to_be_between', {
      ...KM,
      min_value: 0,
      row_condition: 'a > 1',
      condition_parser: 'pandas',
    }),
    one('expect_column_mean_to_be_between', { ...KM, min_value: { $PARAMETER: 'least' } }),
    one('expect_column_mean_to_be_between', { ...KM, min_value: 1, strict_min: true })
  );
  expect([...columns, ...table]).toEqual([]);
  expect(notTaken.map(({ why }) => why)).toEqual([
    'there is no such rule here',
    'its argument row_condition has no counterpart',
    'its argument min_value is a parameter, which only a run gives a value',
    'bounds of a figure include their ends: strict_min has no counterpart',
  ]);
});

test('a suite before version 1, with notes; what comes out passes the checks of a definition', () => {
  const taken = takeSuite({
    expectation_suite_name: 'orders',
    expectations: [
      {
        expectation_type: 'expect_column_values_to_not_be_null',
        kwargs: { column: 'km', mostly: 0.95 },
        meta: { owner: 'ana' },
      },
      { expectation_type: 'expect_table_row_count_to_be_between', kwargs: { min_value: 5 }, meta: {} },
    ],
  })!;
  expect(taken.columns[0]).toEqual({
    rule: { column: 'km', required: true, mostly: 0.95, severity: 'block' },
    from: 'expect_column_values_to_not_be_null of km; {"owner":"ana"}',
  });
  const { mistakes } = checkProject({
    name: 'orders',
    source: { reader: { file: { path: 'a.csv' } }, columns: { at: 'timestamp', km: 'number' }, eventTime: 'at' },
    schema: { columns: taken.columns.map(({ rule }) => rule), table: taken.table.map(({ rule }) => rule) },
    label: { name: 'far', labeler: { rule: { column: 'km', op: '>', value: 1 } } },
    features: [{ transform: 'weekday', column: 'at' }],
    approval: { approvers: ['ana'] },
  });
  expect(mistakes).toEqual([]);
});

test.each([[undefined], [[]], [{}], [{ expectations: 'all' }]])('%j is not a suite', (json) => {
  expect(takeSuite(json)).toBeUndefined();
});
