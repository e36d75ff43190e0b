/** A request whose workflow is lost half-way: its phase fails, and a retry goes on with the same question and its answers. */
import { lifecycleId, phaseId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import { eventually } from '../support/eventually';
import { by, Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('request');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

async function waitingForTwo(): Promise<string> {
  const { approval } = lifecycles.define();
  return lifecycles.start(lifecycles.define({ approval: { ...approval, approversNeeded: 2 } }));
}

test('once somebody has decided, the lifecycle’s page says so and waits for the others alone', async () => {
  const project = await waitingForTwo();
  await lifecycles.decide(project, 1, 'approve', 'ana');
  const page = await eventually('the page tells of ana', async () => {
    const seen = await lifecycles.waits(lifecycleId(project));
    return seen.details.includes('ana** has decided') ? seen : undefined;
  });
  expect(page.waitingFor).toEqual(['approver:ben']);
  expect(page.details).toContain('waits for approval by ben');
  expect(await system.client.status(project)).toMatchObject({ phase: 'approve', waitingFor: ['approver:ben'] });
  expect(await lifecycles.decide(project, 1, 'approve', 'ben')).toMatchObject({ state: 'approved' });
});

test.each([
  ['nothing', undefined],
  ['a word', 'junk'],
  ['another request', { request: 'other/1', accepted: [{ id: '1', by: 'ana', verdict: 'approve' }] }],
  ['no decisions', { request: 'this', accepted: [null, 7, { by: 'ana', verdict: { toString: 1 } }, { by: 'eve' }] }],
])('a signal to the lifecycle that tells of %s changes nothing', async (_, payload) => {
  const project = await waitingForTwo();
  await lifecycles.request(project, 1);
  const sent =
    typeof payload === 'object' && payload.request === 'this' ? { ...payload, request: `${project}/1` } : payload;
  await system.client.signal(lifecycleId(project), MESSAGES.decided, sent);
  expect(await lifecycles.waits(lifecycleId(project))).toMatchObject({ waitingFor: ['approver:ana', 'approver:ben'] });
});

test('a retry keeps the request, and the decision that was recorded', async () => {
  const project = await waitingForTwo();
  expect(await lifecycles.decide(project, 1, 'approve', 'ana')).toMatchObject({ outcome: 'accepted', state: 'open' });
  await lifecycles.handle(phaseId(project, 1, 'approve')).terminate('by mistake');
  const { revision } = await lifecycles.cycle(project, 1, 'failed');
  expect(await system.client.retry(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  await lifecycles.cycle(project, 1, 'waiting', revision);
  expect(await lifecycles.decide(project, 1, 'approve', 'ana')).toMatchObject({ code: 'second-decision' });
  const { details } = await lifecycles.seen(phaseId(project, 1, 'approve'));
  expect(details).toContain('**ana** has decided: approve.');
  expect(await lifecycles.decide(project, 1, 'approve', 'ben')).toMatchObject({ state: 'approved' });
});

test.each(['approve', 'reject'] as const)(
  'the decision that closes a request (%s) is recorded with its end, or not at all',
  async (verdict) => {
    const project = await lifecycles.start(lifecycles.define());
    await lifecycles.request(project, 1);
    const open = (validator: object) => raw(system.stores).db.command({ collMod: 'requests', validator });
    const decisions = () =>
      raw(system.stores)
        .facts('decision')
        .countDocuments({ 'body.request': `${project}/1` });
    await open({ $or: [{ project: { $ne: project } }, { state: 'open' }] });
    try {
      await expect(lifecycles.decide(project, 1, verdict)).rejects.toThrow(/Document failed validation/);
      expect(await decisions()).toBe(0);
    } finally {
      await open({});
    }
    const state = verdict === 'approve' ? 'approved' : 'rejected';
    expect(await lifecycles.decide(project, 1, verdict)).toMatchObject({ outcome: 'accepted', state });
    expect(await raw(system.stores).requests.findOne({ _id: `${project}/1` })).toMatchObject({
      state,
      closedBecause: `${state} by ana`,
    });
    expect(await decisions()).toBe(1);
  }
);

test('a request that is there about other bytes is not asked again: the phase fails in words', async () => {
  const project = await waitingForTwo();
  await lifecycles.request(project, 1);
  const other = `sha256:${'f'.repeat(64)}` as const;
  await raw(system.stores).requests.updateOne({ _id: `${project}/1` }, { $set: { 'subject.digests.model': other } });
  await lifecycles.handle(phaseId(project, 1, 'approve')).terminate('by mistake');
  const { revision } = await lifecycles.cycle(project, 1, 'failed');
  expect(await system.client.retry(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  const { failure } = await lifecycles.cycle(project, 1, 'failed', revision);
  expect(failure).toMatch(/MLOPS_REQUEST_CONFLICT: A request of this id asks about another model/);
});

test('while a run that a client started has the request’s id, the lifecycle waits for its end, then asks', async () => {
  const definition = lifecycles.define();
  const workflowId = phaseId(definition.name, 1, 'approve');
  // Of a client's, where no worker answers: it is there for as long as this test wants.
  const refusing = await system.client.temporal.workflow.start('approve', {
    workflowId,
    taskQueue: `${system.taskQueue}-nobody`,
    args: [{ v: 1, project: definition.name, name: '1', searchAttributes: false }],
  });
  const project = await lifecycles.start(definition);
  const events = await eventually('the lifecycle has tried to ask, twice', async () => {
    const found = (await lifecycles.handle(lifecycleId(project)).fetchHistory()).events ?? [];
    const failed = found.filter(
      ({ startChildWorkflowExecutionFailedEventAttributes: child }) => child?.workflowId === workflowId
    );
    return failed.length >= 2 ? found : undefined;
  });
  // A decision that came before the request's child costs the first pause.
  const pause = events.find(({ timerStartedEventAttributes: timer }) => timer != null)?.timerStartedEventAttributes;
  expect(pause?.startToFireTimeout).toMatchObject({ nanos: 100_000_000 });
  expect(await raw(system.stores).requests.findOne({ _id: `${project}/1` })).toMatchObject({ state: 'open' });
  await refusing.terminate();
  const asked = await eventually('the request’s own workflow', async () => {
    const child = await lifecycles.handle(workflowId).describe();
    return child.runId === refusing.firstExecutionRunId ? undefined : child;
  });
  expect(asked.parentExecution?.workflowId).toBe(lifecycleId(project));
  expect(await lifecycles.decide(project, 1, 'approve')).toMatchObject({ outcome: 'accepted', state: 'approved' });
});
