/**
 * A lifecycle that strangers flood with 5,000 signals and 3,000 updates: its worker lives, nobody's trigger counts, what is
 * too much is refused by our code, and operators and approvers are answered within seconds.
 */
import { errorCodeOf } from '../../src/domain/errors';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import { eventually } from '../support/eventually';
import { inTurns, patienceFor } from '../support/flood';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

jest.setTimeout(900_000);

interface Flood {
  readonly signals: number;
  readonly updates: number;
}
let system: TestSystem;
let lifecycles: Lifecycles;
let worker: WorkerProcess;

beforeAll(async () => {
  system = await openSystem('floods');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  worker = spawnWorker(system);
  await worker.ready;
});
afterAll(async () => {
  await lifecycles.end();
  await worker.kill();
  await system.close();
});

/** Signals as the monitor's would be, but of nobody in this project; with them updates, in ever other names. */
async function flood(project: string, { signals, updates }: Flood): Promise<ReadonlyMap<string, number>> {
  const trigger = (index: number) => ({ id: `s${index}`, asOf: MARCH, cause: { kind: 'drift', detail: 'a stranger' } });
  const message = (index: number) => ({ ...by(`eve-${index % 1000}`), comment: 'x'.repeat(1000) });
  const [, outcomes] = await Promise.all([
    inTurns(signals, 50, (index) => system.client.signal(lifecycleId(project), MESSAGES.trigger, trigger(index))),
    // Temporal takes ten updates of a workflow at a time.
    inTurns(updates, 8, (index) => {
      if (index % 3 === 0) return system.client.retry(project, message(index));
      if (index % 3 === 1) return system.client.pause(project, message(index));
      return system.client.retrain(project, { ...message(index), asOf: MARCH });
    }),
  ]);
  expect(
    [...outcomes.keys()].filter((how) => !['accepted', 'refused', 'MLOPS_TOO_MANY_MESSAGES'].includes(how))
  ).toEqual([]);
  return outcomes;
}

async function timed<T>(answer: Promise<T>): Promise<{ readonly given: T; readonly seconds: number }> {
  const since = Date.now();
  const given = await answer;
  return { given, seconds: (Date.now() - since) / 1000 };
}

/** How long a person waits for an answer on this machine: measured before the flood, by a message that changes nothing. */
async function patience(project: string): Promise<number> {
  return patienceFor((await timed(system.client.skip(project, by('dan')))).seconds);
}

async function within<T>(limit: number, answer: Promise<T>): Promise<T> {
  const { given, seconds } = await timed(answer);
  expect(seconds).toBeLessThan(limit);
  return given;
}

async function refusedSignals(project: string): Promise<{ events: number; signals: number }> {
  const events = (await system.stores.audit.list(project, 10_000)).filter(({ what }) => what === 'signals refused');
  return { events: events.length, signals: events.reduce((sum, { detail }) => sum + Number(detail.count), 0) };
}

/** Each of the strangers' signals was looked at, in few activities, and has no effect. */
async function allSignalsRefused(project: string, { signals }: Flood): Promise<void> {
  const seen = await eventually('every signal to be looked at', async () => {
    const now = await refusedSignals(project);
    return now.signals === signals ? now : undefined;
  });
  expect(seen.events).toBeLessThan(signals / 10);
  const { pendingTriggers } = await system.client.status(project);
  expect(pendingTriggers.filter(({ cause }) => cause.kind === 'drift')).toEqual([]);
}

const worksOn = async (): Promise<void> => {
  expect(await Promise.race([worker.ended, Promise.resolve('works on')])).toBe('works on');
};

test('while an approval waits: it is unpaused, two approvers decide, and stop is taken', async () => {
  const definition = lifecycles.define();
  const approval = { ...definition.approval, approvers: ['ana', 'ben'], approversNeeded: 2 };
  const project = await lifecycles.start({ ...definition, approval }, FEBRUARY);
  await lifecycles.request(project, 1);
  const limit = await patience(project);
  const sent = { signals: 5_000, updates: 3_000 };
  const outcomes = await flood(project, sent);
  await worksOn();
  expect(outcomes.get('MLOPS_TOO_MANY_MESSAGES')).toBeGreaterThan(1_000);
  await allSignalsRefused(project, sent);
  // Until the phase ends, an honest operator is refused, too, in what the lifecycle doesn't wait for.
  const retrain = system.client.retrain(project, { ...by('dan'), asOf: MARCH });
  const how = await within(limit, retrain.catch(errorCodeOf));
  expect(how).toBe('MLOPS_TOO_MANY_MESSAGES');
  expect(await within(limit, system.client.unpause(project, by('dan')))).toMatchObject({ outcome: 'accepted' });
  for (const [person, state] of [
    ['ana', 'open'],
    ['ben', 'approved'],
  ] as const)
    expect(await within(limit, lifecycles.decide(project, 1, 'approve', person))).toMatchObject({
      outcome: 'accepted',
      state,
    });
  await eventually('the rollout to begin', async () =>
    (await lifecycles
      .handle(phaseId(project, 1, 'deploy'))
      .describe()
      .catch(() => undefined))
      ? true
      : undefined
  );
  expect(await within(limit, system.client.stop(project, by('dan')))).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.handle(lifecycleId(project)).result()).toEqual({ ended: 'stopped by dan' });
  await worksOn();
});

test('between two cycles it begins new runs, and a person’s retrain counts', async () => {
  const project = await lifecycles.start(lifecycles.define(), FEBRUARY);
  await lifecycles.decide(project, 1, 'reject');
  await lifecycles.cycle(project, 1, 'finished');
  await system.client.pause(project, by('dan'));
  const { runId } = await lifecycles.handle(lifecycleId(project)).describe();
  const limit = await patience(project);
  const sent = { signals: 1_000, updates: 1_000 };
  await flood(project, sent);
  await worksOn();
  await allSignalsRefused(project, sent);
  expect((await lifecycles.handle(lifecycleId(project)).describe()).runId).not.toBe(runId);
  const asked = await within(limit, system.client.retrain(project, { ...by('eve-2'), asOf: MARCH }));
  expect(asked).toMatchObject({ outcome: 'accepted' });
  expect(await within(limit, system.client.unpause(project, by('dan')))).toMatchObject({ outcome: 'accepted' });
  // All that waited is one cycle; whoever asked for it can't approve it.
  const { causes } = await lifecycles.cycle(project, 2, 'waiting');
  expect(causes.map(({ by: person }) => person)).toContain('eve-2');
  // The bound, and at most those who asked while the last of them was being recorded.
  const people = new Set(causes.map(({ by: person }) => person)).size;
  expect(people).toBeGreaterThanOrEqual(20);
  expect(people).toBeLessThan(30);
});
