/** Whether an error says that a server is away, busy or late, so that the same call may do later. */
import { types } from 'node:util';
import { isGrpcServiceError } from '@temporalio/client';

const SOCKET = new Set([
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

/** MongoDB's driver names its errors; sockets have a code; Temporal's client throws gRPC's errors, or keeps them within its own. */
export function isServerAway(error: unknown): boolean {
  // Not by instanceof: another realm (jest) has another Error.
  if (!types.isNativeError(error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && SOCKET.has(code)) return true;
  if (isGrpcServiceError(error)) return GRPC_AWAY.has(code);
  if (error.name === 'ServiceError') return GRPC_AWAY.has((error.cause as { code?: unknown } | undefined)?.code);
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
