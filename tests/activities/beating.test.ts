import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beating } from '../../src/activities/beating';

test('a sign of life comes at once, and what the work answers is the answer', async () => {
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(details));
  expect(await environment.run(() => beating('counting', async () => 7))).toBe(7);
  expect(beats).toEqual([{ note: 'counting' }]);
});

test('cancelled, the work hears it, and Temporal is told in its own words', async () => {
  const environment = new MockActivityEnvironment();
  const ended = environment.run(() =>
    beating('counting', async (signal) => {
      environment.cancel();
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
    })
  );
  await expect(ended).rejects.toBeInstanceOf(CancelledFailure);
});

test('any other failure is told as it is', async () => {
  const failing = new MockActivityEnvironment().run(() => beating('counting', () => Promise.reject(new Error('away'))));
  await expect(failing).rejects.toThrow('away');
});
