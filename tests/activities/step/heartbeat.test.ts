import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { alive, withHeartbeat } from '../../../src/activities/step/heartbeat';

test('a sign of life comes at once, and what the work answers is the answer', async () => {
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on('heartbeat', (details) => beats.push(details));
  expect(await environment.run(() => withHeartbeat('counting', async () => 7))).toBe(7);
  expect(beats).toEqual([{ note: 'counting' }]);
});

test('cancelled, the work hears it, and Temporal is told in its own words', async () => {
  const environment = new MockActivityEnvironment();
  const ended = environment.run(() =>
    withHeartbeat('counting', async (signal) => {
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
  const failing = new MockActivityEnvironment().run(() =>
    withHeartbeat('counting', () => Promise.reject(new Error('away')))
  );
  await expect(failing).rejects.toThrow('away');
});

test('an activity that says nothing is known to live all the same', async () => {
  const environment = new MockActivityEnvironment();
  const beaten = new Promise<unknown[]>((resolve) => environment.on('heartbeat', (...args) => resolve(args)));
  const { wait } = alive({ wait: async () => beaten });
  await expect(environment.run(wait)).resolves.toEqual([{}]);
});

test('what an activity says of itself is left as it is', async () => {
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  const second = new Promise<void>((resolve) =>
    environment.on('heartbeat', (details) => {
      beats.push(details);
      if (beats.length === 2) resolve();
    })
  );
  const { count } = alive({ count: () => withHeartbeat('counting', () => second) });
  await environment.run(count);
  expect(beats).toEqual([{ note: 'counting' }, { note: 'counting' }]);
});
