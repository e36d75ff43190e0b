/** `mlops expectations`: a suite of Great Expectations in, a snapshot's results out. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRecordedCycles, type RecordedCycles } from '../support/recorded-cycles';
import { mlops, mlopsJson } from './mlops';

let cycles: RecordedCycles;

beforeAll(async () => {
  cycles = await openRecordedCycles('expectations');
  const rows = ['1,2024-01-01,5,Oslo,ana@x', '2,2024-01-02,-,Bern,ben@x', '3,2024-01-03,-1,Bern,cem@x'];
  await cycles.cycle(rows, '2024-01-10T00:00:00Z');
});
afterAll(() => cycles.close());

test('in: rules to paste, and what is not taken fails the command', async () => {
  const suite = join(cycles.deps.dataFolder, 'suite.json');
  const expectations = [
    { type: 'expect_column_values_to_be_between', kwargs: { column: 'value', min_value: 0 }, severity: 'warning' },
    { type: 'expect_column_kl_divergence_to_be_less_than', kwargs: { column: 'value', threshold: 0.1 } },
  ];
  await writeFile(suite, JSON.stringify({ name: 'orders', expectations }));
  const { code, stdout, stderr } = await mlops(['expectations', 'import', suite]);
  expect(stdout).toContain("{ column: 'value', required: false, min: 0, severity: 'warn' },");
  expect(stdout).toContain(
    '// NOT TAKEN: expect_column_kl_divergence_to_be_less_than of value: there is no such rule here'
  );
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'mlops: One expectation is not taken: expect_column_kl_divergence_to_be_less_than of value\n',
  });
});

test('out: results by the expectations of the rules, with rows and without values', async () => {
  const result = await mlopsJson<{ results: readonly object[] }>(['expectations', 'export', 'orders'], cycles.env);
  expect(result).toMatchObject({ success: false, suite_name: 'orders', statistics: { unsuccessful_expectations: 1 } });
  expect(result.results).toContainEqual({
    success: false,
    expectation_config: {
      type: 'expect_column_values_to_be_between',
      kwargs: { column: 'value', min_value: 0 },
      meta: { rule: 'value at least 0' },
      severity: 'critical',
    },
    result: {
      ...{ element_count: 3, missing_count: 1, missing_percent: 100 / 3, unexpected_count: 1, unexpected_percent: 50 },
      ...{ unexpected_percent_nonmissing: 50, unexpected_percent_total: 100 / 3 },
      ...{
        partial_unexpected_list: [],
        partial_unexpected_counts: [],
        partial_unexpected_index_list: ['orders.csv:2'],
      },
    },
    meta: { verdict: 'failed' },
    exception_info: { raised_exception: false, exception_traceback: null, exception_message: null },
  });
  expect(JSON.stringify(result)).not.toContain('@x');
});

test('a file that is not a suite', async () => {
  const file = join(cycles.deps.dataFolder, 'orders.csv');
  expect(await mlopsJson(['expectations', 'import', file])).toMatchObject({ error: { code: 'MLOPS_USAGE' } });
});
