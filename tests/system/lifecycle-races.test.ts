/** What happens to a lifecycle's messages, definitions and rollouts when they meet its end, its failure or its next run. */
import { digestOf } from '../../src/runtime/digest';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, monitorId, phaseId } from '../../src/domain/ids';
import type { CycleDocument } from '../../src/domain/records';
import type { Replica } from '../../src/replica/run-replica';
import { rolloutsOf } from '../../src/stores/rollouts';
import { eventually } from '../support/eventually';
import { startReplica } from '../support/replica';
import { by, Lifecycles, MARCH, FEBRUARY } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let file: string;
let lifecycles: Lifecycles;
const replicas: Replica[] = [];

beforeAll(async () => {
  system = await openSystem('races');
  file = await writeSmallFlights(system.folder, 1000);
  lifecycles = new Lifecycles(system, file);
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  for (const replica of replicas) await replica.close();
  await system.close();
});

const handle = (id: string) => lifecycles.handle(id);
const define = (changes?: Partial<ProjectDefinition>) => lifecycles.define(changes);
const start = (definition: ProjectDefinition, asOf?: string) => lifecycles.start(definition, asOf);
const cycle = (project: string, number: number, state: CycleDocument['state']) =>
  lifecycles.cycle(project, number, state);
const request = (project: string, number: number) => lifecycles.request(project, number);
const decide = (project: string, number: number, verdict: 'approve' | 'reject') =>
  lifecycles.decide(project, number, verdict);

let project: string;

test('a definition that is applied during a cycle takes effect with the next one', async () => {
  const first = define();
  project = await start(first);
  await request(project, 1);
  const second = { ...first, objective: { task: 'binary' as const, decisionThreshold: 0.5 } };
  expect(await system.client.apply(second, by('dan'))).toMatchObject({ outcome: 'accepted' });
  await system.client.retrain(project, { ...by('ben'), asOf: MARCH });
  expect(await decide(project, 1, 'reject')).toMatchObject({ outcome: 'accepted' });
  expect((await cycle(project, 1, 'finished')).definition.digest).toBe(digestOf(first));
  expect((await cycle(project, 2, 'waiting')).definition.digest).toBe(digestOf(second));
  expect(await system.client.status(project)).toMatchObject({ definition: digestOf(second) });
});

test('own work is the trigger’s person; where none triggered, whose definition it is', async () => {
  expect((await request(project, 2)).authors).toEqual(['ben']);
  await lifecycles.trigger(project, { kind: 'rows', asOf: '2001-03-08T00:00:00Z' });
  await decide(project, 2, 'reject');
  expect((await request(project, 3)).authors).toEqual(['dan']);
});

test('a definition that is applied again is the work of who did it last', async () => {
  const { definition } = await cycle(project, 3, 'waiting');
  const second = (await system.stores.facts.get({ kind: 'definition', id: definition.id })).body.definition;
  const third = { ...second, objective: { task: 'binary' as const, decisionThreshold: 0.6 } };
  expect(await system.client.apply(third, by('ben'))).toMatchObject({ outcome: 'accepted' });
  expect(await system.client.apply(second, by('ben'))).toMatchObject({ outcome: 'accepted' });
  await lifecycles.trigger(project, { kind: 'rows', asOf: '2001-03-15T00:00:00Z' });
  await decide(project, 3, 'reject');
  expect(await request(project, 4)).toMatchObject({ authors: ['ben'] });
  await decide(project, 4, 'reject');
});

test('a trigger that may supersede, sent while nothing is open, doesn’t close the request that it leads to', async () => {
  await cycle(project, 4, 'finished');
  await system.client.retrain(project, { ...by('ben'), asOf: '2001-03-22T00:00:00Z', supersede: true });
  expect(await decide(project, 5, 'reject')).toMatchObject({ outcome: 'accepted', state: 'rejected' });
});

test('apply on a failed cycle ends it, and the next starts at once with the same causes', async () => {
  const failing = define({
    source: { ...define().source, reader: { file: { path: 'nowhere.parquet', format: 'parquet' } } },
  });
  const project = await start(failing);
  await cycle(project, 1, 'failed');
  const fixed = {
    ...failing,
    source: { ...failing.source, reader: { file: { path: file, format: 'parquet' as const } } },
  };
  expect(await system.client.apply(fixed, by('dan'))).toMatchObject({ outcome: 'accepted' });
  const next = await cycle(project, 2, 'waiting');
  const skipped = await cycle(project, 1, 'finished');
  expect(skipped.outcome).toBe('skipped');
  expect(next).toMatchObject({ causes: skipped.causes, asOf: skipped.asOf, definition: { digest: digestOf(fixed) } });
});

test('messages sent while it continues as new are each answered, and count once', async () => {
  const project = await start(define());
  await decide(project, 1, 'reject');
  const run = async () => (await handle(lifecycleId(project)).describe()).runId;
  const before = await run();
  // The same question again: each of these cycles ends as nothing new within moments, and a new run begins.
  const sent = Array.from({ length: 20 }, (_, index) => ({ ...by(`person${index}`), asOf: FEBRUARY }));
  const answers: Promise<unknown>[] = [];
  for (const message of sent) {
    answers.push(system.client.retrain(project, message));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await Promise.all(answers)).toEqual(sent.map(() => ({ outcome: 'accepted', reason: 'a cycle follows' })));
  const heard = async () => {
    const cycles = await raw(system.stores).cycles.find({ project }).toArray();
    return cycles.flatMap(({ causes }) => causes.map((cause) => cause.by ?? '')).sort((a, b) => a.localeCompare(b));
  };
  const everyone = ['cem', ...sent.map((message) => message.by)].sort((a, b) => a.localeCompare(b));
  await eventually('every trigger in a cycle', async () =>
    (await heard()).length >= everyone.length ? true : undefined
  );
  await eventually('idle', async () => ((await system.client.status(project)).phase === 'idle' ? true : undefined));
  expect(await run()).not.toBe(before);
  for (const message of sent.slice(0, 5))
    expect(await system.client.retrain(project, message)).toEqual({ outcome: 'accepted', reason: 'a cycle follows' });
  expect(await system.client.status(project)).toMatchObject({ phase: 'idle', pendingTriggers: [] });
  expect(await heard()).toEqual(everyone);
});

describe('a rollout that is on its way', () => {
  let definition: ProjectDefinition;
  let project: string;

  const endpoint = () => raw(system.stores).endpoints.findOne({ _id: project });
  const inCanary = () =>
    eventually('the canary', async () => {
      const found = await endpoint();
      return found?.candidate?.share === 0.2 ? found : undefined;
    });

  beforeAll(async () => {
    definition = define({
      rollout: {
        steps: [
          { name: 'canary', share: 0.2, shadow: false, for: { event: '4 days' } },
          { name: 'full', share: 1, shadow: false, for: { event: '3 days' } },
        ],
        minReplicas: 1,
        replicasWithin: { wall: '5 minutes' },
      },
    });
    project = definition.name;
    replicas.push(await startReplica(system, project));
    await start(definition);
    await decide(project, 1, 'approve');
    await cycle(project, 1, 'finished');
    await system.client.retrain(project, { ...by('cem'), asOf: MARCH });
    await decide(project, 2, 'approve');
    await inCanary();
  });

  test('is undone when the lifecycle is cancelled, and the monitor ends with it', async () => {
    await handle(lifecycleId(project)).cancel();
    expect(await handle(lifecycleId(project)).result()).toEqual({ ended: 'cancelled' });
    expect(await endpoint()).toMatchObject({ champion: { number: 1 }, rollout: { state: 'rolled-back' } });
    expect((await endpoint())?.candidate).toBeUndefined();
    expect(await cycle(project, 2, 'finished')).toMatchObject({ outcome: 'stopped' });
    await expect(handle(monitorId(project)).result()).rejects.toThrow(/cancelled/i);
  });

  test('is undone when the lifecycle is terminated', async () => {
    // Started again, the project counts its cycles on: no request of the former life answers for this one.
    await start(definition, '2001-03-08T00:00:00Z');
    expect(await request(project, 3)).toMatchObject({ state: 'open' });
    await decide(project, 3, 'approve');
    await inCanary();
    await handle(lifecycleId(project)).terminate();
    await handle(monitorId(project)).cancel();
    expect(await handle(phaseId(project, 3, 'deploy')).result()).toMatchObject({ outcome: 'rolled-back' });
    expect((await endpoint())?.candidate).toBeUndefined();
    const rollouts = await rolloutsOf(system.stores).find({ project }).sort({ epoch: 1 }).toArray();
    expect(rollouts.map(({ outcome, because }) => [outcome, because])).toEqual([
      ['deployed', 'every step passed'],
      ['rolled-back', 'cancelled'],
      ['rolled-back', 'cancelled'],
    ]);
    expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
  });
});
