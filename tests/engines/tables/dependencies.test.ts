import type { TableColumns } from '../../../src/engines/tables/columns';
import { learnDependencies } from '../../../src/engines/tables/dependencies';
import { dependenciesLearned, dependenciesOfRows } from '../../../src/engines/tables/dependency-rules';
import { type Database, withDatabase } from '../../../src/engines/tables/duckdb';
import { judgeRows } from '../../../src/engines/tables/judge-rows';

const RULE = { name: 'route', determinants: ['from', 'to'], dependent: 'miles', severity: 'block' } as const;

const text = (...values: readonly (string | undefined)[]) => {
  const dictionary = [...new Set(values.filter((value) => value !== undefined))].sort();
  return {
    type: 'string',
    dictionary,
    codes: Int32Array.from(values, (value) => (value === undefined ? -1 : dictionary.indexOf(value))),
  } as const;
};
const numbers = (...values: readonly number[]) => ({ type: 'number', values: Float64Array.from(values) }) as const;

const flights = (...rows: readonly (readonly [string | undefined, string | undefined, number])[]): TableColumns => ({
  rows: rows.length,
  columns: {
    from: text(...rows.map(([from]) => from)),
    to: text(...rows.map(([, to]) => to)),
    miles: numbers(...rows.map(([, , miles]) => miles)),
  },
});

const learned = learnDependencies(
  flights(
    ['JFK', 'LAX', 2475],
    ['LAX', 'JFK', 2475],
    ['JFK', 'LAX', 2475],
    ['ORD', 'DEN', 888],
    ['ORD', 'DEN', 889],
    ['ORD', undefined, 7],
    ['ORD', 'JFK', Number.NaN]
  ),
  [RULE]
);

test('each combination with one value is learned; with several, or with gaps, it is not', () => {
  expect(learned).toEqual({
    v: 1,
    dependencies: [{ ...RULE, values: { '["JFK","LAX"]': 2475, '["LAX","JFK"]': 2475 }, ambiguous: 1 }],
  });
});

const EARLIER = {
  columns: new Set(['from', 'to', 'miles']),
  rows: `(VALUES ('JFK', 'LAX', 2475), ('LAX', 'JFK', 2475), ('JFK', 'LAX', 2475), ('ORD', 'DEN', 888),
  ('ORD', 'DEN', 889), ('ORD', NULL, 7), ('ORD', 'JFK', NULL)) t("from", "to", miles)`,
};
const LATER = `(VALUES ('LAX', 'JFK', 2475), ('JFK', 'LAX', 3982), ('ORD', 'DEN', 1), ('BOS', 'JFK', 5), ('JFK', 'LAX', NULL),
  (NULL, 'LAX', 9)) t("from", "to", miles)`;
const TYPES = { from: 'string', to: 'string', miles: 'number' } as const;

test.each([
  ['a batch', (database: Database) => dependenciesOfRows(database, [RULE], EARLIER)],
  ['a window', (database: Database) => dependenciesLearned(database, learned.dependencies, TYPES)],
])('rows that break it are counted, among those whose combination is known: %s', async (_, rulesOf) => {
  const results = await withDatabase({ files: [] }, async (database) =>
    judgeRows(database, LATER, await rulesOf(database))
  );
  expect(results).toMatchObject([{ rule: 'route', severity: 'block', verdict: 'failed', checked: 2, broken: 1 }]);
});

test('values of any type are held against what was learned, to the bit', async () => {
  const types = { flag: 'boolean', size: 'integer', ratio: 'number' } as const;
  const rule = { name: 'ratio', determinants: ['flag', 'size'], dependent: 'ratio', severity: 'warn' } as const;
  const table: TableColumns = {
    rows: 2,
    columns: { flag: numbers(1, 0), size: numbers(7, -7), ratio: numbers(0.1 + 0.2, 5e-324) },
  };
  const { dependencies } = learnDependencies(table, [rule]);
  const same = `(VALUES (true, 7::BIGINT, 0.30000000000000004::DOUBLE), (false, -7, 5e-324), (true, 7, 0.3)) t(flag, size, ratio)`;
  const [result] = await withDatabase({ files: [] }, async (database) =>
    judgeRows(database, same, await dependenciesLearned(database, dependencies, types))
  );
  expect(result).toMatchObject({ checked: 3, broken: 1 });
});

test('numbers and times determine, too', () => {
  const table: TableColumns = {
    rows: 3,
    columns: {
      at: { type: 'timestamp', values: BigInt64Array.of(0n, 1_000_001n, -(2n ** 63n)) },
      size: numbers(1, 2, 3),
      kind: text('a', 'b', 'c'),
    },
  };
  const rule = { name: 'kind', determinants: ['at', 'size'], dependent: 'kind', severity: 'warn' } as const;
  expect(learnDependencies(table, [rule]).dependencies[0]!.values).toEqual({ '[0,1]': 'a', '[1000001,2]': 'b' });
});

test('a rule of an unknown column is refused by name', () => {
  expect(() => learnDependencies(flights(), [{ ...RULE, dependent: 'km' }])).toThrow(/DEFINITION_INVALID.*column=km/);
});
