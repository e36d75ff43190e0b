/** Documents of a real MongoDB as lines of JSON. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Binary, type Db, Decimal128, Double, Int32, Long, MongoClient, ObjectId, UUID } from 'mongodb';
import { readEnvironment } from '../../src/runtime/environment';
import type { MongoConnection } from '../../src/sources/connections';
import { mongoFile } from '../../src/sources/documents';
import { serversOf, storeConfig } from '../../src/stores/config';
import { attempt } from './attempt';

const config = storeConfig(readEnvironment());
const [server] = serversOf(config);
const ADDRESS = `mongodb://${server!.host}:${server!.port}/?replicaSet=mlops`;

let client: MongoClient;
let db: Db;
let folder: string;

beforeAll(async () => {
  client = new MongoClient(config.mongodbUri, { runtimeAdapters: { os } });
  db = client.db(`mlops-test-source-${randomUUID().slice(0, 8)}`);
  folder = await mkdtemp(join(tmpdir(), 'mlops-mongodb-'));
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
  await rm(folder, { recursive: true, force: true });
});

function remote(
  collection: string,
  filter?: Readonly<Record<string, unknown>>,
  changes: Partial<MongoConnection> = {}
) {
  const connection: MongoConnection = { kind: 'mongodb', address: ADDRESS, allow: ['loopback'], ...changes };
  const rules = { connection: 'shop', allow: connection.allow ?? [], ownServers: [] };
  const reader = {
    connection: 'shop',
    database: db.databaseName,
    collection,
    ...(filter === undefined ? {} : { filter }),
  };
  return mongoFile({ reader, connection, rules });
}

test('extended types are plain values, whole numbers exact, fields and documents in one order', async () => {
  const _id = new ObjectId('65f000000000000000000001');
  await db.collection('types').insertOne({
    _id,
    z: 1,
    at: new Date('2026-01-02T03:04:05.678Z'),
    price: Decimal128.fromString('19.90'),
    big: Long.fromString('9007199254740993'),
    int: new Int32(7),
    half: new Double(0.5),
    none: null,
    nan: Number.NaN,
    ok: true,
    uuid: new UUID('aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'),
    bytes: new Binary(Buffer.from('abc')),
    nested: { b: [1, { y: 2, x: Long.fromNumber(3) }], a: 'Grüße\n' },
  });
  const { text } = await attempt(folder, remote('types'));
  expect(text).toBe(
    '{"_id":"65f000000000000000000001","at":"2026-01-02T03:04:05.678Z","big":9007199254740993,"bytes":"YWJj",' +
      '"half":0.5,"int":7,"nan":null,"nested":{"a":"Grüße\\n","b":[1,{"x":3,"y":2}]},"none":null,"ok":true,' +
      '"price":"19.90","uuid":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","z":1}\n'
  );
});

test('the same documents are the same bytes, however they were written; a filter is Extended JSON', async () => {
  const documents = Array.from({ length: 2_500 }, (_, i) => ({ _id: i, at: new Date(i * 1000) }) as never);
  await db.collection('one').insertMany(documents);
  await db.collection('two').insertMany(documents.toReversed());
  const one = await attempt(folder, remote('one'));
  expect((await attempt(folder, remote('two'))).digest).toBe(one.digest);
  expect(one.text.split('\n')).toHaveLength(2_501);
  const { text } = await attempt(folder, remote('one', { at: { $lt: { $date: '1970-01-01T00:00:02Z' } } }));
  expect(text).toBe('{"_id":0,"at":"1970-01-01T00:00:00.000Z"}\n{"_id":1,"at":"1970-01-01T00:00:01.000Z"}\n');
});

test('a reading is of one moment: what is written meanwhile is not in it', async () => {
  const documents = Array.from({ length: 5_000 }, (_, i) => ({ _id: i, pad: 'x'.repeat(200) }) as never);
  await db.collection('moving').insertMany(documents);
  let written: Promise<unknown> | undefined;
  const onBytes = () => {
    written ??= db.collection('moving').updateMany({}, { $set: { pad: 'new' } });
  };
  const { text } = await attempt(folder, remote('moving'), { onBytes });
  await written;
  expect(text).not.toContain('new');
});

test('what can’t be read is an error that says where', async () => {
  process.env.MLOPS_TEST_MONGO_USER = 'nobody';
  process.env.MLOPS_TEST_MONGO_PASSWORD = 's3cret';
  const user = { env: 'MLOPS_TEST_MONGO_USER' };
  const password = { env: 'MLOPS_TEST_MONGO_PASSWORD' };
  await db.collection('few').insertOne({ a: 1 });
  const refusals = [
    ['no documents', remote('none'), {}, 'MLOPS_SOURCE_EMPTY'],
    ['too many bytes', remote('one'), { left: 1_000 }, 'MLOPS_SOURCE_TOO_LARGE'],
    ['a wrong password', remote('few', {}, { user, password }), {}, 'MLOPS_SOURCE_REFUSED'],
    ['loopback', remote('few', {}, { allow: [] }), {}, 'MLOPS_ADDRESS_REFUSED'],
    [
      'loopback by name',
      remote('few', {}, { allow: [], address: 'mongodb://localhost:27017' }),
      {},
      'MLOPS_ADDRESS_REFUSED',
    ],
    ['a query that is none', remote('few', { a: { $nothing: 1 } }), {}, 'MLOPS_SOURCE_UNREADABLE'],
  ] as const;
  for (const [what, file, options, code] of refusals) {
    const found = await attempt(folder, file, options).then(
      () => ({ code: 'none', message: '' }),
      (error: { code: string; message: string }) => error
    );
    expect([what, found.code]).toEqual([what, code]);
    expect(found.message).not.toContain('s3cret');
  }
});

test('a cancellation ends it, also while nobody answers', async () => {
  const controller = new AbortController();
  const file = remote('one', {}, { address: 'mongodb://127.0.0.1:1' });
  const began = Date.now();
  const reading = attempt(folder, file, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('cancelled')), 100);
  await expect(reading).rejects.toThrow('cancelled');
  // Well before the server counts as away.
  expect(Date.now() - began).toBeLessThan(4_000);
});
