import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Pool } from 'undici';
import { countStored } from '../../src/stores/predictions';
import { flightRequest, flightsVersion } from '../serve/flights-model';
import { FAST, openTestEndpoint, ROLLOUT, type TestEndpoint, until } from './test-endpoint';
import { raw } from '../support/raw-records';

const ONE = flightsVersion(1);
let endpoint: TestEndpoint;
const children: ChildProcess[] = [];
beforeEach(async () => {
  endpoint = await openTestEndpoint();
  await endpoint.putModel(ONE);
  await endpoint.publish({ revision: 1, champion: ONE.version });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await endpoint.close();
});

async function startProcess(folder: string, timing: object) {
  const options = { endpoint: endpoint.name, replica: 'r1', folder, stores: endpoint.config, release: '0', timing };
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'replica-process.ts')], {
    env: { ...process.env, REPLICA_OPTIONS: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pool = new Pool(line.toString().trim(), { connections: 32 });
  await until(
    'it is ready',
    async () => (await pool.request({ method: 'GET', path: '/v2/health/ready' })).statusCode === 200
  );
  const end = async (signal: NodeJS.Signals) => {
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = await exited;
    await pool.destroy();
    return code;
  };
  return { pool, end };
}

/** Sends until it fails; the ids that were answered. */
async function sendUntilItEnds(pool: Pool, name: string, answered: Set<string>): Promise<void> {
  let next = 0;
  const one = async () => {
    for (;;) {
      const body = JSON.stringify(flightRequest({ id: `${name}-${next++}`, eventTime: '2001-02-03T04:05:06Z' }));
      const headers = { 'content-type': 'application/json' };
      const path = `/v2/models/${endpoint.name}/infer`;
      const answer = await pool.request({ method: 'POST', path, headers, body });
      const { id } = (await answer.body.json()) as { id: string };
      if (answer.statusCode === 200) answered.add(id);
    }
  };
  await Promise.allSettled(Array.from({ length: 32 }, one));
}

test('kill -9 under load: no acknowledged prediction is without its record, and none is stored twice', async () => {
  const folder = await endpoint.newFolder();
  const answered = new Set<string>();
  // While it ships; with nothing shipped; and in between.
  for (const [life, shipMs] of [10, 60_000, 100].entries()) {
    const { pool, end } = await startProcess(folder, { ...FAST, shipMs });
    const before = answered.size;
    const sending = sendUntilItEnds(pool, `life${life}`, answered);
    await until('600 answers', () => answered.size >= before + 600);
    await end('SIGKILL');
    await sending;
  }
  await endpoint.start({ folder });
  const stored = async () => (await countStored(endpoint.stores, endpoint.name)).predictions;
  await until('all are stored', async () => (await stored()) >= answered.size);
  const records = raw(endpoint.stores).db.collection<{ _id: string }>(`predictions.${endpoint.name}`);
  const ids = new Set((await records.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id));
  expect([...answered].filter((id) => !ids.has(id))).toEqual([]);
  expect(ids.size).toBe(await stored());
});

test('kill -9 does not erase what a step has answered and failed; another step begins anew', async () => {
  const folder = await endpoint.newFolder();
  const { pool, end } = await startProcess(folder, FAST);
  const answered = new Set<string>();
  const sending = sendUntilItEnds(pool, 'counted', answered);
  const counted = async () => (await endpoint.report('r1'))?.counts['1']?.requests ?? 0;
  await until('300 are counted', async () => (await counted()) >= 300);
  await end('SIGKILL');
  await sending;
  const before = await counted();
  const { startedAt } = (await endpoint.report('r1'))!;
  await endpoint.start({ folder, replica: 'r1' });
  const again = async () => {
    const report = await endpoint.report('r1');
    return report !== null && report.startedAt > startedAt ? report : undefined;
  };
  await until('it reports again', async () => (await again()) !== undefined);
  expect(await counted()).toBeGreaterThanOrEqual(before);
  // The start of a step's clock is a revision of its own; what the step answered before counts.
  await endpoint.publish({ revision: 2, champion: ONE.version });
  await until('it serves the next revision', async () => (await again())?.revision === 2);
  expect(await counted()).toBeGreaterThanOrEqual(before);
  await endpoint.publish({ revision: 3, champion: ONE.version, rollout: { ...ROLLOUT, step: 2 } });
  await until('it serves the next step', async () => (await again())?.revision === 3);
  expect(await counted()).toBe(0);
});

test('SIGTERM under load: what is in flight is answered, and everything is shipped before the end', async () => {
  const answered = new Set<string>();
  const { pool, end } = await startProcess(await endpoint.newFolder(), { ...FAST, shipMs: 60_000 });
  const sending = sendUntilItEnds(pool, 'drain', answered);
  await until('300 answers', () => answered.size >= 300);
  expect(await end('SIGTERM')).toBe(0);
  await sending;
  expect((await countStored(endpoint.stores, endpoint.name)).predictions).toBe(answered.size);
});
