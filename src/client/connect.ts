/** A client of Temporal by TEMPORAL_* and the stack's file, with the data converter that MLOPS_DATA_CONVERTER names. */
import { Client, Connection } from '@temporalio/client';
import { MlopsError } from '../domain/errors';
import { dataConverter } from '../runtime/data-converter';
import type { Environment } from '../runtime/environment';
import { startServer } from '../runtime/server-advice';
import { temporalConfig } from '../runtime/temporal-config';

/** A person waits for it; the SDK's own limit is 10 s. */
const CONNECT_WITHIN_MS = 5_000;

interface Connected {
  readonly client: Client;
  readonly connection: Connection;
}

/** @throws MlopsError MLOPS_SERVER_UNFIT: no server answers there */
export async function connectTemporal(env: Environment): Promise<Connected> {
  const connected = lazyTemporal(env);
  const { connection } = connected;
  await connection.ensureConnected().catch(async (error: Error) => {
    await connection.close();
    const { address } = temporalConfig(env).connectionOptions;
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      `Temporal can't be reached at ${address ?? 'localhost:7233'}: ${error.message}.`,
      { address },
      startServer('TEMPORAL_ADDRESS'),
      { cause: error }
    );
  });
  return connected;
}

/** Connects with the first call, and again whenever the connection is lost. */
export function lazyTemporal(env: Environment): Connected {
  const config = temporalConfig(env);
  const connection = Connection.lazy({ connectTimeout: CONNECT_WITHIN_MS, ...config.connectionOptions });
  const namespace = config.namespace ?? 'default';
  return { client: new Client({ connection, namespace, ...dataConverter(env) }), connection };
}
