/** README's own project, from its three files to an answer: what it says to do is done, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { decidedDigest } from '../../src/domain/approval';
import { lifecycleId, monitorId } from '../../src/domain/ids';
import { mlops, mlopsJson } from '../cli/mlops';
import { eventually } from '../support/eventually';
import { writeReadmeFiles } from '../support/readme-files';
import { type ReplicaProcess, spawnReplica } from '../support/replica-process';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const PROJECT = `machines-${randomUUID().slice(0, 8)}`;

let system: TestSystem;
let folder: string;
let worker: ChildProcess;
let replica: ReplicaProcess;

beforeAll(async () => {
  system = await openSystem('readme');
  folder = writeReadmeFiles(system.name, (file, code) => (file === 'worker.ts' ? toTheseServers(code) : code));
  await writeReadings();
  worker = spawn(process.execPath, ['--import', 'tsx', 'worker.ts'], {
    cwd: folder,
    env: { ...process.env, ...system.env },
    stdio: 'ignore',
  });
  await system.client.requireWorker(240_000);
  replica = await spawnReplica(system, PROJECT, join(system.folder, 'replica'));
});

afterAll(async () => {
  const stopped = await system.client.stop(PROJECT, { id: 'end', by: 'you' }).catch(() => undefined);
  for (const id of stopped === undefined ? [] : [lifecycleId(PROJECT), monitorId(PROJECT)])
    await system.client.temporal.workflow
      .getHandle(id)
      .result()
      .catch(() => undefined);
  await replica.kill();
  if (worker.exitCode === null) {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  await system.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Its address and queue are those of a machine of one's own. */
function toTheseServers(code: string): string {
  const ours = code
    .replace("'127.0.0.1:7233'", `'${system.env.TEMPORAL_ADDRESS}'`)
    .replace("taskQueue: 'mlops'", `taskQueue: '${system.taskQueue}'`);
  if (!ours.includes(system.taskQueue)) throw new Error('README’s worker has another queue than mlops');
  return ours;
}

/** A month of machines, 200 readings a day: the hotter, the likelier to fail. */
async function writeReadings(): Promise<void> {
  mkdirSync(join(folder, 'data'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT TIMESTAMP '2026-01-01' + to_milliseconds(i * 432000) AS at, celsius, model,
                  (celsius + hash(i, 2) % 40 > 100)::INTEGER AS failed
           FROM (SELECT i, (20 + hash(i) % 80)::DOUBLE AS celsius, chr((65 + hash(i, 1) % 5)::INTEGER) AS model FROM range(6000) t(i)))
     TO '${join(folder, 'data', 'readings.parquet')}' (FORMAT parquet)`
  );
  connection.closeSync();
  instance.closeSync();
}

const run = (...args: string[]) => mlops(args, system.env);

test('start, serve, decide: the model of its own data answers', async () => {
  const project = join(folder, 'project.ts');
  const started = await run('start', project, '--as-of', '2026-01-31', '--by', 'you', '--name', PROJECT);
  expect(started).toMatchObject({ code: 0, stderr: '' });
  const { subject } = await eventually('the request', async () => {
    const cycle = await raw(system.stores).cycles.findOne({ _id: `${PROJECT}/1` });
    if (cycle?.state === 'failed' || cycle?.state === 'finished') throw new Error(cycle.failure ?? cycle.outcome);
    const request = await raw(system.stores).requests.findOne({ _id: `${PROJECT}/1` });
    return cycle?.state === 'waiting' && request !== null ? request : undefined;
  });
  const decided = await run('decide', `${PROJECT}/1`, '--by', 'ana', '--approve', '--digest', decidedDigest(subject));
  expect(decided).toMatchObject({ code: 0, stderr: '' });
  await eventually('it to be live', async () => {
    const endpoint = await raw(system.stores).endpoints.findOne({ _id: PROJECT });
    return endpoint?.rollout.state === 'finished' ? true : undefined;
  });
  const failing = async (celsius: number) => {
    const inputs = ['--input', `celsius=${celsius}`, '--input', 'model=A', '--url', replica.address];
    const answer = await mlopsJson<{ outputs: { data: number[] }[] }>(['predict', PROJECT, ...inputs], system.env);
    return answer.outputs[0]?.data[0];
  };
  const [cool, hot] = [await failing(30), await failing(95)];
  expect(cool).toBeLessThan(0.2);
  expect(hot).toBeGreaterThan(0.6);
});
