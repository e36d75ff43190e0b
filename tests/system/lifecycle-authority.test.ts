/**
 * What somebody who may write to the namespace can do to a project's definition, cycles and operators: a workflow of
 * his own that has the lifecycle's id, and calls our activities, finds no message of anybody in its history.
 */
import { randomUUID } from 'node:crypto';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import { packDefinition } from '../../src/runtime/packed-definition';
import { type Attacker, startAttacker } from '../support/attacker';
import { eventually } from '../support/eventually';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const WATCHED = ['projects', 'definitions', 'cycles', 'requests', 'audit'];

let system: TestSystem;
let lifecycles: Lifecycles;
let attacker: Attacker;
let definition: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('takeover');
  await system.startWorker();
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  definition = lifecycles.define();
  project = await lifecycles.start(definition);
  await lifecycles.request(project, 1);
  attacker = await startAttacker(system);
});
afterAll(async () => {
  await attacker?.stop();
  await lifecycles.end();
  await system.close();
});

const run = <T>(type: string, workflowId: string, args: unknown[]): Promise<T> =>
  system.client.temporal.workflow.execute(type, {
    workflowId,
    taskQueue: attacker.taskQueue,
    args,
  }) as Promise<T>;

async function records(): Promise<Record<string, unknown[]>> {
  const found = WATCHED.map(async (name) => {
    const documents = await raw(system.stores).db.collection(name).find().sort({ _id: 1 }).toArray();
    return [name, documents] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

const weaker = (): ProjectDefinition => ({
  ...definition,
  approval: { ...definition.approval, approvers: ['eve'], roles: {} },
});

test('a trigger counts only from a workflow of the project', async () => {
  const trigger = { id: 'forged', asOf: MARCH, cause: { kind: 'drift', detail: 'forged' } };
  const ids = [`attack-${randomUUID()}`, `mlops/other/monitor`, `${lifecycleId(project)}-2/monitor`];
  for (const id of ids) await run('send', id, [lifecycleId(project), MESSAGES.trigger, trigger]);
  const refused = await eventually('the audit tells of all', async () => {
    const events = (await system.stores.audit.list(project)).filter(({ what }) => what === 'signals refused');
    return events.reduce((sum, { detail }) => sum + Number(detail.count), 0) === ids.length ? events : undefined;
  });
  expect(refused.flatMap(({ detail }) => detail.senders)).toEqual(expect.arrayContaining(ids));
  expect((await system.client.status(project)).pendingTriggers).toEqual([]);
});

test('whoever has the lifecycle’s id, once it has ended, registers, opens and records nothing', async () => {
  await system.client.stop(project, by('dan'));
  await lifecycles.handle(lifecycleId(project)).result();
  const before = await records();
  const forged: [string, unknown][] = [
    ['mlopsRegisterDefinition', { project, sent: packDefinition(weaker()), appliedBy: 'ana' }],
    ['mlopsRegisterDefinition', { project, updateId: 'x', sent: packDefinition(weaker()), appliedBy: 'ana' }],
    ['mlopsOpenCycle', { project, cycle: 9, triggers: [{ id: 'forged' }], definition: {}, causes: [], asOf: FEBRUARY }],
    ['mlopsRecordOperator', { project, updateId: 'x', answer: { outcome: 'accepted', reason: '' }, by: 'ana' }],
  ];
  for (const [activity, args] of forged) {
    const answer = await run<string>('call', lifecycleId(project), [activity, args, system.taskQueue]);
    expect([activity, answer]).toEqual([activity, 'MLOPS_NOT_AUTHORIZED']);
  }
  await run('call', lifecycleId(project), ['mlopsReadTriggers', { project, after: 0 }, system.taskQueue]);
  // A cycle that has ended changes no more, whoever asks.
  const ended = { project, cycle: 1, order: 99, refs: {} };
  for (const [activity, args] of [
    ['mlopsEnterPhase', { ...ended, phase: 'deploy' }],
    ['mlopsRecordFailure', { ...ended, phase: 'deploy', failure: 'forged' }],
    ['mlopsCloseCycle', { ...ended, outcome: 'rejected' }],
  ] as const)
    expect(await run('call', lifecycleId(project), [activity, args, system.taskQueue])).toBe('done');
  expect(await records()).toEqual(before);
});

test('a lifecycle that is started by hand, with a definition that nobody approved, goes by the one in force', async () => {
  const inForce = (await records()).projects;
  const state = {
    v: 1,
    project,
    appliedBy: 'ana',
    cycle: 0,
    pending: [],
    paused: false,
    answers: [],
    seenTriggers: [],
  };
  const handle = await system.client.temporal.workflow.start('lifecycle', {
    workflowId: lifecycleId(project),
    taskQueue: system.taskQueue,
    args: [{ ...state, sent: packDefinition(weaker()), definition: { kind: 'definition', id: 'x', digest: 'x' } }],
  });
  await system.client.retrain(project, { ...by('cem'), asOf: MARCH });
  const { definition: goesBy } = await lifecycles.cycle(project, 2, 'waiting');
  expect(inForce).toMatchObject([{ definition: goesBy }]);
  expect(await raw(system.stores).requests.findOne({ _id: `${project}/policy-1` })).toMatchObject({ state: 'open' });
  await handle.terminate();
});
