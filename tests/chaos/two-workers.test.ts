/** Two workers on one queue: whoever loses its worker goes on at the other, and nothing is made twice. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import flights from '../../examples/flights/project';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import { computeProcesses } from '../support/compute-processes';
import { eventually } from '../support/eventually';
import { FEBRUARY, Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { raw } from '../support/raw-records';
import { PLAIN_NETWORK } from '../support/plain-network';

/** temporal.api.enums.v1.TimeoutType */
const TIMEOUT_TYPE_HEARTBEAT = 4;

let system: TestSystem;
let lifecycles: Lifecycles;
let workers: WorkerProcess[];
let project: string;

beforeAll(async () => {
  system = await openSystem('two');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  workers = [spawnWorker(system), spawnWorker(system)];
  await Promise.all(workers.map((worker) => worker.ready));
});
afterAll(async () => {
  for (const worker of workers) await worker.kill();
  await lifecycles
    .handle(lifecycleId(project))
    .terminate()
    .catch(() => undefined);
  await system.close();
});

test('the worker that trains is killed: within seconds the other one is at it, and finishes, once', async () => {
  project = await lifecycles.start(
    lifecycles.define({
      heartbeatWithin: flights.heartbeatWithin,
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
    }),
    FEBRUARY
  );
  await eventually('a checkpoint', async () =>
    (await raw(system.stores).db.collection('checkpoints').countDocuments()) > 0 ? true : undefined
  );
  const [training] = await computeProcesses(join(system.folder, 'work'));
  const killed = workers.find(({ pid }) => pid === training?.parent);
  const other = workers.find((worker) => worker !== killed);
  await killed?.kill();
  const failure = await eventually('the second attempt', async () => {
    const { raw } = await lifecycles.handle(phaseId(project, 1, 'train')).describe();
    const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'mlopsTrain');
    return (pending?.attempt ?? 0) >= 2 && pending?.lastWorkerIdentity?.startsWith(`${other?.pid}@`) === true
      ? (pending.lastFailure ?? undefined)
      : undefined;
  });
  // Temporal gave the first one up for its silence, which may last 4 s.
  expect(failure.timeoutFailureInfo?.timeoutType).toBe(TIMEOUT_TYPE_HEARTBEAT);
  const { events } = await lifecycles.handle(phaseId(project, 1, 'train')).fetchHistory();
  const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: each }) =>
    each?.activityType?.name === 'mlopsTrain' ? [each] : []
  );
  expect(scheduled.map(({ heartbeatTimeout }) => Number(heartbeatTimeout?.seconds))).toEqual([4]);
  // However many are lost in a row, the next begins half a second after the silence.
  expect(scheduled.map(({ retryPolicy }) => optionalTsToMs(retryPolicy?.maximumInterval))).toEqual([500]);
  expect(await lifecycles.request(project, 1)).toMatchObject({ state: 'open' });

  const { stores } = system;
  const runs = await raw(stores).facts('run').find().toArray();
  expect(runs.map(({ made }) => made.by)).toEqual([`${other?.pid}@${hostname()}`]);
  for (const kind of ['snapshot', 'labelSet', 'featureSet', 'version', 'evaluation'] as const)
    expect([kind, await raw(stores).facts(kind).countDocuments()]).toEqual([kind, 1]);
  expect(await stores.audit.firstBroken(project)).toBeUndefined();
  expect((await computeProcesses(join(system.folder, 'work'))).filter(({ parent }) => parent !== other?.pid)).toEqual(
    []
  );
});
