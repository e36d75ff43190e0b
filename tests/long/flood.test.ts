/** 5,000 signals and 3,000 updates of strangers on one request keep no approver waiting. */
import { floodThenDecide } from '../support/flood';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem('flood');
  await system.startWorker();
});
afterAll(() => system.close());

test('two approvers decide within seconds, and are accepted', async () => {
  const flooded = await floodThenDecide(system, { signals: 5000, updates: 3000 });
  // Each stranger is answered, or refused by our code: never by Temporal, which takes 2,000 updates in a run.
  expect([...flooded.outcomes.keys()].filter((how) => how !== 'MLOPS_TOO_MANY_MESSAGES')).toEqual(['refused']);
  expect(flooded.answers).toMatchObject([
    { outcome: 'accepted', state: 'open' },
    { outcome: 'accepted', state: 'approved' },
  ]);
  expect(flooded.seconds).toBeLessThan(flooded.patience);
  expect(flooded.result).toMatchObject({ state: 'approved', reason: 'approved by ana, ben' });
  expect(flooded.decisions).toBe(2);
  // 200 of strangers, 20 under an approver's name.
  expect(flooded.recorded).toBeLessThanOrEqual(220);
}, 900_000);
