/** Checkpoints on the real stores: one for each step, none that fails a training, none left once the step is committed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { checkpointSaver, forgetCheckpoint, newestCheckpoint } from '../../../src/activities/step/checkpoints';
import type { Digest } from '../../../src/domain/refs';
import { findCheckpoint, saveCheckpoint } from '../../../src/stores/checkpoints';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

let system: OwnStores;
let folder: string;

beforeAll(async () => {
  system = await openOwnStores('checkpoints');
  folder = join(system.folder, 'attempt');
  mkdirSync(folder);
});
afterAll(() => system.close());

const keyOf = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const saver = (key: Digest, maxBytes = 100) =>
  checkpointSaver(system.stores, { key, folder, hardware: 'this', maxBytes });
const inActivity = <T>(work: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(work) as Promise<T>;
const stored = () => raw(system.stores).db.collection('artifacts').countDocuments();

function written(step: number, text = `weights of step ${step}`): string {
  writeFileSync(join(folder, `checkpoint-${step}`), text);
  return `checkpoint-${step}`;
}

test('of many the newest is kept, in the store and on the disk, and none once the step is committed', async () => {
  const key = keyOf('a');
  await inActivity(async () => {
    const checkpoints = saver(key);
    for (let step = 1; step <= 9; step += 1) checkpoints.save(written(step), step);
    await checkpoints.settled();
    checkpoints.save(written(10), 10);
    await checkpoints.settled();
    const newest = await newestCheckpoint(system.deps, system.stores, key);
    expect(readFileSync(newest!, 'utf8')).toBe('weights of step 10');
    expect(await stored()).toBe(1);
    for (let step = 1; step <= 10; step += 1) expect(existsSync(join(folder, `checkpoint-${step}`))).toBe(false);
    const { digest } = (await findCheckpoint(system.stores, key))!.artifact;
    await forgetCheckpoint(system.stores, key);
    expect(await findCheckpoint(system.stores, key)).toBeNull();
    expect(await system.stores.artifacts.hasObject(digest)).toBe(false);
    expect(await stored()).toBe(0);
  });
});

test('what a worker that was killed between two of its steps left is removed with the step', async () => {
  const key = keyOf('d');
  await inActivity(async () => {
    const first = saver(key);
    first.save(written(1), 1);
    await first.settled();
    const { digest } = (await findCheckpoint(system.stores, key))!.artifact;
    const path = join(folder, written(2));
    const artifact = await system.stores.artifacts.put({ name: 'checkpoint-2', path, mediaType: 'text/plain' });
    // Here it dies: recorded, and the one before not yet removed.
    await saveCheckpoint(system.stores, { _id: key, v: 1, step: 2, artifact, hardware: 'this', replaces: [digest] });
    await forgetCheckpoint(system.stores, key);
    expect(await stored()).toBe(0);
  });
});

test('an attempt that lags behind, or writes the same bytes, takes nothing from the newest', async () => {
  const key = keyOf('b');
  await inActivity(async () => {
    const [ahead, behind] = [saver(key), saver(key)];
    ahead.save(written(7), 7);
    await ahead.settled();
    behind.save(written(3), 3);
    await behind.settled();
    behind.save(written(7), 7);
    await behind.settled();
    expect(await findCheckpoint(system.stores, key)).toMatchObject({ step: 7 });
    expect(readFileSync((await newestCheckpoint(system.deps, system.stores, key))!, 'utf8')).toBe('weights of step 7');
    expect(await stored()).toBe(1);
    await forgetCheckpoint(system.stores, key);
  });
});

test('one that can’t be saved, or is too large, costs nothing but itself', async () => {
  const key = keyOf('c');
  await inActivity(async () => {
    const checkpoints = saver(key, 20);
    checkpoints.save('never-written', 1);
    await checkpoints.settled();
    checkpoints.save(written(2, 'x'.repeat(21)), 2);
    await checkpoints.settled();
    expect(await findCheckpoint(system.stores, key)).toBeNull();
    checkpoints.save(written(3), 3);
    await checkpoints.settled();
    expect(await findCheckpoint(system.stores, key)).toMatchObject({ step: 3 });
  });
});
