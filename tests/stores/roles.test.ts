/** The roles of docs/restricting.md, on a MongoDB that asks for passwords: a whole cycle works under them, and a forbidden write fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { VERIFICATIONS } from '../../src/cli/doctor/verify/verify';
import type { PredictionRecord } from '../../src/domain/endpoint';
import { versionLabel } from '../../src/domain/ids';
import { openRecordStores } from '../../src/records/stores';
import type { Replica } from '../../src/replica/run-replica';
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { packageRoot } from '../../src/runtime/package-root';
import { storeConfig } from '../../src/stores/config';
import { openStore, type OpenedStore } from '../../src/stores/open';
import { recordWriter } from '../../src/stores/predictions';
import { eventually } from '../support/eventually';
import { Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const PASSWORD = randomBytes(12).toString('hex');

interface Guarded {
  /** The account's address. */
  uri(user: string, database: string): string;
  readonly admin: MongoClient;
  /** What mongod has refused to an account since it started, in its own words. */
  refused(): string[];
  stop(): Promise<void>;
}

/** mongod's log: `Checking authorization failed`. */
const REFUSED = 20_436;

/** A mongod of this test's own, a member of one replica set, with an administrator. */
async function startGuarded(): Promise<Guarded> {
  const folder = await mkdtemp(join(os.tmpdir(), 'mlops-mongod-'));
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, randomBytes(64).toString('base64'), { mode: 0o400 });
  const port = await freePort();
  const program = join(String(readEnvironment().MLOPS_SERVERS), 'mongod');
  const options = ['--bind_ip', '127.0.0.1', '--port', `${port}`, '--nounixsocket', '--dbpath', folder];
  const small = ['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '50'];
  const log = join(folder, 'log');
  const guarding = ['--replSet', 'guarded', '--keyFile', keyFile, '--logpath', log];
  const mongod = spawn(program, [...options, ...small, ...guarding], { stdio: 'ignore' });
  const host = `127.0.0.1:${port}`;
  // From this machine the first account may be made without one.
  const first = new MongoClient(`mongodb://${host}/?directConnection=true`, {
    runtimeAdapters: { os },
    serverSelectionTimeoutMS: 240_000,
  });
  const members = [{ _id: 0, host }];
  await first.db('admin').command({ replSetInitiate: { _id: 'guarded', members } });
  await eventually('a primary', async () =>
    (await first.db('admin').command({ hello: 1 })).isWritablePrimary === true ? true : undefined
  );
  await first.db('admin').command({ createUser: 'admin', pwd: PASSWORD, roles: ['root'] });
  await first.close();
  const uri = (user: string, database: string) =>
    `mongodb://${user}:${PASSWORD}@${host}/${database}?replicaSet=guarded&authSource=${user === 'admin' ? 'admin' : database}`;
  const admin = new MongoClient(uri('admin', 'admin'), { runtimeAdapters: { os } });
  return {
    uri,
    admin,
    refused: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes(`"id":${REFUSED},`) && !line.includes('"codeName":"AuthenticationFailed"'))
        .map((line) => (JSON.parse(line) as { attr: { error: { errmsg: string } } }).attr.error.errmsg),
    stop: async () => {
      await admin.close();
      mongod.kill('SIGKILL');
      await once(mongod, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs the page's commands as mongosh would, for this database and endpoint. */
async function createRoles(db: Db, endpoint: string): Promise<void> {
  const page = readFileSync(join(packageRoot(), 'docs', 'restricting.md'), 'utf8');
  const commands = /```js\n(.*?)```/s.exec(page)?.[1] ?? '';
  const wanted: Promise<unknown>[] = [];
  const shell = {
    createRole: ({ role, ...rest }: { readonly role: string }) =>
      wanted.push(db.command({ createRole: role, ...rest })),
  };
  const here = commands
    .replace("const database = 'mlops'", `const database = '${db.databaseName}'`)
    .replace("['flights']", `['${endpoint}']`);
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  new Function('db', here)(shell);
  expect(wanted).toHaveLength(3);
  await Promise.all(wanted);
  const account = (user: string, ...roles: string[]) => db.command({ createUser: user, pwd: PASSWORD, roles });
  await account('worker', 'mlopsWorker');
  await account('replica', `mlopsReplica-${endpoint}`);
  await account('reader', 'mlopsReader');
}

let guarded: Guarded;
let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;
let as: (user: string) => Environment;
const opened: OpenedStore[] = [];

beforeAll(async () => {
  guarded = await startGuarded();
  system = await openSystem('roles', async (name) => {
    // The first project of this test's lifecycles.
    await createRoles(guarded.admin.db(name), `${name.slice('mlops-test-'.length)}-1`);
    return { ...readEnvironment(), MONGODB_URI: guarded.uri('worker', name) };
  });
  as = (user) => ({ ...system.env, MONGODB_URI: guarded.uri(user, system.name) });
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
  const definition = lifecycles.define();
  project = definition.name;
  replica = await startReplica({ ...system, env: as('replica') }, project);
  await lifecycles.start(definition);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  for (const store of opened) await store.close();
  const { db } = raw(system.stores);
  // The worker may not.
  Object.defineProperty(db, 'dropDatabase', { value: async () => guarded.admin.db(system.name).dropDatabase() });
  await system.close();
  await guarded.stop();
});

async function ask(id: string, eventTime: string, distance = 300): Promise<void> {
  const input = (name: string, datatype: string, value: unknown) => ({ name, shape: [1], datatype, data: [value] });
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      parameters: { eventTime },
      inputs: [
        input('date', 'INT64', Date.parse(eventTime) * 1000),
        input('distance', 'INT64', distance),
        input('origin', 'BYTES', 'ORD'),
        input('destination', 'BYTES', 'SFO'),
      ],
    }),
  });
  expect(answer.status).toBe(200);
}

/** An administrator looks: the test's own questions are refused to nobody. */
const stored = (name: string) => guarded.admin.db(system.name).collection(name);
const reported = async (shippedTo: string) => {
  const report = await stored('replicas').findOne({});
  return (report?.shippedTo as Date | undefined)?.toISOString() === shippedTo ? report : undefined;
};

test('the endpoint answers, what it answered is stored, and its clock goes on', async () => {
  await ask('first', '2001-02-01T12:00:00.000Z');
  const report = await eventually('the report', () => reported('2001-02-01T12:00:00.000Z'));
  expect(report).not.toHaveProperty('error');
  expect(await stored(`predictions.${project}`).countDocuments()).toBe(1);
  expect(await stored('clocks').findOne({})).toMatchObject({ highest: new Date('2001-02-01T12:00:00Z') });
});

test('what is late, comes twice, contradicts or comes too early is stored as well', async () => {
  const store = openStore(storeConfig(as('replica')), { appName: 'test', reachMs: 3_000 });
  opened.push(store);
  const writer = recordWriter(store, project);
  const truth = { v: 1, revision: 0, value: 1, knownAt: new Date('2001-02-02'), receivedAt: new Date() } as const;
  const truths = ['first', 'second'].map((id) => ({ ...truth, _id: `${id}#0`, prediction: id }));
  expect(await writer.insertTruths(truths)).toBe(1);
  expect(await writer.insertTruths([{ ...truth, value: 0, _id: 'first#0', prediction: 'first' }])).toBe(1);
  const [first] = await stored(`predictions.${project}`).find<PredictionRecord>({}).toArray();
  if (first === undefined) throw new Error('no prediction');
  expect(await writer.insertPredictions([{ ...first, inputs: { ...first.inputs, distance: 1 } }])).toBe(1);
  // Its truth has come before it, and it is months behind the clock.
  await writer.insertPredictions([{ ...first, _id: 'second', eventTime: new Date('2000-06-01') }]);
  expect(await stored('late').countDocuments()).toBe(1);
  expect(await stored(`unmatched.${project}`).countDocuments()).toBe(1);
});

test('a monitor judges a window, and takes the marks of late records away', async () => {
  await ask('later', '2001-02-25T12:00:00.000Z');
  const verdict = await eventually('the verdict', async () => (await stored('windows').findOne({})) ?? undefined);
  expect(verdict).toMatchObject({ kind: 'window', body: { endpoint: project } });
  await eventually('no mark', async () => ((await stored('late').countDocuments()) === 0 ? true : undefined));
});

test('the reader sees records, and doctor --verify finds nothing', async () => {
  const reading = openRecordStores(storeConfig(as('reader')));
  opened.push(reading);
  expect((await reading.facts.find('version', `${project}/1`))?.body.number).toBe(1);
  for (const [, verify] of VERIFICATIONS) {
    const findings = await verify(reading);
    expect([versionLabel(project, 1), findings.filter(({ state }) => state === 'problem')]).toEqual([
      versionLabel(project, 1),
      [],
    ]);
  }
});

const UNAUTHORIZED = 13;

type Write = (db: Db) => Promise<unknown>;
const change =
  (name: string): Write =>
  (db) =>
    db.collection(name).updateOne({}, { $set: { forged: true } });
const remove =
  (name: string): Write =>
  (db) =>
    db.collection(name).deleteOne({});
const insert =
  (name: string): Write =>
  (db) =>
    db.collection(name).insertOne({ forged: true });

/** By mongod's own log, so that no collection is forgotten here. */
test('nothing that worker, replica and reader did was refused', () => {
  expect(guarded.refused()).toEqual([]);
});

test.each<[string, string, Write]>([
  ['worker', 'change a decision', change('decisions')],
  ['worker', 'change a version', change('versions')],
  ['worker', 'change an audit event', change('audit')],
  ['worker', 'change an edge', change('edges')],
  ['worker', 'delete a decision', remove('decisions')],
  ['worker', 'delete an audit event', remove('audit')],
  ['worker', 'delete a request', remove('requests')],
  ['worker', 'drop the audit', (db) => db.dropCollection('audit')],
  ['worker', 'write predictions', (db) => insert(`predictions.${project}`)(db)],
  ['replica', 'write a decision', insert('decisions')],
  ['replica', 'move an alias', change('aliases')],
  ['replica', 'change its endpoint', change('endpoints')],
  ['replica', 'change a prediction', (db) => change(`predictions.${project}`)(db)],
  ['replica', 'change a truth', (db) => change(`truths.${project}`)(db)],
  ['replica', 'write predictions of another endpoint', insert('predictions.other')],
  ['reader', 'write a decision', insert('decisions')],
])('a %s can not %s', async (user, _, write) => {
  const client = new MongoClient(guarded.uri(user, system.name), { runtimeAdapters: { os } });
  try {
    const before = guarded.refused().length;
    await expect(write(client.db(system.name))).rejects.toMatchObject({ code: UNAUTHORIZED });
    expect(guarded.refused()).toHaveLength(before + 1);
  } finally {
    await client.close();
  }
});
