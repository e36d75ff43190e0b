/** Objects of a real S3 server, and of one behind a proxy that cuts answers off. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { digestOfBytes } from '../../src/runtime/digest';
import { readEnvironment } from '../../src/runtime/environment';
import type { S3Connection } from '../../src/sources/connections';
import type { RemoteFile } from '../../src/sources/remote-file';
import { s3Files } from '../../src/sources/s3';
import { PART_BYTES } from '../../src/sources/source-cache';
import { storeConfig } from '../../src/stores/config';
import { serving, type TestServer } from '../support/http-server';
import { attempt } from './attempt';

const BUCKET = `mlops-test-s3-${randomUUID().slice(0, 8)}`;
const { s3 } = storeConfig(readEnvironment());
const { hostname, port } = new URL(s3.endpoint);
const { accessKey, secretKey } = s3;
const minio = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
const never = new AbortController().signal;

let folder: string;
let proxy: TestServer | undefined;

beforeAll(async () => {
  process.env.MLOPS_TEST_S3_KEY = accessKey;
  process.env.MLOPS_TEST_S3_SECRET = secretKey;
  await minio.makeBucket(BUCKET);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-s3-'));
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
  await rm(folder, { recursive: true, force: true });
});
afterAll(async () => {
  const names: string[] = [];
  for await (const { name } of minio.listObjectsV2(BUCKET, '', true) as AsyncIterable<{ name: string }>)
    names.push(name);
  await minio.removeObjects(BUCKET, names);
  await minio.removeBucket(BUCKET);
});

const put = (key: string, content: string | Buffer) => minio.putObject(BUCKET, key, content);

interface Changes extends Partial<S3Connection> {
  readonly bucket?: string;
  readonly most?: number;
}

async function files(
  path: string,
  { bucket = BUCKET, most = 100, ...changes }: Changes = {}
): Promise<readonly RemoteFile[]> {
  const connection: S3Connection = {
    kind: 's3',
    address: s3.endpoint,
    accessKey: { env: 'MLOPS_TEST_S3_KEY' },
    secretKey: { env: 'MLOPS_TEST_S3_SECRET' },
    allow: ['loopback'],
    ...changes,
  };
  const rules = { connection: 'lake', allow: connection.allow ?? [], ownServers: [] };
  const reader = { connection: 'lake', bucket, path, format: 'csv' } as const;
  return s3Files({ reader, connection, rules, silenceMs: 5_000 }, most, never);
}

/** Hands everything on, but what the test says. */
async function through(
  meddle: (asked: IncomingMessage, answer: IncomingMessage, to: ServerResponse) => boolean
): Promise<string> {
  proxy = await serving((asked, to) => {
    const { method, url: path, headers } = asked;
    request({ host: hostname, port, method, path, headers, agent: false }, (answer) => {
      if (meddle(asked, answer, to)) return;
      to.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(to);
    }).end();
  });
  return proxy.url;
}

test('a pattern names objects in the order of their keys; a key is itself', async () => {
  for (const key of ['in/b.csv', 'in/a.csv', 'in/deep/c.csv', 'in/.hidden.csv', 'in/notes.txt', 'other/d.csv'])
    await put(key, key);
  const paths = async (path: string) => (await files(path)).map((file) => file.path);
  expect(await paths('in/*.csv')).toEqual(['in/a.csv', 'in/b.csv']);
  expect(await paths('in/**/*.csv')).toEqual(['in/a.csv', 'in/b.csv', 'in/deep/c.csv']);
  expect(await paths('**/d.csv')).toEqual(['other/d.csv']);
  const [one] = await files('in/a.csv');
  expect(await attempt(folder, one!)).toMatchObject({ text: 'in/a.csv', isNew: true });
  await expect(files('in/*.parquet')).rejects.toMatchObject({ code: 'MLOPS_SOURCE_MISSING' });
  await expect(files('in/**', { most: 2 })).rejects.toMatchObject({ code: 'MLOPS_TOO_MANY_FILES' });
});

test('an object that is as it was is not read again; one that was replaced is', async () => {
  await put('known.csv', 'one');
  const [file] = await files('known.csv');
  const { digest } = await attempt(folder, file!);
  const stored = new Set([digest]);
  expect(await attempt(folder, file!, { stored })).toMatchObject({ digest, isNew: false });
  await put('known.csv', 'two');
  expect(await attempt(folder, file!, { stored })).toMatchObject({ text: 'two', isNew: true });
});

describe('an answer that is cut off', () => {
  const large = Buffer.alloc(2.5 * PART_BYTES, 'abcdefg\n');

  /** The first GET ends within the second part. */
  async function cutOnce(): Promise<string> {
    let cut = false;
    return through(({ method }, answer, to) => {
      if (method !== 'GET' || cut) return false;
      cut = true;
      to.writeHead(answer.statusCode!, answer.headers);
      let sent = 0;
      answer.on('data', (chunk: Buffer) => {
        sent += chunk.length;
        if (sent <= 1.5 * PART_BYTES) return to.write(chunk);
        answer.destroy();
        return to.write(chunk, () => to.destroy());
      });
      return true;
    });
  }

  test('goes on after its last finished part', async () => {
    await put('large.csv', large);
    const [file] = await files('large.csv', { address: await cutOnce() });
    await expect(attempt(folder, file!)).rejects.toMatchObject({ code: 'MLOPS_SOURCE_AWAY' });
    expect(await attempt(folder, file!)).toMatchObject({ digest: digestOfBytes(large), bytes: large.length });
    const gets = proxy!.asked.filter(({ method }) => method === 'GET');
    expect(gets.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${PART_BYTES}-`]);
  });

  test('begins anew where the object was replaced meanwhile', async () => {
    await put('replaced.csv', large);
    const [file] = await files('replaced.csv', { address: await cutOnce() });
    await expect(attempt(folder, file!)).rejects.toMatchObject({ code: 'MLOPS_SOURCE_AWAY' });
    const other = Buffer.alloc(large.length, 'ABCDEFG\n');
    await put('replaced.csv', other);
    expect(await attempt(folder, file!)).toMatchObject({ digest: digestOfBytes(other), bytes: other.length });
  });
});

test('an object that is replaced between two questions is asked for again, and not for ever', async () => {
  await put('moving.csv', 'version 0');
  let replaced = 0;
  const most = { times: 1 };
  proxy = await serving((asked, to) => {
    const { method, url: path, headers } = asked;
    const hand = () =>
      request({ host: hostname, port, method, path, headers, agent: false }, (answer) => {
        to.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(to);
      }).end();
    if (method !== 'GET' || replaced >= most.times) return hand();
    replaced += 1;
    put('moving.csv', `version ${replaced}`).then(hand, () => to.destroy());
  });
  const [file] = await files('moving.csv', { address: proxy.url });
  expect(await attempt(folder, file!)).toMatchObject({ text: 'version 1' });
  most.times = Number.POSITIVE_INFINITY;
  await expect(attempt(folder, file!)).rejects.toMatchObject({ code: 'MLOPS_SOURCE_CHANGED' });
});

test('what the server refuses, and where it is not, is said without a key', async () => {
  process.env.MLOPS_TEST_S3_WRONG = 's3cret-that-is-wrong';
  const refusals: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['no object', async () => attempt(folder, (await files('none.csv'))[0]!), 'MLOPS_SOURCE_MISSING'],
    ['no bucket', async () => files('*.csv', { bucket: `${BUCKET}-none` }), 'MLOPS_SOURCE_MISSING'],
    [
      'a wrong secret',
      async () => files('*.csv', { secretKey: { env: 'MLOPS_TEST_S3_WRONG' } }),
      'MLOPS_SOURCE_REFUSED',
    ],
    ['loopback', async () => files('*.csv', { allow: [] }), 'MLOPS_ADDRESS_REFUSED'],
    ['nobody listens', async () => files('*.csv', { address: 'http://127.0.0.1:1' }), 'MLOPS_SOURCE_AWAY'],
  ];
  for (const [what, asking, code] of refusals) {
    const found = await asking().then(
      () => ({ code: 'none', message: '' }),
      (error: { code: string; message: string }) => error
    );
    expect([what, found.code]).toEqual([what, code]);
    expect(found.message).not.toMatch(/s3cret/);
    expect(found.message).not.toContain(secretKey);
  }
});

test('a cancellation ends the answer at once', async () => {
  await put('slow.csv', Buffer.alloc(PART_BYTES));
  const address = await through(({ method }, answer, to) => {
    if (method !== 'GET') return false;
    to.writeHead(answer.statusCode!, answer.headers);
    answer.once('data', (chunk: Buffer) => to.write(chunk.subarray(0, 10)));
    return true;
  });
  const controller = new AbortController();
  const [file] = await files('slow.csv', { address });
  const onBytes = () => controller.abort(new Error('cancelled'));
  await expect(attempt(folder, file!, { signal: controller.signal, onBytes })).rejects.toThrow('cancelled');
});
