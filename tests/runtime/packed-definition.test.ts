import { gzipSync } from 'node:zlib';
import flights from '../../examples/flights/project';
import type { ProjectDefinition } from '../../src/domain/definition';
import { planOf } from '../../src/domain/plan';
import { digestOf } from '../../src/runtime/digest';
import { packDefinition, unpackDefinition } from '../../src/runtime/packed-definition';

/** As wide as tables come: 1,000 columns, each with a rule and a feature. */
function wide(columns: number): ProjectDefinition {
  const names = Array.from({ length: columns }, (_, at) => `measured_value_${at}`);
  return {
    ...flights,
    source: { ...flights.source, columns: Object.fromEntries(names.map((name) => [name, { type: 'number' }])) },
    schema: {
      ...flights.schema,
      columns: names.map((column) => ({ column, required: true, min: 0, max: 100, severity: 'block' })),
    },
    features: names.map((column) => ({ transform: 'standardize', column })),
  };
}

test('a definition comes out as it went in, under its digest', () => {
  const packed = packDefinition(flights);
  expect(packed.digest).toBe(digestOf(flights));
  expect(unpackDefinition(packed)).toEqual(flights);
});

test('1,000 columns travel in a fraction of the 64 KB of a message, and a plan has as much for 1,000 as for 10', () => {
  expect(packDefinition(wide(1000)).gzip.length).toBeLessThan(16 * 1024);
  const bytes = JSON.stringify(planOf(wide(1000))).length;
  expect(bytes).toBe(JSON.stringify(planOf(wide(10))).length);
  expect(bytes).toBeLessThan(4 * 1024);
});

test('a small message that unpacks to very much is refused by its size, before it is in memory', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')).toString('base64');
  expect(() => unpackDefinition({ digest: digestOf(flights), gzip: bomb })).toThrow(/^MLOPS_DEFINITION_TOO_LARGE: /);
  expect(() => packDefinition(wide(20_000))).toThrow(/^MLOPS_DEFINITION_TOO_LARGE: /);
});

test.each([
  ['not base64', '!'],
  ['not gzip', Buffer.from('{}').toString('base64')],
  ['not JSON', gzipSync('{').toString('base64')],
  ['of another digest', gzipSync('{}').toString('base64')],
])('what is %s is an invalid definition', (_, gzip) => {
  expect(() => unpackDefinition({ digest: digestOf(flights), gzip })).toThrow(/^MLOPS_DEFINITION_INVALID: /);
});
