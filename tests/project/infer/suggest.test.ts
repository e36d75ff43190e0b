import { type ColumnFacts, suggestColumnRules, suggestUnique } from '../../../src/project/infer/suggest';

const facts = (more: Partial<ColumnFacts>): ColumnFacts => ({
  ...{ name: 'x', type: 'number', privacy: false, present: 1_000, missing: 0, distinct: 500, top: [] },
  ...more,
});
const rules = (more: Partial<ColumnFacts>) => suggestColumnRules(facts(more)).map(({ rule }) => rule);

test.each([
  ['a tenth of the range on either side', { min: -3, max: 117 }, { min: -20, max: 130 }],
  ['nothing below zero where nothing was', { min: 2, max: 117 }, { min: 0, max: 130 }],
  ['small numbers', { min: 0.0012, max: 0.0034 }, { min: 0.0009, max: 0.0037 }],
  ['large numbers', { min: 1e12, max: 3e12 }, { min: 8e11, max: 3.2e12 }],
])('a range: %s', (_, seen, expected) => {
  expect(rules(seen)).toEqual([{ column: 'x', required: true, ...expected, severity: 'warn' }]);
});

test('a range always holds what was seen', () => {
  for (let i = 0; i < 2_000; i += 1) {
    const min = Math.sin(i) * 10 ** ((i % 30) - 15);
    const max = min + Math.abs(Math.cos(7 * i)) * 10 ** ((i % 17) - 8);
    const [rule] = rules({ min, max });
    expect(Number(rule?.min ?? min)).toBeLessThanOrEqual(min);
    expect(Number(rule?.max ?? max)).toBeGreaterThanOrEqual(max);
  }
});

test.each([
  [
    'a size that 20 of 53,940 rows have not',
    { min: 0, p50: 3.53, zeros: 20, leastAboveZero: 1.07, present: 53_940 },
    true,
  ],
  ['values that go down to 0', { min: 0, p50: 3.53, zeros: 20, leastAboveZero: 0.1, present: 53_940 }, false],
  ['many zeros', { min: 0, p50: 3.53, zeros: 700, leastAboveZero: 1.07, present: 53_940 }, false],
  ['negative values', { min: -1, p50: 3.53, zeros: 20, leastAboveZero: 1.07, present: 53_940 }, false],
  ['no zero', { min: 1.07, p50: 3.53, zeros: 0, leastAboveZero: 1.07, present: 53_940 }, false],
  ['a count', { type: 'integer', min: 0, p50: 3, zeros: 20, leastAboveZero: 1, present: 53_940 }, false],
  ['a private size', { privacy: true, min: 0, p50: 3.53, zeros: 20, leastAboveZero: 1.07, present: 53_940 }, false],
] as const)('a 0 that stands for nothing measured: %s', (_, seen, asked) => {
  const suggested = suggestColumnRules(facts({ ...seen, max: 31.8 })).filter(({ rule }) => rule.above !== undefined);
  const rule = { column: 'x', required: false, above: 0, severity: 'warn' };
  const why = '20 rows are 0, the next is 1.07 and the median 3.53: a size that is 0 was probably not measured';
  expect(suggested).toEqual(asked ? [{ rule, why }] : []);
});

test('a flag has its two values, and no margin', () => {
  const [rule] = suggestColumnRules(facts({ type: 'integer', distinct: 2, min: 0, max: 1 }));
  expect(rule).toMatchObject({ rule: { oneOf: [0, 1] }, why: expect.stringContaining('0 and 1') as string });
  expect(rule?.rule).not.toHaveProperty('max');
  expect(rules({ type: 'integer', present: 2, distinct: 2, min: 17, max: 18 })).toEqual([
    { column: 'x', required: true, severity: 'warn' },
  ]);
});

test('a range of decimals is one', () => {
  const [rule] = suggestColumnRules(facts({ type: 'decimal(12,2)', min: 0.5, max: 9.5 }));
  expect(rule?.rule).toMatchObject({ min: 0, max: 10.4 });
});

test('presence: always, mostly by the lower bound of the share, or rarely: then nothing', () => {
  expect(rules({ type: 'boolean' })).toEqual([{ column: 'x', required: true, severity: 'warn' }]);
  // 900 of 1,000: Wilson's bounds are 0.8798 and 0.9171.
  expect(rules({ type: 'boolean', present: 900, missing: 100 })).toEqual([
    { column: 'x', required: true, mostly: 0.87, severity: 'warn' },
  ]);
  expect(rules({ type: 'boolean', present: 100, missing: 900 })).toEqual([]);
});

test('a domain: all values, most rows, or too many values', () => {
  const top = [
    { value: 'b', count: 600 },
    { value: 'a', count: 380 },
    { value: 'typo', count: 1 },
  ];
  const text = { type: 'string', distinct: 2 } as const;
  expect(rules({ ...text, present: 980, top: top.slice(0, 2) })).toEqual([
    { column: 'x', required: true, oneOf: ['a', 'b'], severity: 'warn' },
  ]);
  // 980 of 1,000: the lower bound is 0.9693.
  expect(rules({ ...text, distinct: 20, top })).toEqual([
    { column: 'x', required: true, severity: 'warn' },
    { column: 'x', required: false, oneOf: ['a', 'b'], mostly: 0.96, severity: 'warn' },
  ]);
  expect(rules({ ...text, distinct: 900, top: [{ value: 'a', count: 20 }] })).toEqual([
    { column: 'x', required: true, severity: 'warn' },
  ]);
});

test('nothing of a private column but whether it is there', () => {
  const top = [{ value: 'ana', count: 1_000 }];
  const made = suggestColumnRules(facts({ type: 'string', privacy: true, distinct: 1, top }));
  expect(made).toEqual([
    { rule: { column: 'x', required: true, severity: 'warn' }, why: 'never missing in 1,000 rows' },
  ]);
});

test('a column that names each row is unique, and has no range', () => {
  const id = facts({ type: 'integer', distinct: 1_000, min: 1, max: 1_000 });
  expect(suggestUnique(id)?.rule).toEqual({ unique: ['x'], severity: 'warn' });
  expect(suggestColumnRules(id).map(({ rule }) => rule)).toEqual([{ column: 'x', required: true, severity: 'warn' }]);
  expect(suggestUnique(facts({ type: 'integer' }))).toBeUndefined();
});
