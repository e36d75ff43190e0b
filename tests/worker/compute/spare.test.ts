/** The compute child that is started ahead: for one job, with the bits of any other, and gone with its worker. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLimits } from '../../../src/activities/limits';
import type { LabelInput, LabelOutput } from '../../../src/engines/tables/label';
import { type ComputePool, computePool } from '../../../src/worker/compute/pool';
import { ingestOrders, TYPES, type TestFolder, testFolder, writeOrders } from '../../engines/tables/files';
import { eventually } from '../../support/eventually';

let folder: TestFolder;
let shards: string[];
const pools: ComputePool[] = [];

beforeAll(async () => {
  folder = testFolder();
  await writeOrders(join(folder.path, 'orders.parquet'));
  shards = (await ingestOrders(folder.path)).shards.map(({ file }) => join(folder.path, file));
});
afterAll(() => {
  for (const pool of pools) pool.close();
  folder.remove();
});

/** Those of suites that ran in this process before are not this one's. */
const earlier = new Set(computeChildren());

const children = (): number[] => computeChildren().filter((pid) => !earlier.has(pid));

/** Compute children of this process. */
function computeChildren(): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return Number(parent) === process.pid && command.includes('compute/child.js');
    } catch {
      return false;
    }
  });
}

const some = (count: number) =>
  eventually(`${count} children`, () => (children().length === count ? children() : undefined), 10_000);

function labelled(pool: ComputePool, name: string): Promise<LabelOutput> {
  const attempt = join(folder.path, name);
  mkdirSync(attempt);
  const input: LabelInput = { shards, rule: { column: 'amount', op: '>', value: 500 }, columns: TYPES };
  return pool.runJob('label', input, { folder: attempt, signal: new AbortController().signal });
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

test('one that was killed while it waited costs an attempt at most: the next one has a new child', async () => {
  const pool = opened();
  pool.open();
  const [ready] = await some(1);
  process.kill(ready!, 'SIGKILL');
  await some(0);
  // Its end may not have been noticed yet; then the attempt fails, and Temporal makes another.
  const made = await labelled(pool, 'killed').catch(() => labelled(pool, 'again'));
  expect(made.shards).toHaveLength(shards.length);
  pool.close();
});
