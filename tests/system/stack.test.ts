import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import * as os from 'node:os';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Client as S3 } from 'minio';
import { MongoClient } from 'mongodb';
import { readEnvironment } from '../../src/runtime/environment';

const STACK = resolve(__dirname, '../../scripts/stack.sh');
const SERVERS = ['temporal', 'mongod', 'minio'];
const folder = mkdtempSync(join(os.tmpdir(), 'a stack ')); // a blank in the path is part of the test

/** The caller's environment without addresses of other servers; ports apart from those of other stacks. */
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|S3|MONGODB|MLOPS)_/.test(name))),
  MLOPS_STACK_DIR: folder,
  MLOPS_PORT_SHIFT: '5500',
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function stack(args: readonly string[], extra: Record<string, string> = {}): Promise<Ended> {
  return new Promise((done) => {
    execFile(STACK, args, { env: { ...environment, ...extra } }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function succeed(...args: string[]): Promise<string> {
  const ended = await stack(args);
  if (ended.code !== 0) throw new Error(`stack.sh ${args.join(' ')} ended with ${ended.code}:\n${ended.stderr}`);
  return ended.stderr;
}

interface Row {
  readonly server: string;
  readonly state: string;
  readonly address: string;
  readonly pid: number | null;
}

async function status(extra: Record<string, string> = {}): Promise<Row[]> {
  return (JSON.parse((await stack(['status', '--json'], extra)).stdout) as { servers: Row[] }).servers;
}

async function pids(): Promise<number[]> {
  return (await status()).map((row) => row.pid ?? 0);
}

/** Writes `name` to each server as our code would, and answers what is there from this and earlier calls. */
async function trace(name: string): Promise<{ records: string[]; objects: string[]; workflows: string[] }> {
  const env = readEnvironment({ MLOPS_STACK_DIR: folder }) as Record<string, string>;
  const s3Url = new URL(env.S3_ENDPOINT as string);
  const s3 = new S3({
    endPoint: s3Url.hostname,
    port: Number(s3Url.port),
    useSSL: false,
    accessKey: env.S3_ACCESS_KEY as string,
    secretKey: env.S3_SECRET_KEY as string,
  });
  const mongo = await MongoClient.connect(env.MONGODB_URI as string, { runtimeAdapters: { os } });
  const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS as string });
  const { workflow } = new Client({ connection });
  try {
    const traces = mongo.db().collection<{ _id: string }>('traces');
    await mongo.withSession((session) => session.withTransaction(() => traces.insertOne({ _id: name }, { session })));
    if (!(await s3.bucketExists('traces'))) await s3.makeBucket('traces');
    await s3.putObject('traces', name, name);
    await workflow.start('trace', { taskQueue: 'nobody', workflowId: name });

    const records = (await traces.find().sort({ _id: 1 }).toArray()).map((record) => record._id);
    const objects: string[] = [];
    for await (const object of s3.listObjectsV2('traces')) objects.push((object as { name: string }).name);
    const workflows = await Promise.all(
      records.map(async (id) => (await workflow.getHandle(id).describe()).workflowId)
    );
    return { records, objects, workflows };
  } finally {
    await mongo.close();
    await connection.close();
  }
}

beforeAll(async () => {
  await succeed('up');
});

afterAll(async () => {
  await succeed('wipe', '--yes');
  rmSync(folder, { recursive: true, force: true });
});

test('up leaves every server answering, on loopback, with keys that only their owner can read', async () => {
  expect((await status()).map((row) => [row.server, row.state])).toEqual(SERVERS.map((server) => [server, 'up']));
  expect((await status()).every((row) => row.address.includes('127.0.0.1:'))).toBe(true);
  for (const file of ['env', 'keys']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  const first = await trace('trace-1');
  expect(first).toEqual({ records: ['trace-1'], objects: ['trace-1'], workflows: ['trace-1'] });
});

test('of two ups at once one starts the servers, and another up changes nothing', async () => {
  await succeed('down');
  const said = await Promise.all([succeed('up'), succeed('up')]);
  expect(said.filter((words) => words.includes('starting mongod'))).toHaveLength(1);
  const before = await pids();
  await succeed('up');
  expect(await pids()).toEqual(before);
});

test('what a killed server and a stopped stack held is there after up, at the same addresses', async () => {
  const before = (await status()).map((row) => row.address);
  for (const pid of await pids()) process.kill(pid, 'SIGKILL');
  await succeed('up');
  expect((await trace('trace-2')).workflows).toEqual(['trace-1', 'trace-2']);
  await succeed('down');
  expect((await status()).map((row) => row.state)).toEqual(['down', 'down', 'down']);
  await succeed('up');
  const kept = ['trace-1', 'trace-2', 'trace-3'];
  expect(await trace('trace-3')).toEqual({ records: kept, objects: kept, workflows: kept });
  expect((await status()).map((row) => row.address)).toEqual(before);
});

test('a server whose port was taken meanwhile moves to the next one with its data', async () => {
  const [, mongod] = await status();
  const port = Number(/:(\d+)\//.exec(mongod?.address ?? '')?.[1]);
  await succeed('down');
  const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(other, 'listening');
  try {
    expect(await succeed('up')).toContain(`port ${port} is taken: mongod gets`);
    expect((await trace('trace-4')).records).toHaveLength(4);
  } finally {
    other.close();
  }
});

test('a server that was stopped by SIGSTOP is named, and goes on when told to', async () => {
  const [, mongod = 0] = await pids();
  process.kill(mongod, 'SIGSTOP');
  try {
    const ended = await stack(['up']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`mongod is not up: its process ${mongod} was stopped by a signal`);
  } finally {
    process.kill(mongod, 'SIGCONT');
  }
  await succeed('up');
});

test('down leaves alone a process that got the pid of a server', async () => {
  const other = spawn('sleep', ['600']);
  const file = join(folder, 'run', 'minio.pid');
  const [, , minio] = await pids();
  const recorded = readFileSync(file, 'utf8');
  writeFileSync(file, recorded.replace(String(minio), String(other.pid)));
  try {
    expect((await status())[2]?.state).toBe('down');
    await succeed('down');
    expect(other.exitCode ?? other.signalCode).toBeNull();
    expect(process.kill(minio as number, 'SIGTERM')).toBe(true);
  } finally {
    other.kill();
  }
  await once(other, 'exit');
});

test('a server that cannot start is named, with the end of its log', async () => {
  await succeed('down');
  // The whole folder steps aside: a write-ahead log left beside the database would be read as part of it.
  const data = join(folder, 'data', 'temporal');
  const kept = join(folder, 'kept');
  renameSync(data, kept);
  mkdirSync(data);
  writeFileSync(join(data, 'temporal.db'), 'not a database');
  const ended = await stack(['up']);
  rmSync(data, { recursive: true });
  renameSync(kept, data);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(
    /temporal is not up: it ended\. The end of .*temporal\.log:\n[^]*file is not a database/
  );
});

test('a server of the user is neither started nor shown with its password', async () => {
  const own = { MONGODB_URI: 'mongodb://ana:secret@db.example/x' };
  await succeed('down');
  expect((await stack(['up'], own)).stderr).toContain('mongodb://***@db.example/x  (yours: MONGODB_URI is set)');
  expect((await status()).map((row) => row.state)).toEqual(['up', 'down', 'up']);
  expect((await status(own)).map((row) => row.state)).toEqual(['up', 'yours', 'up']);
  expect(readFileSync(join(folder, 'env'), 'utf8')).not.toContain('MONGODB_URI');
});

test.each([
  [['lift'], {}, 'usage:'],
  [['wipe'], {}, 'say wipe --yes'],
  [['up'], { MLOPS_S3_PORT: '90000' }, 'MLOPS_S3_PORT=90000 is not a port'],
])('%j with %j is used wrongly: exit code 2, and says so', async (args, extra, words) => {
  const ended = await stack(args, extra as Record<string, string>);
  expect({ code: ended.code, says: ended.stderr.includes(words) }).toEqual({ code: 2, says: true });
});
