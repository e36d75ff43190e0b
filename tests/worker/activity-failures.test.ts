/** What Temporal is told of an error: tried again, or shown to a person. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ServiceError } from '@temporalio/client';
import { MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { MlopsError } from '../../src/domain/errors';
import { ActivityFailures } from '../../src/worker/activity-failures';

type Execute = NonNullable<NonNullable<ReturnType<typeof ActivityFailures>['inbound']>['execute']>;

const beaten: unknown[] = [];
beforeEach(() => {
  beaten.length = 0;
});

async function outcomeOf(next: () => Promise<unknown>, activityType = 'mlopsTrain', attempt = 1): Promise<unknown> {
  const context = { info: { activityType, attempt }, heartbeat: (details: unknown) => beaten.push(details) };
  const execute = ActivityFailures(context as never).inbound?.execute as Execute | undefined;
  const run = execute === undefined ? next() : execute({ args: [], headers: {} }, next);
  return run.catch((error: unknown) => error);
}
const failing = (error: unknown) => async (): Promise<never> => {
  throw error;
};

test.each([
  [
    'an error that a person must fix',
    new MlopsError('MLOPS_SOURCE_MISSING', 'There is no such file.', { file: 'a.csv' }, 'Put it there.'),
    'MLOPS_SOURCE_MISSING',
    true,
  ],
  [
    'a race that was lost',
    new MlopsError('MLOPS_ARTIFACT_DELETING', 'An artifact is gone.', {}, ''),
    'MLOPS_ARTIFACT_DELETING',
    false,
  ],
  ['MongoDB that is away', new MongoNetworkError('connection closed'), 'MLOPS_STORE_UNAVAILABLE', false],
  [
    'MongoDB without a primary',
    new MongoServerSelectionError('no primary', {} as never),
    'MLOPS_STORE_UNAVAILABLE',
    false,
  ],
  [
    'a refused connection',
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    'MLOPS_STORE_UNAVAILABLE',
    false,
  ],
  [
    'MongoDB that took too long',
    new MongoServerError({ message: 'exceeded', code: 50 }),
    'MLOPS_STORE_UNAVAILABLE',
    false,
  ],
  [
    'MongoDB whose disk is full',
    new MongoServerError({ message: 'full', code: 14031 }),
    'MLOPS_STORE_UNAVAILABLE',
    false,
  ],
  ['a record that MongoDB refuses', new MongoServerError({ message: 'invalid', code: 121 }), 'MLOPS_UNEXPECTED', true],
  ...[8, 14].map((code): [string, Error, string, boolean] => [
    `Temporal that answers with gRPC ${code}`,
    new ServiceError('not now', { cause: Object.assign(new Error('not now'), { code }) }),
    'MLOPS_STORE_UNAVAILABLE',
    false,
  ]),
  [
    'Temporal that is away, in gRPC’s own error',
    Object.assign(new Error('not now'), { code: 14, details: 'not now', metadata: {} }),
    'MLOPS_STORE_UNAVAILABLE',
    false,
  ],
  [
    'a call that Temporal refuses',
    new ServiceError('no', { cause: Object.assign(new Error('no'), { code: 3 }) }),
    'MLOPS_UNEXPECTED',
    true,
  ],
  ['a mistake of ours', new TypeError('x is undefined'), 'MLOPS_UNEXPECTED', true],
])('%s', async (_, error, type, nonRetryable) => {
  const told = await outcomeOf(failing(error));
  expect(told).toBeInstanceOf(ApplicationFailure);
  expect(told).toMatchObject({ type, nonRetryable, cause: error });
  expect((told as Error).message).toContain(error.message);
  // What the next attempt takes along, so that the end of the time that it may take can't hide it.
  expect(beaten).toEqual(nonRetryable ? [] : [{ lastFailure: (told as Error).message }]);
});

test('what fails is tried again ever more rarely, by its own word: the workflow’s policy is for attempts that were lost', async () => {
  const away = failing(new MongoNetworkError('connection closed'));
  const delays = [1, 2, 4, 6, 7, 500].map(async (attempt) => {
    const told = await outcomeOf(away, 'mlopsTrain', attempt);
    return (told as ApplicationFailure).nextRetryDelay;
  });
  expect(await Promise.all(delays)).toEqual([250, 500, 2_000, 8_000, 10_000, 10_000]);
  const ours = (await outcomeOf(failing(new TypeError('x')), 'mlopsTrain', 3)) as ApplicationFailure;
  expect(ours.nextRetryDelay).toBeUndefined();
});

test('says where in its details', async () => {
  const told = await outcomeOf(
    failing(new MlopsError('MLOPS_COLUMN_MISSING', 'A column is missing.', { file: 'a.csv', column: 'delay' }, ''))
  );
  expect((told as ApplicationFailure).details).toEqual([{ file: 'a.csv', column: 'delay' }]);
});

test('a cancellation keeps Temporal’s own word', async () => {
  const cancelled = new CancelledFailure('CANCELLED');
  expect(await outcomeOf(failing(cancelled))).toBe(cancelled);
});

test('a result of more than 64 KB is refused: workflows carry refs', async () => {
  expect(await outcomeOf(async () => 'x'.repeat(65 * 1024))).toMatchObject({
    type: 'MLOPS_PAYLOAD_TOO_LARGE',
    nonRetryable: true,
  });
  expect(await outcomeOf(async () => 'x'.repeat(60 * 1024))).toHaveLength(60 * 1024);
});

test('a user’s own activities are left alone', async () => {
  const error = new TypeError('theirs');
  expect(await outcomeOf(failing(error), 'greeting')).toBe(error);
});
