/** Temporal's own fitness, looked at before a worker polls: a server that is too old would fail the first decision. */
import type { NativeConnection } from '@temporalio/worker';
import { MlopsError } from '../domain/errors';
import { isTemporalTooOld, LEAST_TEMPORAL } from '../domain/temporal-version';

export async function checkTemporal(connection: Pick<NativeConnection, 'workflowService'>): Promise<void> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  requireTemporal(serverVersion ?? '');
}

/** @throws MlopsError MLOPS_SERVER_UNFIT */
export function requireTemporal(version: string): void {
  if (!isTemporalTooOld(version)) return;
  throw new MlopsError(
    'MLOPS_SERVER_UNFIT',
    'Temporal is too old: decisions need update-with-start.',
    { version },
    `Use a server from ${LEAST_TEMPORAL} on.`
  );
}
