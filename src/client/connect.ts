/** A client of Temporal by TEMPORAL_* and the stack's file, with the data converter that MLOPS_DATA_CONVERTER names. */
import { Client, Connection } from '@temporalio/client';
import { MlopsError } from '../domain/errors';
import { dataConverter } from '../runtime/data-converter';
import type { Environment } from '../runtime/environment';
import { startServer } from '../runtime/server-advice';
import { temporalConfig } from '../runtime/temporal-config';

/** A person waits for it; the SDK's own limit is 10 s. */
const CONNECT_WITHIN_MS = 5_000;

/** @throws MlopsError MLOPS_SERVER_UNFIT: no server answers there */
export async function connectTemporal(
  env: Environment
): Promise<{ readonly client: Client; readonly connection: Connection }> {
  const config = temporalConfig(env);
  const converter = dataConverter(env);
  const connection = await Connection.connect({
    connectTimeout: CONNECT_WITHIN_MS,
    ...config.connectionOptions,
  }).catch((error: Error) => {
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      `Temporal can't be reached at ${config.connectionOptions.address ?? 'localhost:7233'}: ${error.message}.`,
      { address: config.connectionOptions.address },
      startServer('TEMPORAL_ADDRESS'),
      { cause: error }
    );
  });
  const namespace = config.namespace ?? 'default';
  return { client: new Client({ connection, namespace, ...converter }), connection };
}
