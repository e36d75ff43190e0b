/** A compute child of light jobs, after nearly a thousand of them: its numbers are those of a fresh one, and then it is ended. */
import { defaultLimits } from '../../src/activities/limits';
import { type ComputePool, computePool } from '../../src/worker/compute/pool';
import { type TestFolder, testFolder } from '../engines/tables/files';
import { computeChildren } from '../support/compute-processes';
import { eventually } from '../support/eventually';
import { judged } from '../support/light-jobs';

let tested: TestFolder;
let pool: ComputePool;

beforeAll(() => {
  tested = testFolder();
  pool = computePool(defaultLimits());
  pool.open();
});
afterAll(() => {
  pool.close();
  tested.remove();
});

test('the thousandth job has the numbers of the first', async () => {
  const numbers = (number: number) => judged(pool, { folder: tested.path, number });
  const fresh = await numbers(1);
  const before = await eventually('two children', () =>
    computeChildren().length === 2 ? computeChildren() : undefined
  );
  for (let number = 2; number < 1000; number += 1) await numbers(number);
  expect(computeChildren()).toEqual(before);
  expect(await numbers(1)).toEqual(fresh);
  // That was its last one.
  await eventually('it to end', () => (before.every((pid) => computeChildren().includes(pid)) ? undefined : true));
});
