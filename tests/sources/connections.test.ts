/** What a worker is given as connections, and where their secrets are. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MlopsError } from '../../src/domain/errors';
import { connectionNamed, readConnections } from '../../src/sources/connections';
import { checkSecrets, readSecret } from '../../src/sources/secrets';

const LAB = { kind: 'http', address: 'https://data.example.com/exports/' } as const;

function refused(given: unknown): string {
  try {
    readConnections(given);
  } catch (error) {
    return (error as MlopsError).message;
  }
  throw new Error('they were taken');
}

test('connections are taken as they are written', () => {
  const given = {
    lab: { ...LAB, headers: { authorization: { env: 'TOKEN' } }, redirectsTo: ['https://objects.example.com'] },
  };
  expect(readConnections(given)).toEqual(given);
  expect(readConnections(undefined)).toEqual({});
});

test.each([
  ['a secret itself', { ...LAB, headers: { authorization: 'Bearer s3cret' } }, 'lab.headers.authorization'],
  ['a password in the address', { ...LAB, address: 'https://me:s3cret@data.example.com' }, 'lab.address'],
  ['a query in the address', { ...LAB, address: 'https://data.example.com?token=s3cret' }, 'lab.address'],
  ['another protocol', { ...LAB, address: 'ftp://s3cret.example.com' }, 'lab.address'],
  ['a redirect to a path', { ...LAB, redirectsTo: ['https://x.example.com/s3cret'] }, 'lab.redirectsTo'],
  ['a header of the request', { ...LAB, headers: { range: { env: 'X' } } }, 'lab.headers.range'],
  ['an unknown field', { ...LAB, allowLoopback: true }, 'lab'],
  ['an unknown kind', { kind: 'ftp', address: 'x' }, 'lab.kind'],
  ['an unknown kind of address', { ...LAB, allow: ['everything'] }, 'lab.allow'],
])('%s is refused, and nothing of it is shown', (_, connection, field) => {
  const message = refused({ lab: connection });
  expect(message).toMatch(/^MLOPS_CONFIGURATION: /);
  expect(message).toContain(field);
  expect(message).not.toContain('s3cret');
});

test('a definition that names none of the worker’s connections learns which there are', () => {
  const all = readConnections({ lab: LAB });
  expect(connectionNamed(all, 'lab', 'http')).toEqual(LAB);
  expect(() => connectionNamed(all, 'toString', 'http')).toThrow(
    expect.objectContaining({ code: 'MLOPS_CONNECTION_UNKNOWN', message: expect.stringContaining('lab') as string })
  );
});

describe('secrets', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-secrets-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('come from the environment or from a file, without its line end', async () => {
    process.env.MLOPS_TEST_TOKEN = 'one';
    await writeFile(join(folder, 'token'), 'two\n');
    expect(await readSecret({ env: 'MLOPS_TEST_TOKEN' }, 'lab')).toBe('one');
    expect(await readSecret({ file: join(folder, 'token') }, 'lab')).toBe('two');
  });

  test('that are missing, or can be no header, are refused when the worker starts', async () => {
    await writeFile(join(folder, 'lines'), 'two\nlines\n');
    for (const secret of [
      { env: 'MLOPS_TEST_NONE' },
      { file: join(folder, 'none') },
      { file: join(folder, 'lines') },
    ]) {
      const checking = checkSecrets({ lab: { ...LAB, headers: { authorization: secret } } });
      await expect(checking).rejects.toMatchObject({ code: 'MLOPS_CONFIGURATION', where: { connection: 'lab' } });
    }
  });
});
