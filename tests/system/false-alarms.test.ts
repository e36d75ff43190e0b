/** A worker that is busy is not taken for dead: with the default heartbeat an event loop may stand still for two seconds. */
import flights from '../../examples/flights/project';
import { phaseId } from '../../src/domain/ids';
import { eventually } from '../support/eventually';
import { FEBRUARY, Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { PLAIN_NETWORK } from '../support/plain-network';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('alarms');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  // In this process: what blocks this thread blocks the worker.
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('a child that computes for long, under a worker that is blocked again and again, is one attempt', async () => {
  const project = await lifecycles.start(
    lifecycles.define({
      heartbeatWithin: flights.heartbeatWithin,
      model: {
        network: {
          ...PLAIN_NETWORK,
          hidden: [64, 64],
          batch: 8,
          learningRate: 0.001,
          epochs: 60,
          maxRowsSeen: 1e6,
          seed: 4,
        },
      },
    }),
    FEBRUARY
  );
  const training = async () => {
    const { raw } = await lifecycles.handle(phaseId(project, 1, 'train')).describe();
    return raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'mlopsTrain');
  };
  await eventually('its training', () => training().catch(() => undefined));
  let attempts = 0;
  /** The next heartbeat has come through, or the training is over. */
  const breath = async () => {
    const before = beatOf(await training());
    await eventually('a heartbeat', async () => {
      const pending = await training();
      attempts = Math.max(attempts, pending?.attempt ?? 0);
      return pending === undefined || beatOf(pending) > before ? true : undefined;
    });
  };
  // Times that the machine stood still by itself, or Temporal did, for longer than the test asked: those may cost an attempt.
  let stalls = 0;
  for (let time = 0; time < 3; time += 1) {
    await breath();
    const began = performance.now();
    block(2_000);
    await breath();
    if (performance.now() - began > 3_500) stalls += 1;
  }
  expect(attempts).toBeLessThanOrEqual(1 + stalls);
  expect(await lifecycles.request(project, 1)).toMatchObject({ state: 'open' });
});

type Pending = { readonly lastHeartbeatTime?: { readonly seconds?: unknown; readonly nanos?: number | null } | null };

/** When the server took its last heartbeat, in milliseconds; 0 before the first. */
function beatOf(pending: Pending | undefined): number {
  const { seconds, nanos } = pending?.lastHeartbeatTime ?? {};
  return Number(seconds ?? 0) * 1_000 + Number(nanos ?? 0) / 1e6;
}

function block(forMs: number): void {
  const until = Date.now() + forMs;
  while (Date.now() < until);
}
