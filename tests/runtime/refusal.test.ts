/** What people are shown of what a workflow, or Temporal itself, refuses. */
import { ServiceError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { refusal } from '../../src/runtime/refusal';

/** As Temporal's server answered at a run's 2,001st update: server 1.32, `temporal server start-dev`. */
const LIMIT =
  "The limit on the total number of distinct updates in this workflow has been reached (2000). Make sure any duplicate updates share an Update ID so the server can deduplicate them, and consider rejecting updates that you aren't going to process.";
const grpc = (code: number, details: string, message = `${code}: ${details}`) =>
  Object.assign(new Error(message), { code, details, metadata: {} });
const sent = (cause: Error) => new ServiceError('Workflow Update failed', { cause });

test.each([
  ['a run that has had 2,000 updates', sent(grpc(9, LIMIT))],
  // Its status says only that the two could not be executed.
  ['the same, sent with a start', grpc(9, 'Update-with-Start could not be executed.', LIMIT)],
  ['ten updates in flight', sent(grpc(8, 'limit on number of concurrent in-flight updates has been reached (10)'))],
])('%s', (_, error) => {
  expect(refusal(error)).toMatchObject({ code: 'MLOPS_TOO_MANY_MESSAGES', cause: error });
});

test.each([
  ['a task that fails', 'MLOPS_WORKFLOW_NOT_READY', sent(grpc(9, 'Workflow Task in failed state.'))],
  ['a server that is away', 'MLOPS_STORE_UNAVAILABLE', sent(grpc(14, 'connect ECONNREFUSED'))],
  ['a server that is too slow', 'MLOPS_STORE_UNAVAILABLE', sent(grpc(4, 'context deadline exceeded'))],
  ['a deadline that the server saw', 'MLOPS_STORE_UNAVAILABLE', sent(grpc(1, 'context canceled'))],
  ['a payload above the limit', 'MLOPS_PAYLOAD_TOO_LARGE', sent(grpc(3, 'Blob data size exceeds limit.'))],
  ['a message above the limit', 'MLOPS_PAYLOAD_TOO_LARGE', grpc(8, 'Sent message larger than max (5 vs. 4)')],
  ['another argument', 'MLOPS_MESSAGE_INVALID', sent(grpc(3, 'WorkflowId is too long'))],
  ['credentials', 'MLOPS_CONFIGURATION', sent(grpc(7, 'Request unauthorized.'))],
  ['no such call', 'MLOPS_SERVER_UNFIT', grpc(12, 'unknown method')],
  ['another failed precondition', 'MLOPS_UNEXPECTED', sent(grpc(9, 'no'))],
  ['what was no answer', 'MLOPS_UNEXPECTED', sent(new Error('codec'))],
])('%s: %s', (_, code, error) => {
  expect(refusal(error)).toMatchObject({ code, cause: error });
});

test('an error of the caller’s own is his', () => {
  const own = sent(grpc(1, 'Cancelled on client'));
  expect(refusal(own)).toBe(own);
  const other = new TypeError('x');
  expect(refusal(other)).toBe(other);
});

test('what a validator refuses has its own code and words', () => {
  const cause = ApplicationFailure.nonRetryable('MLOPS_TOO_MANY_MESSAGES: too many', 'MLOPS_TOO_MANY_MESSAGES');
  expect(refusal(new WorkflowUpdateFailedError('Workflow Update failed', cause))).toMatchObject({
    code: 'MLOPS_TOO_MANY_MESSAGES',
    message: 'MLOPS_TOO_MANY_MESSAGES: too many',
  });
});
