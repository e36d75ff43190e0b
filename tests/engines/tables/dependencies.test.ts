import type { TableColumns } from '../../../src/engines/tables/columns';
import { brokenDependencies, learnDependencies } from '../../../src/engines/tables/dependencies';

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

test('rows that break it are counted, among those whose combination is known', () => {
  const later = flights(
    ['LAX', 'JFK', 2475],
    ['JFK', 'LAX', 3982],
    ['ORD', 'DEN', 1],
    ['BOS', 'JFK', 5],
    ['JFK', 'LAX', Number.NaN],
    [undefined, 'LAX', 9]
  );
  expect(brokenDependencies(learned, later)).toEqual([
    { rule: 'route', severity: 'block', checked: 2, broken: 1, examples: [1] },
  ]);
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
