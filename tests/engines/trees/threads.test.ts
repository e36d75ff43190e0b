import { availableParallelism } from 'node:os';
import { kernelOn, memoryOf } from '../../../src/engines/trees/kernel';
import { layoutOf } from '../../../src/engines/trees/layout';
import { workOn, writeTasks, writeUnits } from '../../../src/engines/trees/level';
import { Threads, threadsFor } from '../../../src/engines/trees/threads';

const REQUEST = { rows: 1000, counts: [10, 10, 10, 10], parts: 3, depth: 3 };

/** A level of one node. */
async function answered(bytes: number, from: number): Promise<void> {
  const layout = layoutOf(REQUEST);
  const memory = memoryOf(bytes);
  const kernel = kernelOn(memory);
  const threads = Threads.start(memory, layout, REQUEST);
  try {
    writeUnits(memory.buffer, layout, { gUnit: 1, hUnit: 1, l2: 1, least: 1 });
    writeTasks(memory.buffer, layout, [{ from, to: from + 10, slot: 0, sibling: -1, g: 0, h: 10 }]);
    const own = () => (from === 0 ? workOn(kernel, memory.buffer, layout, layout.parts[0]!, 1) : undefined);
    await threads.answer(1, own);
  } finally {
    await threads.close();
  }
}

test('each part is answered', async () => {
  await expect(answered(layoutOf(REQUEST).bytes, 0)).resolves.toBeUndefined();
});

test('a thread that dies fails the level at once, by a code', async () => {
  const began = performance.now();
  // Their rows are beyond the memory: the kernel traps.
  await expect(answered(layoutOf(REQUEST).bytes, 1e8)).rejects.toThrow(
    /^MLOPS_COMPUTE_CRASHED: A thread of the trees ended before its work: memory access out of bounds/
  );
  expect(performance.now() - began).toBeLessThan(60_000);
});

test('there are as many as the data is worth and the process may have', () => {
  const before = process.env.MLOPS_THREADS;
  try {
    expect(threadsFor(1000, 10)).toBe(1);
    delete process.env.MLOPS_THREADS;
    expect(threadsFor(1e7, 100)).toBe(Math.min(8, availableParallelism()));
    process.env.MLOPS_THREADS = '5';
    expect(threadsFor(1e7, 100)).toBe(5);
    expect(threadsFor(1e7, 4)).toBe(4);
    process.env.MLOPS_THREADS = '64';
    expect(threadsFor(1e7, 100)).toBe(8);
  } finally {
    if (before === undefined) delete process.env.MLOPS_THREADS;
    else process.env.MLOPS_THREADS = before;
  }
});
