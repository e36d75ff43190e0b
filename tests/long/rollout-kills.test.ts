/** A rollout of several steps beside a champion, its worker killed at each write and in mid-canary; and one cancelled meanwhile. */
import type { WorkflowHandle } from '@temporalio/client';
import type { EndpointDocument } from '../../src/domain/endpoint';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import type { DeployInput } from '../../src/domain/rollout';
import { rolloutsOf } from '../../src/stores/rollouts';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { openSystem, type TestSystem } from '../support/system';
import { approved } from '../support/approved';
import { runStarters } from '../workflows/starters';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { flights, registerVersion } from '../workflows/endpoint-worker';
import { registeredDefinition } from '../support/registered-definition';
import { raw } from '../support/raw-records';

let system: TestSystem;
let starters: { stop(): Promise<void> };
let replica: FollowingReplica;
let worker: WorkerProcess;
const project = `rollout-kills-${Date.now().toString(36)}`;
const STARTERS = `${project}-starters`;
const definition = flights(project, {
  rollout: { ...flights(project).rollout, replicasWithin: { wall: '5 minutes' } },
});

beforeAll(async () => {
  system = await openSystem('rollout-kills');
  replica = followingReplica(system.stores, project, { shippedTo: '2001-05-10T18:20:00Z' });
  worker = spawnWorker(system);
  starters = await runStarters(STARTERS);
  await (await start(1)).result();
});
afterAll(async () => {
  await replica.stop();
  await worker.kill();
  await starters.stop();
  await system.close();
});

async function start(number: number): Promise<WorkflowHandle> {
  const version = await registerVersion(system.stores, definition, number);
  const input: DeployInput = {
    v: 1,
    project,
    cycle: number,
    ...(await registeredDefinition(system.stores, definition)),
    searchAttributes: false,
    version,
    kind: 'rollout',
  };
  const { body } = await system.stores.facts.get(version);
  await approved(system.stores, { version, number, model: body.model.digest });
  const workflowId = phaseId(project, number, 'deploy');
  // Only a lifecycle's child may take an endpoint.
  await system.client.temporal.workflow.execute('starter', {
    workflowId: lifecycleId(project),
    taskQueue: STARTERS,
    args: [workflowId, input, system.taskQueue],
  });
  return system.client.temporal.workflow.getHandle(workflowId);
}

/** The next worker dies at the point; then there is none. */
async function killedAt(crashAt: string): Promise<void> {
  await worker.kill();
  worker = spawnWorker(system, { crashAt });
  expect([crashAt, await worker.ended]).toEqual([crashAt, 'SIGKILL']);
}

async function freshWorker(): Promise<void> {
  await worker.kill();
  worker = spawnWorker(system);
  await worker.ready;
}

const endpoint = () => raw(system.stores).endpoints.findOne({ _id: project });
const inStep = (name: string) =>
  eventually(`step ${name}`, async (): Promise<EndpointDocument | undefined> => {
    const document = await endpoint();
    return document?.rollout.stepName === name && document.rollout.until !== undefined ? document : undefined;
  });

async function passed(handle: WorkflowHandle, edge: string): Promise<void> {
  replica.state.shippedTo = edge;
  await replica.reported();
  await handle.signal(MESSAGES.watermark, { endpoint: project, watermark: edge, edge, reason: 'passed' });
}

test('killed at each write and in the middle of steps, it goes on and ends as if undisturbed', async () => {
  const handle = await start(2);
  await killedAt('rollout:begun');
  await killedAt('rollout:step-taken');
  await freshWorker();
  const canary = await inStep('canary');
  expect(canary).toMatchObject({
    champion: { number: 1 },
    candidate: { number: 2, share: 0.2 },
    rollout: { epoch: 2 },
  });

  await worker.kill();
  expect((await endpoint())?.revision).toBe(canary.revision);
  // Heard by nobody until there is a worker again.
  await passed(handle, '2001-05-14T18:20:00Z');
  await killedAt('rollout:step-taken');
  await freshWorker();
  const full = await inStep('full');
  expect(full).toMatchObject({ champion: { number: 1 }, candidate: { number: 2, share: 1 }, rollout: { epoch: 2 } });

  await worker.kill();
  await passed(handle, '2001-05-18T00:00:00Z');
  await killedAt('rollout:finished');
  await freshWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
  expect(await endpoint()).toMatchObject({ champion: { number: 2 }, rollout: { state: 'finished', epoch: 2 } });
  expect(await raw(system.stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({
    number: 2,
    revision: 2,
  });
  const told = (await system.stores.audit.list(project)).map(({ what }) => what);
  expect(told).toEqual(['rollout deployed', 'rollout deployed']);
  expect(await rolloutsOf(system.stores).countDocuments({ project })).toBe(2);
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});

test('begun by a worker that died, then cancelled: the endpoint is given back', async () => {
  const handle = await start(3);
  await killedAt('rollout:begun');
  expect(await endpoint()).toMatchObject({ rollout: { state: 'running', epoch: 3 } });
  await handle.cancel();
  await freshWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'rolled-back', reason: 'cancelled' });
  expect(await endpoint()).toMatchObject({ champion: { number: 2 }, rollout: { state: 'rolled-back', epoch: 3 } });
  expect(await rolloutsOf(system.stores).findOne({ project, epoch: 3 })).toMatchObject({ outcome: 'rolled-back' });
});
