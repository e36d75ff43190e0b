/** Children of light jobs: one job after the other in a warm child, and never one in a child that failed, was cancelled or is too old. */
import { type ComputePool, computePool } from '../../../src/worker/compute/pool';
import { LIGHT_SLOTS } from '../../../src/worker/compute/warm';
import { defaultLimits } from '../../../src/activities/limits';
import { type TestFolder, testFolder } from '../../engines/tables/files';
import { computeChildren } from '../../support/compute-processes';
import { eventually } from '../../support/eventually';
import { judged } from '../../support/light-jobs';

let folder: string;
let tested: TestFolder;
let pool: ComputePool;
const earlier = new Set(computeChildren());

beforeAll(() => {
  tested = testFolder();
  folder = tested.path;
});
afterAll(() => tested.remove());
beforeEach(() => {
  pool = computePool(defaultLimits());
  pool.open();
});
afterEach(async () => {
  pool.close();
  await eventually('no child', () => (children().length === 0 ? true : undefined));
});

const children = (): number[] => computeChildren().filter((pid) => !earlier.has(pid));
const numbers = (number: number) => judged(pool, { folder, number });

/** Those that there are once one more than the warm ones is ready: the spare. */
const settled = (count: number) =>
  eventually(`${count} children`, () => (children().length === count ? children() : undefined));

test('a light job leaves its child warm for the next one, whose numbers are those of a fresh child', async () => {
  const fresh = await numbers(1);
  const [one, two] = (await settled(2)) as [number, number];
  for (let number = 2; number < 20; number += 1) await numbers(number);
  expect(await numbers(1)).toEqual(fresh);
  expect(children()).toEqual([one, two]);
});

test('jobs at once have a child each, and no more wait than may run at once', async () => {
  const all = await Promise.all(Array.from({ length: LIGHT_SLOTS + 2 }, (_, number) => numbers(number)));
  expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(all.length);
  await settled(LIGHT_SLOTS + 1);
});

test('a child whose job failed is discarded', async () => {
  await numbers(1);
  const before = await settled(2);
  const failing = judged(pool, { folder, number: 1, changes: { rows: '/nowhere.jsonl' } });
  await expect(failing).rejects.toThrow(/nowhere/);
  await eventually('the child to end', () => (before.some((pid) => !children().includes(pid)) ? true : undefined));
  expect(await numbers(1)).toEqual(await numbers(1));
});

test('a child whose job was cancelled is discarded, and the next one has another', async () => {
  await numbers(1);
  const before = await settled(2);
  const cancelled = new AbortController();
  const running = judged(pool, { folder, number: 2, signal: cancelled.signal });
  cancelled.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  await eventually('the child to end', () => (before.some((pid) => !children().includes(pid)) ? true : undefined));
  expect(await numbers(1)).toMatchObject({ rows: 121 });
});

test('a warm child that was killed while it waited costs no attempt', async () => {
  const fresh = await numbers(1);
  for (const pid of await settled(2)) process.kill(pid, 'SIGKILL');
  expect(await numbers(1)).toEqual(fresh);
});

test('a child is not as large as the worker that started it: it is kept, and its job cost its own memory', async () => {
  const large = Buffer.alloc(700 * 2 ** 20, 1);
  pool.close();
  const peaks: number[] = [];
  pool = computePool(defaultLimits());
  pool.open();
  await judged(pool, { folder, number: 1, onCost: ({ peakBytes }) => peaks.push(peakBytes) });
  await settled(2);
  expect(large.at(-1)).toBe(1);
  expect(peaks[0]).toBeGreaterThan(32 * 2 ** 20);
  expect(peaks[0]).toBeLessThan(512 * 2 ** 20);
});

test('what a job cost is its own, and not that of those before it', async () => {
  const cost = async (number: number): Promise<number> => {
    const costs: number[] = [];
    await judged(pool, { folder, number, onCost: ({ cpuSeconds }) => costs.push(cpuSeconds) });
    return costs[0]!;
  };
  const first = await cost(1);
  const later: number[] = [];
  for (let number = 2; number < 12; number += 1) later.push(await cost(number));
  // The first has the start of the process in it; were they sums, the last would be the largest.
  expect(later.at(-1)).toBeLessThan(first);
});
