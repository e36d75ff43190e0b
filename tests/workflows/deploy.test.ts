import type { WorkflowHandle } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { monitorActivities } from '../../src/activities/monitor';
import type { EndpointDocument, PredictionRecord } from '../../src/domain/endpoint';
import { lifecycleId, monitorId, phaseId, rollbackId } from '../../src/domain/ids';
import { planOf } from '../../src/domain/plan';
import { MESSAGES } from '../../src/domain/messages';
import type { Notice } from '../../src/domain/notice';
import type { DeployInput, DeployResult } from '../../src/domain/rollout';
import { recordWriter } from '../../src/stores/predictions';
import type { deploy } from '../../src/workflows/deploy';
import { startReceiver } from '../notify/receiver';
import { report } from '../stores/served';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica, type Reported } from '../support/following-replica';
import { type EndpointWorker, flights, registerVersion, startEndpointWorker } from './endpoint-worker';
import { approved } from '../support/approved';
import { raw } from '../support/raw-records';

let worker: EndpointWorker;
let projects = 0;
let project: string;

beforeAll(async () => {
  worker = await startEndpointWorker('deploy');
});
afterAll(() => worker.stop());
beforeEach(() => {
  projects += 1;
  project = `rollouts-${projects}-${Date.now().toString(36)}`;
});

async function start(
  number: number,
  changes: Partial<DeployInput> = {},
  definition = flights(project),
  name: string | number = number
): Promise<WorkflowHandle<typeof deploy>> {
  const version = await registerVersion(worker.stores, definition, number);
  const { body } = await worker.stores.facts.get(version);
  const input: DeployInput = {
    v: 1,
    project,
    cycle: number,
    definition: body.definition,
    plan: planOf(definition),
    searchAttributes: false,
    version,
    kind: 'rollout',
    ...changes,
  };
  const workflowId = input.kind === 'rollback' ? rollbackId(project, `to-${number}`) : phaseId(project, name, 'deploy');
  await approved(worker.stores, { version, number, model: body.model.digest });
  // Only a lifecycle's child may take an endpoint.
  await worker.client.workflow.execute('starter', {
    workflowId: lifecycleId(project),
    taskQueue: worker.taskQueue,
    args: [workflowId, input],
  });
  return worker.client.workflow.getHandle<typeof deploy>(workflowId);
}

async function endpoint(): Promise<EndpointDocument | null> {
  return raw(worker.stores).endpoints.findOne({ _id: project });
}

/** Waits for a state of the endpoint's document, as replicas do: by reading it. */
async function endpointWhen(is: (document: EndpointDocument) => boolean): Promise<EndpointDocument> {
  for (;;) {
    const document = await endpoint();
    if (document !== null && is(document)) return document;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const replica = (seen: Reported = {}): FollowingReplica => followingReplica(worker.stores, project, seen);

async function passed(handle: WorkflowHandle<typeof deploy>, edge: string): Promise<void> {
  await handle.signal(MESSAGES.watermark, { endpoint: project, watermark: edge, edge, reason: 'passed' });
}

/** Version 1 in place, by a rollout of its own. */
async function withChampion<T>(then: (serving: FollowingReplica) => Promise<T>, seen?: Reported): Promise<T> {
  const serving = replica(seen);
  try {
    await (await start(1)).result();
    return await then(serving);
  } finally {
    await serving.stop();
  }
}

const inStep = (name: string) => (document: EndpointDocument) =>
  document.rollout.stepName === name && document.rollout.until !== undefined;

test('without a champion a rollout is one step, deployed as soon as a replica serves it', async () => {
  const serving = replica();
  const result = await (await start(1)).result();
  await serving.stop();
  expect(result).toMatchObject({ outcome: 'deployed', version: { id: `${project}/1` } });
  expect(await endpoint()).toMatchObject({ champion: { number: 1 }, rollout: { state: 'finished', epoch: 1 } });
  expect(await raw(worker.stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({ number: 1 });
});

test('steps pass by event time, and the last makes the candidate the champion', async () => {
  await withChampion(
    async (serving) => {
      const handle = await start(2);
      const canary = await endpointWhen(inStep('canary'));
      expect(canary).toMatchObject({ champion: { number: 1 }, candidate: { number: 2, share: 0.2 } });
      expect(canary.rollout.until).toBe('2001-05-14T18:20:00.000Z');
      serving.state.shippedTo = '2001-05-14T18:20:00Z';
      await serving.reported();
      await passed(handle, '2001-05-14T18:20:00Z');
      const full = await endpointWhen(inStep('full'));
      expect(full).toMatchObject({ champion: { number: 1 }, candidate: { number: 2, share: 1 } });
      serving.state.shippedTo = '2001-05-18T00:00:00Z';
      await serving.reported();
      await passed(handle, '2001-05-18T00:00:00Z');
      expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
      expect(await endpoint()).toMatchObject({ champion: { number: 2 }, rollout: { state: 'finished', epoch: 2 } });
      expect(await raw(worker.stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({ number: 2 });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test("shadow answers are paired with the champion's, and told with the result", async () => {
  const [canary] = flights(project).rollout.steps;
  const shadow = { name: 'shadow', share: 0, shadow: true, for: { event: '3 days' } };
  const definition = flights(project, {
    rollout: { ...flights(project).rollout, steps: [shadow, { ...canary!, for: { event: '0 seconds' } }] },
  });
  await withChampion(
    async (serving) => {
      const handle = await start(2, {}, definition);
      const document = await endpointWhen(inStep('shadow'));
      expect(document.candidate).toMatchObject({ number: 2, share: 0, shadow: true });
      const pair = (day: number): PredictionRecord => ({
        _id: `2001051${day}-a`,
        v: 1,
        version: 1,
        route: 'champion',
        revision: document.revision,
        eventTime: new Date(`2001-05-1${day}T20:00:00Z`),
        inputs: {},
        score: 0.3,
        decision: 0,
        shadow: { version: 2, score: 0.2 },
        replica: 'r1',
        receivedAt: new Date(),
      });
      await recordWriter(worker.stores, project).insertPredictions([pair(0), pair(1), pair(2)]);
      serving.state.shippedTo = '2001-05-13T18:20:00Z';
      await serving.reported();
      await passed(handle, '2001-05-13T18:20:00Z');
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'deployed', shadow: { pairs: 3 } });
      expect(result.shadow?.score.estimate).toBeCloseTo(-0.1, 12);
      const [told] = (await worker.stores.audit.list(project)).slice(-1);
      expect(told?.detail.shadow).toMatchObject({ pairs: 3 });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('a failure to compute shadow pairs is reported, and undoes nothing', async () => {
  const [canary] = flights(project).rollout.steps;
  const shadow = { name: 'shadow', share: 0, shadow: true, for: { event: '3 days' } };
  const definition = flights(project, {
    rollout: { ...flights(project).rollout, steps: [shadow, { ...canary!, for: { event: '0 seconds' } }] },
  });
  await withChampion(
    async (serving) => {
      const handle = await start(2, {}, definition);
      await endpointWhen(inStep('shadow'));
      // A collection whose every reading fails: an id is not a date.
      const predictions = `predictions.${project}`;
      const { db } = raw(worker.stores);
      await db.dropCollection(predictions).catch(() => undefined);
      const pipeline = [{ $addFields: { eventTime: { $toDate: '$_id' } } }];
      await db.createCollection(predictions, { viewOn: 'versions', pipeline });
      serving.state.shippedTo = '2001-05-13T18:20:00Z';
      await serving.reported();
      await passed(handle, '2001-05-13T18:20:00Z');
      const result = await handle.result();
      expect(result).toMatchObject({
        outcome: 'deployed',
        reason: expect.stringContaining('shadow pairs were not computed'),
      });
      expect(result.shadow).toBeUndefined();
      expect(await endpoint()).toMatchObject({ champion: { number: 2 }, rollout: { state: 'finished' } });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('a signal alone does not end a step: event time is what replicas have shipped', async () => {
  await withChampion(
    async (serving) => {
      const handle = await start(2);
      await endpointWhen(inStep('canary'));
      await passed(handle, '2030-01-01T00:00:00Z');
      await handle.signal(MESSAGES.watermark, { nonsense: true });
      await handle.signal(MESSAGES.watermark);
      const refused = async () =>
        (await worker.stores.audit.list(project)).filter((event) => event.what === 'signal refused');
      while ((await refused()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await endpoint()).toMatchObject({ rollout: { stepName: 'canary' } });
      await serving.stop();
      await handle.cancel();
      expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', reason: 'cancelled' });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('a lost signal costs a timer, not the rollout', async () => {
  await withChampion(
    async (serving) => {
      const handle = await start(2, { rereadMs: 200 });
      await endpointWhen(inStep('canary'));
      serving.state.shippedTo = '2001-05-15T00:00:00Z';
      await endpointWhen(inStep('full'));
      serving.state.shippedTo = '2001-05-20T00:00:00Z';
      expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('with no replica left in mid-canary, the page says so; with one back, it goes on by itself', async () => {
  await withChampion(
    async (serving) => {
      const handle = await start(2, { rereadMs: 200 });
      await endpointWhen(inStep('canary'));
      await serving.stop();
      await report(worker.stores, project, 'r1', { revision: 0, silentForMs: 60_000 });
      const details = async () =>
        (await handle.query<{ currentDetails: string }, []>('__temporal_workflow_metadata')).currentDetails;
      while (!(await details()).includes('a replica: none is live'))
        await new Promise((resolve) => setTimeout(resolve, 50));
      const back = replica({ shippedTo: '2001-05-20T00:00:00Z' });
      await endpointWhen(inStep('full'));
      back.state.shippedTo = '2001-05-30T00:00:00Z';
      expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
      await back.stop();
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('a candidate that fails more often than the champion is rolled back, with the reason', async () => {
  await withChampion(
    async (serving) => {
      const handle = await start(2);
      await endpointWhen(inStep('canary'));
      serving.state.counts = { 1: { requests: 800, errors: 0 }, 2: { requests: 197, errors: 3 } };
      serving.state.shippedTo = '2001-05-15T00:00:00Z';
      await serving.reported();
      await passed(handle, '2001-05-15T00:00:00Z');
      const reason = 'the candidate failed 3 of 200 requests, the champion 0 of 800 (p = 0.008)';
      expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', reason });
      const document = await endpoint();
      expect(document).toMatchObject({ champion: { number: 1 }, rollout: { state: 'rolled-back' } });
      expect(document?.candidate).toBeUndefined();
      const audit = await worker.stores.audit.list(project);
      expect(audit.at(-1)).toMatchObject({ what: 'rollout rolled-back', detail: { because: reason } });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('with no replica at all the step is undone and the phase says so; a retry goes on from there', async () => {
  const handle = await start(1);
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'MLOPS_NO_REPLICA', message: expect.stringContaining('mlops serve') },
  });
  expect((await endpoint())?.champion).toBeUndefined();
  const serving = replica();
  expect(await (await start(1)).result()).toMatchObject({ outcome: 'deployed' });
  await serving.stop();
  expect(await endpoint()).toMatchObject({ champion: { number: 1 }, rollout: { epoch: 2 } });
});

test('a live replica that does not follow in time undoes the step', async () => {
  await withChampion(async () => {
    await report(worker.stores, project, 'stuck', { revision: 1, error: 'load: the disk is full' });
    const result = await (await start(2)).result();
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      reason: 'stuck did not follow within 1 second; stuck: load: the disk is full',
    });
    expect(await endpoint()).toMatchObject({ champion: { number: 1 } });
  });
});

test('a replica that reports late, but in time, is waited for', async () => {
  const handle = await start(
    1,
    {},
    { ...flights(project), rollout: { ...flights(project).rollout, replicasWithin: { wall: '20 seconds' } } }
  );
  const { revision } = await endpointWhen((document) => document.rollout.step === 1);
  await report(worker.stores, project, 'late', { revision: revision - 1 });
  const waits = async () =>
    (await handle.describe()).raw.pendingActivities?.some((pending) => pending.lastHeartbeatTime);
  while (!(await waits())) await new Promise((resolve) => setTimeout(resolve, 20));
  await report(worker.stores, project, 'late', { revision });
  expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
});

test('of two rollouts the later owns the endpoint; the earlier ends as superseded and touches nothing', async () => {
  await withChampion(
    async () => {
      const earlier = await start(2);
      await endpointWhen(inStep('canary'));
      const later = await start(3);
      expect(await earlier.result()).toMatchObject({ outcome: 'superseded' });
      const document = await endpointWhen((found) => found.rollout.epoch === 3 && inStep('canary')(found));
      expect(document).toMatchObject({ champion: { number: 1 }, candidate: { number: 3, share: 0.2 } });
      await later.cancel();
      expect(await later.result()).toMatchObject({ outcome: 'rolled-back' });
      expect(await endpoint()).toMatchObject({ champion: { number: 1 }, rollout: { state: 'rolled-back', epoch: 3 } });
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('a rollback takes a running rollout over, by the next epoch, at once', async () => {
  await withChampion(
    async () => {
      const forward = await start(2);
      await endpointWhen(inStep('canary'));
      const back = await start(1, { kind: 'rollback', reason: 'asked by ana' });
      expect(await back.result()).toMatchObject({ outcome: 'deployed', version: { id: `${project}/1` } });
      expect(await forward.result()).toMatchObject({ outcome: 'superseded' });
      const document = await endpoint();
      expect(document).toMatchObject({ champion: { number: 1 }, rollout: { state: 'finished', epoch: 3 } });
      expect(document?.candidate).toBeUndefined();
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('a rollback does not wait for a replica that is not there', async () => {
  await withChampion(async () => undefined);
  await raw(worker.stores).replicas.deleteMany({ endpoint: project });
  const result: DeployResult = await (await start(2, { kind: 'rollback', cycle: 'rollback-x' })).result();
  expect(result.outcome).toBe('deployed');
  expect(await endpoint()).toMatchObject({ champion: { number: 2 } });
});

test('a rollout at work says what it waits for, and how to go back', async () => {
  await withChampion(
    async () => {
      const handle = await start(2);
      await endpointWhen(inStep('canary'));
      const details = async () =>
        (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
      while (!(await details()).includes('event time until')) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await details()).toContain('2001-05-14T18:20:00.000Z');
      expect(await details()).toContain('**20 %**');
      expect(await details()).toContain('Request Cancellation');
      await handle.cancel();
      await handle.result();
    },
    { shippedTo: '2001-05-10T18:20:00Z' }
  );
});

test('how a rollout ends is in a notice, whoever asked for it; so is one that never began', async () => {
  const receiver = await startReceiver((response) => response.writeHead(200).end());
  const definition = flights(project, { notifiers: [{ webhook: { url: receiver.url } }] });
  const serving = replica({ shippedTo: '2001-05-10T18:20:00Z' });
  const notice = (kind: string): Promise<Notice> =>
    eventually(`a notice ${kind}`, () =>
      receiver.received.map(({ body }) => JSON.parse(body) as Notice).find((each) => each.kind === kind)
    );
  try {
    await (await start(1, {}, definition)).result();
    expect(await notice('rollout-deployed')).toMatchObject({
      project,
      text: `${project}: the rollout of ${project}@1 ended as deployed`,
      workflowId: phaseId(project, 1, 'deploy'),
    });
    const forward = await start(2, {}, definition);
    await endpointWhen(inStep('canary'));
    const back = await start(1, { kind: 'rollback', cycle: 'rollback-x', reason: 'asked by ana' }, definition);
    await Promise.all([forward.result(), back.result()]);
    expect(await notice('rollout-superseded')).toMatchObject({ details: ['another rollout took the endpoint'] });
    const ids = await eventually('the rollback’s', () => {
      const deployed = receiver.received.map(({ body }) => JSON.parse(body) as Notice);
      return deployed.find(({ text }) => text === `${project}: the rollback to ${project}@1 ended as deployed`);
    });
    expect(ids).toMatchObject({ details: ['an earlier version answers again', 'asked by ana'] });

    const never = { id: `${project}/9`, kind: 'version', digest: back.workflowId } as never;
    const failed = await start(1, { kind: 'rollout', cycle: 'deploy-x', version: never }, definition, 'deploy-x');
    await expect(failed.result()).rejects.toThrow('Workflow execution failed');
    expect(await notice('rollout-failed')).toMatchObject({
      text: `${project}: the rollout of ${project}/9 ended as failed`,
      details: [expect.stringContaining('MLOPS_RECORD_MISSING')],
    });
  } finally {
    await serving.stop();
    await receiver.stop();
  }
});

test('what is served has its monitor, also after somebody ended it and a rollback came', async () => {
  const monitor = () => worker.client.workflow.getHandle(monitorId(project));
  const running = async () => (await monitor().describe()).status.name;
  await withChampion(async () => {
    expect(await running()).toBe('RUNNING');
    await monitor().terminate();
    const rollback = await start(1, { kind: 'rollback' });
    expect(await rollback.result()).toMatchObject({ outcome: 'deployed' });
    expect(await running()).toBe('RUNNING');
    expect(await details(monitor())).toContain(`Watches ${project}@1`);
  });
});

async function details(handle: WorkflowHandle): Promise<string> {
  for (;;) {
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    if (metadata.currentDetails?.includes('Watches ') === true && !metadata.currentDetails.includes('nothing yet'))
      return metadata.currentDetails;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a monitor is asked for by the project’s own workflows alone', async () => {
  const activities = monitorActivities(worker.deps);
  const forged = new MockActivityEnvironment().run(() => activities.mlopsEnsureMonitor({ project }));
  await expect(forged).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
});
