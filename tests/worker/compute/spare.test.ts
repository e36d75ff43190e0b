/** The compute child that is started ahead: for one job, with the bits of any other, and gone with its worker. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { JobCost } from '../../../src/domain/job';
import { defaultLimits } from '../../../src/activities/limits';
import type { DataShard } from '../../../src/engines/tables/live-rows';
import type { LabelInput, LabelOutput } from '../../../src/engines/tables/label';
import { builtFile } from '../../../src/runtime/package-root';
import { temporalConfig } from '../../../src/runtime/temporal-config';
import { storeConfig } from '../../../src/stores/config';
import { type ComputePool, computePool } from '../../../src/worker/compute/pool';
import { MlopsPlugin } from '../../../src/worker/plugin';
import { ingestOrders, TYPES, type TestFolder, testFolder, writeOrders } from '../../engines/tables/files';
import { computeChildren } from '../../support/compute-processes';
import { eventually } from '../../support/eventually';
import { quiet } from '../../support/quiet';
import { openSystem } from '../../support/system';

let folder: TestFolder;
let shards: readonly DataShard[];
const pools: ComputePool[] = [];

beforeAll(async () => {
  folder = testFolder();
  await writeOrders(join(folder.path, 'orders.parquet'));
  shards = (await ingestOrders(folder.path)).data;
});
afterAll(() => {
  for (const pool of pools) pool.close();
  folder.remove();
});

/** Those of suites that ran in this process before are not this one's. */
const earlier = new Set(computeChildren());

const children = (): number[] => computeChildren().filter((pid) => !earlier.has(pid));

const some = (count: number) =>
  eventually(`${count} children`, () => (children().length === count ? children() : undefined));

function labelled(pool: ComputePool, name: string, onCost?: (cost: JobCost) => void): Promise<LabelOutput> {
  const attempt = join(folder.path, name);
  mkdirSync(attempt);
  const input: LabelInput = { shards, labeler: { rule: { column: 'amount', op: '>', value: 500 } }, columns: TYPES };
  return pool.runJob('label', input, {
    folder: attempt,
    signal: new AbortController().signal,
    ...(onCost === undefined ? {} : { onCost }),
  });
}

function opened(): ComputePool {
  const pool = computePool(defaultLimits());
  pools.push(pool);
  return pool;
}

test('one is ready before the first job; each takes one job, and the next one is started after it', async () => {
  const pool = opened();
  expect(children()).toEqual([]);
  pool.open();
  const [ready] = await some(1);
  await labelled(pool, 'first');
  const [next] = await eventually('the next one', () => {
    const found = children();
    return found.length === 1 && found[0] !== ready ? found : undefined;
  });
  expect(next).not.toBe(ready);
  pool.close();
  await some(0);
});

test('its bits are those of a child that was started for the job', async () => {
  const ahead = opened();
  ahead.open();
  await some(1);
  const fresh = opened();
  expect(await labelled(ahead, 'ahead')).toEqual(await labelled(fresh, 'fresh'));
  ahead.close();
  await some(0);
});

test('one that was killed while it waited costs no attempt: the job has a new child', async () => {
  const pool = opened();
  pool.open();
  const [ready] = await some(1);
  process.kill(ready!, 'SIGKILL');
  // At once: this process has not noticed its end.
  expect((await labelled(pool, 'killed')).shards).toHaveLength(shards.length);
  pool.close();
  await some(0);
});

test('a pool that is closed ends its children, at work or ready, and starts no more', async () => {
  const pool = opened();
  pool.open();
  const working = labelled(pool, 'cut-off');
  pool.close();
  await expect(working).rejects.toThrow(/MLOPS_COMPUTE_CRASHED/);
  await expect(labelled(pool, 'late')).rejects.toThrow(/MLOPS_COMPUTE_CRASHED.*its worker has ended/);
  await some(0);
});

test('no child outlives a worker that can’t start', async () => {
  quiet();
  const system = await openSystem('no-start');
  const { connectionOptions, namespace = 'default' } = temporalConfig(system.env);
  const connection = await NativeConnection.connect(connectionOptions);
  const stores = storeConfig(system.env);
  // The compute worker is made after the pool has opened, and there can't be one without slots.
  const plugin = new MlopsPlugin({ stores, computeSlots: -1, workFolder: join(system.folder, 'work') });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: system.taskQueue,
    workflowBundle: { codePath: builtFile('build', 'workflow-bundle.js') },
    plugins: [plugin],
  });
  await expect(worker.run()).rejects.toThrow(/at least 1/);
  await some(0);
  await connection.close();
  // A worker that never ran is not taken off the native runtime, which would keep this process from ending.
  await Runtime.instance().shutdown();
  await system.close();
});

test('a job says what it cost: time on the processor, and memory', async () => {
  const pool = computePool(defaultLimits());
  pools.push(pool);
  const costs: JobCost[] = [];
  await labelled(pool, 'costing', (cost) => costs.push(cost));
  expect(costs).toEqual([{ cpuSeconds: expect.any(Number), peakBytes: expect.any(Number) }]);
  expect(costs[0]!.cpuSeconds).toBeGreaterThan(0.01);
  expect(costs[0]!.peakBytes).toBeGreaterThan(20 * 2 ** 20);
});
