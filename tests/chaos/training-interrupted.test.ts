/**
 * A training that loses its compute process, then its worker by a release, is paused over, and ends with the bits of an
 * undisturbed one; another one is stopped in its middle.
 */
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import { eventually } from '../support/eventually';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

jest.setTimeout(100_000);

let system: TestSystem;
let lifecycles: Lifecycles;
let definition: ProjectDefinition;
let project: string;
let undisturbed: string;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  system = await openSystem('interrupted');
  const file = await writeSmallFlights(system.folder);
  project = system.name.slice(0, 40);
  definition = smallProject(project, file, {
    // Longer than the ten seconds that a worker has to end in.
    model: { network: { hidden: [64, 64], batch: 8, learningRate: 0.001, epochs: 600, maxRowsSeen: 3e6, seed: 4 } },
  });
  lifecycles = new Lifecycles(system, file);
  const other = await openSystem('uninterrupted');
  const others = new Lifecycles(other, file);
  try {
    await other.startWorker();
    const reference = { ...others.define(), model: definition.model };
    await others.start(reference);
    undisturbed = (await others.request(reference.name, 1, 60_000)).model;
    await others.end();
  } finally {
    await other.close();
  }
});
afterAll(async () => {
  for (const worker of workers) await worker.kill();
  await lifecycles
    .handle(lifecycleId(project))
    .terminate()
    .catch(() => undefined);
  await system.close();
});

async function work(): Promise<WorkerProcess> {
  const worker = spawnWorker(system);
  workers.push(worker);
  await worker.ready;
  return worker;
}

/** Compute processes of this system's workers, by the folder that they work in. */
async function computing(): Promise<number[]> {
  const attempts = join(system.folder, 'work', 'attempts');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, n) => folders[n]?.startsWith(attempts)).map(Number);
}

const nobodyComputes = () =>
  eventually('no compute process is left', async () => ((await computing()).length === 0 ? true : undefined));

/** The newest checkpoint's step, once it is later than `after`. */
const trainedBeyond = (after: number) =>
  eventually(
    `a checkpoint after step ${after}`,
    async () => {
      const [newest] = await system.stores.db
        .collection<{ _id: string; step: number }>('checkpoints')
        .find()
        .sort({ step: -1 })
        .limit(1)
        .toArray();
      return newest !== undefined && newest.step > after ? newest.step : undefined;
    },
    30_000
  );

const training = async (cycle: number) => {
  const { raw } = await lifecycles.handle(phaseId(project, cycle, 'train')).describe();
  return raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'mlopsTrain');
};

test('a compute process that is killed costs one attempt, and not the worker', async () => {
  const worker = await work();
  await lifecycles.start(definition, FEBRUARY);
  await trainedBeyond(0);
  const [first] = await computing();
  process.kill(first as number, 'SIGKILL');
  const again = await eventually('the next attempt', async () => {
    const attempt = await training(1);
    const [now] = await computing();
    return (attempt?.attempt ?? 0) > 1 && now !== undefined && now !== first ? attempt : undefined;
  });
  expect(again.lastFailure).toMatchObject({
    message: expect.stringContaining('SIGKILL') as unknown,
    applicationFailureInfo: { type: 'MLOPS_COMPUTE_CRASHED', nonRetryable: false },
  });
  expect(await Promise.race([worker.ended, Promise.resolve('alive')])).toBe('alive');
});

test('a worker that is told to end in the middle of an epoch ends in time, and takes its compute along', async () => {
  await trainedBeyond(await trainedBeyond(0));
  expect(await computing()).toHaveLength(1);
  const [worker] = workers;
  await worker?.stop();
  expect(await worker?.ended).toBe(0);
  await nobodyComputes();
  expect(await system.stores.facts.collection('run').countDocuments()).toBe(0);
});

test('paused in mid-training, the training goes on to its end, with the bits of an undisturbed one; the next phase waits', async () => {
  await work();
  expect(await system.client.pause(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await training(1)).toBeDefined();
  await eventually(
    'it waits at the boundary',
    async () => ((await system.client.status(project)).waitingFor.includes('operator') ? true : undefined),
    60_000
  );
  expect((await lifecycles.seen(lifecycleId(project))).details).toContain('**Paused** before evaluate');
  expect(await system.stores.facts.collection('evaluation').countDocuments()).toBe(0);
  const [run, ...more] = await system.stores.facts.collection('run').find().toArray();
  expect(more).toEqual([]);
  expect(run?.body.model).toBe(undisturbed);
});

test('stopped while it is paused, it ends', async () => {
  expect(await system.client.stop(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.handle(lifecycleId(project)).result()).toEqual({ ended: 'stopped by dan' });
  expect(await lifecycles.cycle(project, 1, 'finished')).toMatchObject({ outcome: 'stopped' });
});

test('stopped in mid-training, the compute process ends, and nothing of the training is recorded', async () => {
  await lifecycles.start(definition, MARCH);
  await eventually(
    'its training',
    async () => ((await training(2).catch(() => undefined)) === undefined ? undefined : true),
    30_000
  );
  await eventually('its process', async () => ((await computing()).length === 1 ? true : undefined), 30_000);
  await system.client.stop(project, by('dan'));
  expect(await lifecycles.handle(lifecycleId(project)).result()).toEqual({ ended: 'stopped by dan' });
  await nobodyComputes();
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'stopped' });
  expect(await system.stores.facts.collection('run').countDocuments()).toBe(1);
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});
