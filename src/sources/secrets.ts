/** A secret's value, read where it is needed and kept nowhere. */
import { readFile } from 'node:fs/promises';
import { MlopsError } from '../domain/errors';
import type { Connection, Connections, HttpConnection, MongoConnection, S3Connection, Secret } from './connections';

const MOST_CHARACTERS = 8_192;

/** @throws MlopsError MLOPS_CONFIGURATION: it isn't there, or is not one line of printable text. It never shows the value. */
export async function readSecret(secret: Secret, connection: string): Promise<string> {
  const where = { connection, ...('env' in secret ? { variable: secret.env } : { file: secret.file }) };
  const found = 'env' in secret ? process.env[secret.env] : await textOf(secret.file, where);
  // Files usually end with a line end.
  const value = found?.replace(/\r?\n$/, '') ?? '';
  if (value === '') throw unfit('A secret of a connection is not there.', where, 'Set it and start the worker again.');
  if (value.length > MOST_CHARACTERS || !/^[ -~]*$/.test(value)) {
    throw unfit('A secret of a connection is not one line of printable ASCII.', where, 'Write it as it is, alone.');
  }
  return value;
}

/** Whether all secrets are there: asked when a worker starts, so that a slip shows at once. */
export async function checkSecrets(connections: Connections): Promise<void> {
  for (const [name, connection] of Object.entries(connections))
    for (const secret of secretsOf(connection)) await readSecret(secret, name);
}

function secretsOf(connection: Connection): readonly Secret[] {
  const secrets = {
    http: ({ headers = {} }: HttpConnection) => Object.values(headers),
    s3: ({ accessKey, secretKey, sessionToken }: S3Connection) => [accessKey, secretKey, sessionToken],
    mongodb: ({ user, password }: MongoConnection) => [user, password],
  };
  return secrets[connection.kind](connection as never).filter((secret) => secret !== undefined);
}

async function textOf(file: string, where: MlopsError['where']): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw unfit("A file with a secret of a connection can't be read.", where, 'Check its path and permissions.', cause);
  });
}

function unfit(what: string, where: MlopsError['where'], fix: string, cause?: Error): MlopsError {
  return new MlopsError('MLOPS_CONFIGURATION', what, where, fix, { cause });
}
