import { refusedWords } from '../../src/cli/verbs/status';
import type { EventClockRecord } from '../../src/records/event-clock';

const replicas = (...refused: (Readonly<Record<string, number>> | undefined)[]) =>
  ({ replicas: refused.map((counts) => (counts === undefined ? {} : { refused: counts })) }) as unknown as Pick<
    EventClockRecord,
    'replicas'
  >;

test('refused requests are counted over replicas, the most frequent cause first', () => {
  expect(
    refusedWords(replicas({ MLOPS_NOT_FOUND: 2, MLOPS_REQUEST_INVALID: 1 }, undefined, { MLOPS_REQUEST_INVALID: 9 }))
  ).toBe('10 MLOPS_REQUEST_INVALID, 2 MLOPS_NOT_FOUND');
  expect(refusedWords(replicas(undefined))).toBeUndefined();
});
