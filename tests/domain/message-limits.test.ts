import { refusedUpdate } from '../../src/domain/message-limits';

const taken = (inAll: number, bySender = 0) => ({ inAll, bySender });

test('a message counts until its run has had so many of all, or of its sender', () => {
  expect(refusedUpdate('retrain', taken(999, 499), false)).toBeUndefined();
  expect(refusedUpdate('retrain', taken(1_000), false)).toContain('has taken 1000 messages; retrain is refused until');
  expect(refusedUpdate('retrain', taken(600, 500), false)).toContain('has taken 500 messages of this sender');
});

test.each(['retry', 'skip', 'unpause'])('%s is taken where the workflow waits for it, however many came', (name) => {
  expect(refusedUpdate(name, taken(1_799, 900), true)).toBeUndefined();
  expect(refusedUpdate(name, taken(1_000), false)).toBeDefined();
});

test('stop is taken longest, whoever sends it, and no run comes near the 2,000 that Temporal takes', () => {
  expect(refusedUpdate('rollback', taken(1_399), false)).toBeUndefined();
  expect(refusedUpdate('stop', taken(1_899, 1_899), false)).toBeUndefined();
  expect(refusedUpdate('stop', taken(1_900), false)).toBeDefined();
});
