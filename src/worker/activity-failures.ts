/**
 * Turns what our activities throw into what Temporal should do with it: a code of the catalogue decides between
 * trying again and waiting for a person; a server that is away is tried again; anything else is our mistake or the
 * user's, and trying again would only repeat it.
 */
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { ERRORS, errorCodeOf, MlopsError } from '../domain/errors';

/** Payloads are refs; what is larger has lost its way. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

export const ActivityFailures: ActivityInterceptorsFactory = (context) => ({
  inbound: context.info.activityType.startsWith('mlops') ? inbound : {},
});

const inbound: ActivityInboundCallsInterceptor = {
  async execute(input, next) {
    try {
      const result = await next(input);
      checkSize(result);
      return result;
    } catch (error) {
      throw failureOf(error);
    }
  },
};

function checkSize(result: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(result) ?? '');
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new MlopsError(
      'MLOPS_PAYLOAD_TOO_LARGE',
      'An activity answers more than a workflow should carry.',
      { bytes, limit: MAX_PAYLOAD_BYTES },
      'Return refs and put the bytes into an artifact.'
    );
  }
}

function failureOf(error: unknown): Error {
  if (error instanceof TemporalFailure) return error;
  const code = errorCodeOf(error);
  if (code !== undefined) {
    const where = error instanceof MlopsError ? error.where : {};
    return failure(code, (error as Error).message, ERRORS[code] !== 'retry', [where], error);
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isServerAway(error)) return failure('MLOPS_STORE_UNAVAILABLE', message, false, [], error);
  return failure('MLOPS_UNEXPECTED', message, true, [], error);
}

function failure(
  type: string,
  message: string,
  nonRetryable: boolean,
  details: unknown[],
  cause: unknown
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable,
    details,
    ...(cause instanceof Error ? { cause } : {}),
  });
}

const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
]);

/** DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE: https://grpc.io/docs/guides/status-codes/ */
const GRPC_AWAY = new Set<unknown>([4, 8, 10, 13, 14]);

/** Network, failover, time-outs, a full disk: mongod's error_codes.yml. */
const MONGOD_AWAY = new Set<unknown>([
  6, // HostUnreachable
  7, // HostNotFound
  24, // LockTimeout
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  89, // NetworkTimeout
  91, // ShutdownInProgress
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  246, // SnapshotUnavailable
  251, // NoSuchTransaction
  262, // ExceededTimeLimit
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

/** MongoDB's driver names its errors; sockets have a code; the Temporal client keeps gRPC's within. */
function isServerAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && AWAY.has(code)) return true;
  if (error.name === 'ServiceError')
    return GRPC_AWAY.has(code ?? (error.cause as { code?: unknown } | undefined)?.code);
  if (
    /^Mongo(Network|ServerSelection|NotConnected|PoolCleared|Topology|OperationTimeout|WaitQueue|ClientClosed)/.test(
      error.name
    )
  )
    return true;
  if (error.name.startsWith('Mongo') && MONGOD_AWAY.has(code)) return true;
  const labels = (error as { errorLabels?: unknown }).errorLabels;
  return (
    Array.isArray(labels) &&
    labels.some((label) => label === 'RetryableWriteError' || label === 'TransientTransactionError')
  );
}
