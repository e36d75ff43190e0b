/** Which triggers count: from workflows of the project, and each once. A story: its tests go on from one another. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, triggerId, windowId } from '../../src/domain/ids';
import { MESSAGES, type Trigger } from '../../src/domain/messages';
import { packageRoot } from '../../src/runtime/package-root';
import { eventually } from '../support/eventually';
import { by, Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let definition: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('triggers');
  await system.startWorker();
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  definition = lifecycles.define();
  project = await lifecycles.start(definition);
  await lifecycles.request(project, 1);
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

const audited = async (what: string) =>
  (await system.stores.audit.list(project)).filter((event) => event.what === what).map(({ detail }) => detail);
const pending = async () => (await system.client.status(project)).pendingTriggers.map(({ id }) => id);

test('a client that repeats what a window has fired is refused', async () => {
  const window = windowId(project, '2001-02-01T00:00:00.000Z', 0);
  const body = {
    endpoint: project,
    period: { from: '2001-02-01T00:00:00.000Z', to: '2001-02-08T00:00:00.000Z' },
    revision: 0,
    asOf: MARCH,
    triggers: [{ on: 'bias', detail: 'too high', outcome: 'fired' }],
  };
  await raw(system.stores)
    .facts('window')
    .insertOne({ _id: window, kind: 'window', body } as never);
  const trigger: Trigger = { id: triggerId(window, 'bias'), asOf: MARCH, cause: { kind: 'bias', detail: 'x', window } };
  await system.client.signal(lifecycleId(project), MESSAGES.trigger, trigger);
  const [refused] = await eventually('the refusal', async () => {
    const found = await audited('signals refused');
    return found.length > 0 ? found : undefined;
  });
  expect(refused).toMatchObject({ count: 1, senders: [system.client.temporal.options.identity] });
  expect(await pending()).toEqual([]);
  expect(await audited('trigger received')).toEqual([]);
});

test('a trigger of the project’s own workflow is what the next cycle runs for', async () => {
  await lifecycles.trigger(project, { kind: 'schedule', id: 'weekly', asOf: MARCH });
  await eventually('the trigger', async () => ((await pending()).includes('weekly') ? true : undefined));
  await lifecycles.decide(project, 1, 'reject');
  expect(await lifecycles.cycle(project, 2, 'waiting')).toMatchObject({ triggers: ['weekly'] });
});

test('its id counts no more once the lifecycle was stopped and started again', async () => {
  await system.client.stop(project, by('dan'));
  await lifecycles.handle(lifecycleId(project)).result();
  expect(await system.client.start({ definition, asOf: MARCH, by: 'cem' })).toMatchObject({ outcome: 'accepted' });
  await lifecycles.request(project, 3);
  for (const id of ['weekly', 'the week after'])
    await lifecycles.trigger(project, { kind: 'schedule', id, asOf: MARCH });
  await eventually('the new one', async () => ((await pending()).includes('the week after') ? true : undefined));
  expect(await pending()).toEqual(['the week after']);
});

test('the schedule of docs/schedules.md asks for a cycle', async () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'schedules.md'), 'utf8');
  const option = (name: string): string => {
    const [, quoted, plain = ''] = new RegExp(`--${name} (?:'([^']*)'|(\\S+))`).exec(page) ?? [];
    return (quoted ?? plain).replace('flights', project);
  };
  const schedule = await system.client.temporal.schedule.create({
    scheduleId: option('schedule-id'),
    spec: { intervals: [{ every: option('interval') as '7d' }] },
    action: {
      type: 'startWorkflow',
      workflowType: option('type'),
      workflowId: option('workflow-id'),
      taskQueue: system.taskQueue,
      args: [JSON.parse(option('input'))],
    },
    state: { triggerImmediately: true },
  });
  try {
    const details = async () =>
      (await system.client.status(project)).pendingTriggers.map(({ cause }) => cause.detail).join();
    const asked = `schedule: ${option('workflow-id')}`;
    expect(
      await eventually('its trigger', async () => ((await details()).includes(asked) ? details() : undefined))
    ).toContain(asked);
  } finally {
    await schedule.delete();
  }
});
