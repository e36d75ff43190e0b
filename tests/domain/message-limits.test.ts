import { refusedStudyUpdate, refusedUpdate } from '../../src/domain/message-limits';

const taken = (inAll: number, bySender = 0, closing = false) => ({ inAll, bySender, closing });

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

test('a run that is about to give way to the next takes no more, once it had its share', () => {
  expect(refusedUpdate('retrain', taken(200, 1, true), false)).toContain(
    'the next begins in a moment: send retrain again'
  );
  expect(refusedUpdate('retrain', taken(199, 1, true), false)).toBeUndefined();
  expect(refusedUpdate('retrain', taken(200, 1), false)).toBeUndefined();
  expect(refusedUpdate('unpause', taken(200, 1, true), true)).toBeUndefined();
  expect(refusedUpdate('stop', taken(200, 1, true), false)).toBeUndefined();
});

test('a monitor’s run takes as many as a lifecycle’s, and says what it is at', () => {
  expect(refusedUpdate('setClock', taken(999, 499), false, 'monitor')).toBeUndefined();
  expect(refusedUpdate('setClock', taken(600, 500), false, 'monitor')).toBe(
    'this run of the monitor has taken 500 messages of this sender; setClock is refused until what it works at, a window or a version, is done'
  );
  expect(refusedUpdate('setClock', taken(1_000), false, 'monitor')).toContain('this run of the monitor has taken 1000');
  expect(refusedUpdate('setClock', taken(200, 1, true), false, 'monitor')).toContain('send setClock again');
});

test('a study is stopped whatever came before, new messages or one again and again', () => {
  expect(refusedStudyUpdate('extendStudy', { messages: 499, updates: 999 })).toBeUndefined();
  expect(refusedStudyUpdate('extendStudy', { messages: 500, updates: 500 })).toBe('the study takes no more messages');
  expect(refusedStudyUpdate('extendStudy', { messages: 1, updates: 1_000 })).toBeDefined();
  expect(refusedStudyUpdate('stopStudy', { messages: 500, updates: 1_000 })).toBeUndefined();
  expect(refusedStudyUpdate('stopStudy', { messages: 520, updates: 520 })).toBeDefined();
  expect(refusedStudyUpdate('stopStudy', { messages: 1, updates: 1_900 })).toBeDefined();
});
