/** Which change the approvers are asked about: the same for the same news, whatever brings it and however it is shown. */
import type { RuleResult } from '../../src/domain/records';
import { schemaChange, whatChanged } from '../../src/domain/schema-change';
import { digestOf } from '../../src/runtime/digest';

const A = digestOf('a');
const B = digestOf('b');
const isNew = (rule: string, more: object = {}): RuleResult =>
  ({ rule, severity: 'warn', verdict: 'failed', observed: 1, isNew: true, ...more }) as RuleResult;
const row: RuleResult = {
  rule: 'city is there',
  severity: 'block',
  verdict: 'passed',
  checked: 9,
  broken: 0,
  examples: [],
};
const batch = (source: string, ...validation: RuleResult[]) => ({ source, validation });
const changeOf = (...batches: ReturnType<typeof batch>[]) => digestOf(whatChanged(schemaChange(batches)));

test('only what asks is a change', () => {
  const asking = isNew('no new column', { asks: A });
  expect(schemaChange([batch('b', row, isNew('no new category of city'), asking), batch('a', row)])).toEqual([
    { source: 'b', results: [asking] },
  ]);
});

test('order, counts and what is shown make no other change', () => {
  const one = changeOf(
    batch('x', isNew('c', { asks: A }), isNew('d', { asks: B })),
    batch('y', isNew('c', { asks: A }))
  );
  const same = changeOf(
    batch('y', isNew('c', { asks: A, found: ['Kyiv'] })),
    batch('w', row),
    batch('x', isNew('d', { asks: B, observed: 7 }), isNew('c', { asks: A }))
  );
  expect(same).toBe(one);
});

test.each([
  ['another source', batch('y', isNew('c', { asks: A }))],
  ['another column', batch('x', isNew('d', { asks: A }))],
  ['other values', batch('x', isNew('c', { asks: B }))],
  ['something more', batch('x', isNew('c', { asks: A }), isNew('d', { asks: A }))],
])('%s is another change', (_, other) => {
  expect(changeOf(other)).not.toBe(changeOf(batch('x', isNew('c', { asks: A }))));
});
