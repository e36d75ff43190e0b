/**
 * A training that loses its compute process, then its worker by a release, is paused over, and ends with the bits of an
 * undisturbed one; another one is stopped in its middle.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client as MinioClient } from 'minio';
import { decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import type { ArtifactRef } from '../../src/domain/refs';
import { objectKey } from '../../src/stores/artifacts';
import { storeConfig } from '../../src/stores/config';
import { computeProcesses } from '../support/compute-processes';
import { eventually } from '../support/eventually';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { raw } from '../support/raw-records';
import { PLAIN_NETWORK } from '../support/plain-network';

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
    // No worker is killed: what a slow one is silent for counts as nothing.
    heartbeatWithin: { wall: '20 seconds' },
    // Long enough to be met in its middle; there its process is stopped, so that the middle lasts.
    model: {
      network: {
        ...PLAIN_NETWORK,
        hidden: [64, 64],
        batch: 8,
        learningRate: 0.001,
        epochs: 150,
        maxRowsSeen: 1e6,
        seed: 4,
      },
    },
  });
  lifecycles = new Lifecycles(system, file);
  const other = await openSystem('uninterrupted');
  const others = new Lifecycles(other, file);
  try {
    await other.startWorker({ dataFolder: system.folder });
    const reference = { ...others.define(), model: definition.model };
    await others.start(reference);
    undisturbed = decidedDigest((await others.request(reference.name, 1)).subject);
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

const computing = async () => (await computeProcesses(join(system.folder, 'work'))).map(({ pid }) => pid);
const nobodyComputes = () =>
  eventually('no compute process is left', async () => ((await computing()).length === 0 ? true : undefined));

/** Stops a compute process other than `former`, as soon as there is one, in a training that has a checkpoint after step `after`. */
async function halted({ former, after = -1 }: { former?: number; after?: number } = {}): Promise<number> {
  await eventually(`a checkpoint after step ${after}`, async () => {
    const checkpoints = raw(system.stores).db.collection<{ _id: string; step: number }>('checkpoints');
    return (await checkpoints.countDocuments({ step: { $gt: after } })) > 0 ? true : undefined;
  });
  const found = await eventually('a compute process', async () => (await computing()).find((now) => now !== former));
  process.kill(found, 'SIGSTOP');
  return found;
}

const training = async (cycle: number) => {
  const { raw } = await lifecycles.handle(phaseId(project, cycle, 'train')).describe();
  return raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'mlopsTrain');
};

let pid: number;

test('a compute process that is killed costs one attempt, and not the worker', async () => {
  const worker = await work();
  await lifecycles.start(definition, FEBRUARY);
  const first = await halted({ after: 0 });
  process.kill(first, 'SIGKILL');
  pid = await halted({ former: first });
  const again = await training(1);
  expect(again?.attempt).toBe(2);
  expect(again?.lastFailure).toMatchObject({
    message: expect.stringContaining('SIGKILL') as unknown,
    applicationFailureInfo: { type: 'MLOPS_COMPUTE_CRASHED', nonRetryable: false },
  });
  expect(await Promise.race([worker.ended, Promise.resolve('alive')])).toBe('alive');
});

test('a worker that is told to end while a process hangs ends in time, and takes the process along', async () => {
  const [worker] = workers;
  await worker?.stop();
  expect(await worker?.ended).toBe(0);
  await nobodyComputes();
  expect(await raw(system.stores).facts('run').countDocuments()).toBe(0);
});

test('its checkpoint lost, and paused in its middle, training goes on to its end, with the bits of an undisturbed one', async () => {
  await loseCheckpoint();
  await work();
  pid = await halted();
  expect(await system.client.pause(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await training(1)).toBeDefined();
  process.kill(pid, 'SIGCONT');
  await eventually('it waits at the boundary', async () =>
    (await system.client.status(project)).waitingFor.includes('operator') ? true : undefined
  );
  expect((await lifecycles.seen(lifecycleId(project))).details).toContain('**Paused** before evaluate');
  expect(await raw(system.stores).facts('evaluation').countDocuments()).toBe(0);
  const [run, ...more] = await raw(system.stores).facts('run').find().toArray();
  expect(more).toEqual([]);
  expect(run?.body.model).toBe(undisturbed);
  expect(await raw(system.stores).db.collection('checkpoints').countDocuments()).toBe(0);
});

/** From the object store and from the worker's disk. */
async function loseCheckpoint(): Promise<void> {
  const [newest] = await raw(system.stores)
    .db.collection<{ _id: string; step: number; artifact: ArtifactRef }>('checkpoints')
    .find()
    .sort({ step: -1 })
    .toArray();
  const { digest } = newest!.artifact;
  const { s3 } = storeConfig(system.env);
  const url = new URL(s3.endpoint);
  const { accessKey, secretKey, region } = s3;
  const client = new MinioClient({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: false,
    accessKey,
    secretKey,
    region,
  });
  await client.removeObject(s3.bucket, objectKey(digest));
  await rm(join(system.folder, 'work', 'cache'), { recursive: true });
}

test('stopped while it is paused, it ends', async () => {
  expect(await system.client.stop(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.handle(lifecycleId(project)).result()).toEqual({ ended: 'stopped by dan' });
  expect(await lifecycles.cycle(project, 1, 'finished')).toMatchObject({ outcome: 'stopped' });
});

test('stopped in mid-training, the compute process ends, and nothing of the training is recorded', async () => {
  await lifecycles.start(definition, MARCH);
  await eventually('its training', async () => training(2).catch(() => undefined));
  await halted();
  await system.client.stop(project, by('dan'));
  expect(await lifecycles.handle(lifecycleId(project)).result()).toEqual({ ended: 'stopped by dan' });
  await nobodyComputes();
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'stopped' });
  expect(await raw(system.stores).facts('run').countDocuments()).toBe(1);
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});
