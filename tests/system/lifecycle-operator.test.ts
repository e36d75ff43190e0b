/** What a lifecycle shows of what it waits for, what it refuses, and that no failure ends it. */
import { decidedDigest } from '../../src/domain/approval';
import type { LifecycleStatus } from '../../src/client';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import type { OperatorAnswer, OperatorMessage } from '../../src/domain/messages';
import { eventually } from '../support/eventually';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let file: string;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('desk');
  file = await writeSmallFlights(system.folder, 1000);
  lifecycles = new Lifecycles(system, file);
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

const status = (project: string, is: (status: LifecycleStatus) => boolean) =>
  eventually(`the status of ${project}`, async () => {
    const now = await system.client.status(project);
    return is(now) ? now : undefined;
  });
const failed = (project: string) => status(project, ({ failure }) => failure !== undefined);
const idle = (project: string) => status(project, ({ phase }) => phase === 'idle');

describe('waiting', () => {
  let project: string;

  test('for an approval, the lifecycle’s own page says for whom and how to answer', async () => {
    project = await lifecycles.start(lifecycles.define());
    const { subject } = await lifecycles.request(project, 1);
    const people = ['approver:ana', 'approver:ben'];
    const { waitingFor, details } = await lifecycles.seen(lifecycleId(project));
    expect(waitingFor).toEqual(people);
    expect(await system.client.status(project)).toMatchObject({ phase: 'approve', waitingFor: people });
    for (const told of [
      'waits for approval by ana, ben',
      phaseId(project, 1, 'approve'),
      'Send an Update',
      decidedDigest(subject),
    ])
      expect(details).toContain(told);
    expect(details).toContain(
      `mlops decide ${project}/1 --by <your name> --approve --digest ${decidedDigest(subject)}`
    );
  });

  test('for a trigger, it shows pause and unpause at once', async () => {
    await lifecycles.decide(project, 1, 'reject');
    await idle(project);
    for (const round of [1, 2]) {
      expect(await system.client.pause(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
      const paused = await lifecycles.seen(lifecycleId(project));
      expect([round, paused]).toMatchObject([round, { phase: 'paused', waitingFor: ['operator'] }]);
      expect(paused.details).toContain('**Paused**');
      expect(await system.client.status(project)).toMatchObject({ phase: 'paused', waitingFor: ['operator'] });

      expect(await system.client.unpause(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
      const going = await lifecycles.seen(lifecycleId(project));
      expect([round, going]).toMatchObject([round, { phase: 'idle', waitingFor: [] }]);
      expect(going.details).toContain('Waits for a trigger');
    }
  });

  test('an id counts once for its sender; from somebody else it is another message', async () => {
    const paused = async () => (await system.client.status(project)).paused;
    const message = { id: 'once', by: 'dan' };
    expect(await system.client.pause(project, message)).toMatchObject({ outcome: 'accepted' });
    expect(await system.client.unpause(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
    expect(await system.client.pause(project, message)).toMatchObject({ outcome: 'accepted' });
    expect(await paused()).toBe(false);
    expect(await system.client.pause(project, { id: 'once', by: 'cem' })).toMatchObject({ outcome: 'accepted' });
    expect(await paused()).toBe(true);
    expect(await system.client.unpause(project, by('cem'))).toMatchObject({ outcome: 'accepted' });
  });

  test('paused through a hundred triggers, it carries few, and the next cycle knows of all', async () => {
    await system.client.pause(project, by('dan'));
    const day = (count: number) => new Date(Date.UTC(2001, 1, 1 + (count % 28))).toISOString();
    for (let count = 0; count < 100; count += 1) {
      const hour = { id: `h${count}`, by: 'dan', comment: `hour ${count}`, asOf: day(count) };
      await system.client.retrain(project, hour);
    }
    await status(project, ({ pendingTriggers }) => pendingTriggers.at(-1)?.id === 'h99');
    await system.client.unpause(project, by('dan'));
    const { causes, asOf } = await lifecycles.cycle(project, 2, 'waiting');
    expect(causes).toHaveLength(20);
    expect(causes.at(-1)?.detail).toBe('hour 99 (and 80 more like it before)');
    expect(asOf).toBe('2001-02-28T00:00:00.000Z');
  });
});

test('a failed gate rejects without asking anyone', async () => {
  const project = await lifecycles.start(
    lifecycles.define({
      gates: [
        { name: 'perfect', metric: 'auc', against: 'value', atLeast: 1, bound: 'estimate', severity: 'blocking' },
      ],
    })
  );
  expect(await lifecycles.cycle(project, 1, 'finished')).toMatchObject({ outcome: 'gate failed', phase: 'evaluate' });
  expect(await idle(project)).toMatchObject({ last: 'gate failed', waitingFor: [] });
  expect(await raw(system.stores).requests.countDocuments({ project })).toBe(0);
  const audit = (await system.stores.audit.list(project)).map(({ what }) => what);
  expect(audit).toContain('cycle ended');
  expect(audit).not.toContain('approval requested');
});

test('an advisory gate that fails is shown to people, who decide', async () => {
  const project = await lifecycles.start(
    lifecycles.define({
      gates: [
        { name: 'perfect', metric: 'auc', against: 'value', atLeast: 1, bound: 'estimate', severity: 'advisory' },
      ],
    })
  );
  expect((await lifecycles.request(project, 1)).gates).toMatchObject([{ gate: 'perfect', outcome: 'failed' }]);
});

test('what is asked of a lifecycle that is ending is refused, and not lost', async () => {
  const definition = lifecycles.define();
  const project = await lifecycles.start(definition);
  await lifecycles.request(project, 1);
  // The end waits for the cycle's record, which this transaction holds.
  const session = raw(system.stores).client.startSession();
  session.startTransaction();
  await raw(system.stores).cycles.updateOne({ _id: `${project}/1` }, { $set: { asOf: MARCH } }, { session });
  try {
    expect(await system.client.stop(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
    const refused = { outcome: 'refused', reason: expect.stringContaining('is ending') as unknown };
    expect(await system.client.retrain(project, { ...by('ben'), asOf: MARCH })).toEqual(refused);
    expect(await system.client.apply(definition, by('ben'))).toEqual(refused);
    expect(await system.client.pause(project, by('ben'))).toEqual(refused);
    expect(await system.client.start({ definition, asOf: MARCH, by: 'ben' })).toEqual(refused);
    expect(await system.client.status(project)).toMatchObject({ phase: 'ending', pendingTriggers: [] });
  } finally {
    await session.abortTransaction();
    await session.endSession();
  }
  expect(await lifecycles.handle(lifecycleId(project)).result()).toEqual({ ended: 'stopped by dan' });
  expect(await system.client.start({ definition, asOf: MARCH, by: 'ben' })).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.cycle(project, 2, 'waiting')).toMatchObject({ asOf: MARCH });
});

describe('a failure outside the phases', () => {
  let project: string;

  /** MongoDB itself refuses such documents of the project's cycles. */
  const refuse = (where: object | undefined) =>
    raw(system.stores).db.command({
      collMod: 'cycles',
      validator: where === undefined ? {} : { $nor: [{ project, ...where }] },
    });
  afterAll(() => refuse(undefined));

  test('at a cycle’s beginning waits for the operator', async () => {
    const definition = lifecycles.define();
    project = definition.name;
    await refuse({});
    await lifecycles.start(definition);
    expect(await failed(project)).toMatchObject({ cycle: 1, phase: 'ingest', waitingFor: ['operator'] });
    const { details, waitingFor } = await lifecycles.seen(lifecycleId(project));
    expect(waitingFor).toEqual(['operator']);
    expect(details).toContain('Document failed validation');
    await refuse(undefined);
    expect(await system.client.retry(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
    await lifecycles.request(project, 1);
  });

  test('at its end waits too, and retry goes on from there', async () => {
    await refuse({ state: 'finished' });
    await lifecycles.decide(project, 1, 'reject');
    expect(await failed(project)).toMatchObject({ cycle: 1, waitingFor: ['operator'] });
    await refuse(undefined);
    await system.client.retry(project, by('dan'));
    expect(await lifecycles.cycle(project, 1, 'finished')).toMatchObject({ outcome: 'rejected' });
    expect(await idle(project)).toMatchObject({ cycle: 1, last: 'rejected' });
  });

  test('skipped at its end, the lifecycle goes on with the next trigger', async () => {
    await system.client.retrain(project, { ...by('ben'), asOf: MARCH });
    await lifecycles.request(project, 2);
    await refuse({ state: 'finished' });
    await lifecycles.decide(project, 2, 'reject');
    await failed(project);
    await system.client.skip(project, by('dan'));
    expect(await idle(project)).toMatchObject({ cycle: 2, last: 'rejected' });
    await refuse(undefined);
    await system.client.retrain(project, { ...by('ben'), asOf: '2001-03-08T00:00:00Z' });
    await lifecycles.request(project, 3);
  });
});

test('a phase that somebody cancelled by hand has failed; the lifecycle waits, and the first answer counts', async () => {
  const other = await openSystem('cancelled');
  try {
    const others = new Lifecycles(other, await writeSmallFlights(other.folder, 1000));
    const noCompute = await other.startWorker({ compute: 'elsewhere' });
    const project = await others.start(others.define(), FEBRUARY);
    const ingest = others.handle(phaseId(project, 1, 'ingest'));
    await eventually('ingest to wait for a worker', async () => {
      const { raw } = await ingest.describe().catch(() => ({ raw: undefined }));
      return raw?.pendingActivities?.some(({ activityType }) => activityType?.name === 'mlopsIngest')
        ? true
        : undefined;
    });
    await ingest.cancel();
    expect(await others.cycle(project, 1, 'failed')).toMatchObject({ phase: 'ingest' });
    expect(await other.client.status(project)).toMatchObject({ waitingFor: ['operator'] });
    await noCompute.stop();

    // Both are there when a worker comes back.
    const lifecycle = others.handle(lifecycleId(project));
    const choices = (['retry', 'skip'] as const).map((choice) =>
      lifecycle.executeUpdate<OperatorAnswer, [OperatorMessage]>(choice, { args: [by('dan')] })
    );
    await other.startWorker();
    const answers = await Promise.all(choices);
    const taken = answers[0]?.outcome === 'accepted' ? 'retry' : 'skip';
    expect(answers).toContainEqual({ outcome: 'refused', reason: `another answer came first: ${taken}` });
    expect(answers).toContainEqual({ outcome: 'accepted', reason: expect.any(String) as unknown });
    const then = { retry: () => others.request(project, 1), skip: () => others.cycle(project, 1, 'finished') };
    expect((await then[taken]()).state).toBe({ retry: 'open', skip: 'finished' }[taken]);
    await others.end();
  } finally {
    await other.close();
  }
});
