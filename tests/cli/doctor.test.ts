/** doctor on the real servers: what is well, what is broken, and that what it says to do fixes it. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client as MinioClient } from 'minio';
import type { DecisionMessage } from '../../src/domain/messages';
import type { Digest } from '../../src/domain/refs';
import { mongoFinding } from '../../src/cli/doctor/stores';
import { storeConfig } from '../../src/stores/config';
import { askedAbout } from '../support/asked';
import { eventually } from '../support/eventually';
import { smallProject } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { mlops, mlopsJson } from './mlops';
import { raw } from '../support/raw-records';

const PROJECT = `examined-${randomUUID().slice(0, 8)}`;
const WORKFLOW = `mlops/${PROJECT}`;

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem('doctor');
});
afterAll(async () => {
  await system.client.temporal.workflow.getHandle(WORKFLOW).terminate();
  await system.close();
});

interface Finding {
  readonly state: string;
  readonly about: string;
  readonly what: string;
  readonly fix?: string;
}

async function findings(): Promise<Finding[]> {
  return (await mlopsJson<{ findings: Finding[] }>(['doctor'], system.env)).findings;
}

/** Other projects of these servers have findings of their own. */
async function findingOn(about: string): Promise<Finding | undefined> {
  return (await findings()).find((finding) => finding.about === about);
}

test('without a worker its queues are problems, and the rest is looked at', async () => {
  const found = await findings();
  const queues = found.filter(({ about }) => about.startsWith('queue '));
  expect(queues).toMatchObject([
    { state: 'problem', what: `no worker polls ${system.taskQueue}`, fix: 'Start one: mlops worker.' },
    { state: 'problem', what: `no worker polls ${system.taskQueue}-compute` },
    { state: 'problem', what: `no worker polls ${system.taskQueue}-light` },
  ]);
  for (const about of ['temporal', 'mongodb', 'object store', 'refs', 'audit']) {
    expect(found.find((finding) => finding.about === about)).toMatchObject({ state: 'ok' });
  }
  const { code, stderr } = await mlops(['doctor'], system.env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mlops: .+ problems?: do what is listed\.\n$/);
});

test('with a worker the queues and the search attributes are well', async () => {
  await system.startWorker();
  // Its workers for compute come after it.
  const looked = await eventually('every queue to be polled', async () => {
    const found = (await findings()).filter(({ about }) => /^(queue|search attribute) /.test(about));
    return found.every(({ about, state }) => state === 'ok' || !about.startsWith('queue ')) ? found : undefined;
  });
  expect(looked.map(({ state }) => state)).toEqual(Array(7).fill('ok'));
});

test('a lifecycle that an undecodable signal has stopped is found, and the command that is printed fixes it', async () => {
  const definition = smallProject(PROJECT, join(system.folder, 'none.parquet'));
  await system.client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem' });
  // No file to ingest: the phase fails, and the lifecycle waits for its operator.
  while ((await system.client.status(PROJECT)).failure === undefined);
  await sendUndecodable(WORKFLOW, 'trigger');
  // A trigger that counts, and one that doesn't, behind it.
  await system.client.temporal.workflow.execute('sendTrigger', {
    workflowId: `${WORKFLOW}/scheduled`,
    taskQueue: system.taskQueue,
    args: [{ v: 1, project: PROJECT, kind: 'schedule', id: 'kept', asOf: '2001-03-01T00:00:00Z' }],
  });
  const forged = { id: 'forged', asOf: '2001-03-01T00:00:00Z', cause: { kind: 'schedule', detail: 'x' } };
  await system.client.signal(WORKFLOW, 'trigger', forged);
  let finding = await findingOn(`workflow ${WORKFLOW}`);
  while (finding === undefined) finding = await findingOn(`workflow ${WORKFLOW}`);
  expect(finding).toMatchObject({ state: 'problem', what: expect.stringMatching(/workflow task fails: .*JSON/) });
  const silent = await mlops(['status', PROJECT], system.env);
  expect(silent.code).toBe(0);
  expect(silent.stderr).toMatch(/^mlops: the lifecycle doesn't answer .* mlops doctor looks why\.\n$/);
  expect(silent.stdout).toMatch(/^waits for +operator$/m);

  expect(finding.fix).toMatch(new RegExp(`mlops doctor --reset '${WORKFLOW}'$`));
  const expected = { sentAgain: ['trigger', 'trigger'], leftOut: [{ signal: 'trigger' }] };
  const reset = await mlopsJson<{ runId: string }>(['doctor', '--reset', WORKFLOW], system.env);
  expect(reset).toMatchObject(expected);
  const pending = async () => {
    const { pendingTriggers } = await system.client.status(PROJECT);
    return pendingTriggers.length > 0 ? pendingTriggers : undefined;
  };
  expect(await eventually('the trigger', pending)).toMatchObject([{ id: 'kept', asOf: '2001-03-01T00:00:00Z' }]);
  expect(await system.client.status(PROJECT)).toMatchObject({ cycle: 1, phase: 'ingest', waitingFor: ['operator'] });
  expect(await findingOn(`workflow ${WORKFLOW}`)).toBeUndefined();
  // A second call sends nothing twice.
  expect(await mlopsJson(['doctor', '--reset', WORKFLOW], system.env)).toMatchObject({
    ...expected,
    runId: reset.runId,
  });
  const { events } = await system.client.temporal.workflow.getHandle(WORKFLOW).fetchHistory();
  expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes != null)).toHaveLength(2);
  const received = (await system.stores.audit.list(PROJECT)).filter(({ what }) => what === 'trigger received');
  expect(received).toMatchObject([{ detail: { trigger: { id: 'kept' }, from: `${WORKFLOW}/scheduled` } }]);
  const retried = await mlops(['retry', PROJECT, '--by', 'cem'], system.env);
  expect(retried).toMatchObject({ code: 0, stderr: '' });
});

test('decisions behind an undecodable one count after the reset, by signal and by update', async () => {
  const model = `sha256:${'a'.repeat(64)}` as const;
  const asked = askedAbout({ project: `${PROJECT}-asked`, cycle: 1, model });
  await raw(system.stores).requests.insertOne({ ...asked, policy: { ...asked.policy, approversNeeded: 2 } });
  const { workflowId, project } = asked;
  const { temporal } = system.client;
  await temporal.workflow.start('approve', {
    workflowId,
    taskQueue: system.taskQueue,
    args: [{ v: 1, project, name: asked._id.slice(project.length + 1), searchAttributes: true, waits: true }],
  });
  // A reset goes back to a task that was completed, and keeps what came before the first.
  await eventually('its first task is done', async () => {
    const { historyLength } = await temporal.workflow.getHandle(workflowId).describe();
    return historyLength > 4 ? true : undefined;
  });
  await sendUndecodable(workflowId, 'decide');
  const decision = (by: string): DecisionMessage => ({ id: randomUUID(), by, verdict: 'approve', digest: model });
  await system.client.signal(workflowId, 'decide', decision('ana'));
  const decided = system.client.decide(asked._id, decision('ben'));
  let finding = await findingOn(`workflow ${workflowId}`);
  while (finding === undefined) finding = await findingOn(`workflow ${workflowId}`);
  expect(await mlopsJson(['doctor', '--reset', workflowId], system.env)).toMatchObject({
    sentAgain: ['decide'],
    leftOut: [{ signal: 'decide' }],
  });
  expect(await decided).toMatchObject({ outcome: 'accepted' });
  expect(await temporal.workflow.getHandle(workflowId).result()).toMatchObject({ state: 'approved' });
  expect((await system.stores.facts.find('decision', `${asked._id}/ana`))?.body).toMatchObject({
    via: 'signal',
    callerIdentity: temporal.options.identity,
  });
});

test('a workflow that goes on, or is not there, is not reset', async () => {
  const going = `${WORKFLOW}-going`;
  await system.client.temporal.workflow.start('approve', {
    workflowId: going,
    taskQueue: `${system.taskQueue}-nobody`,
    args: [{}],
  });
  for (const [workflow, why] of [
    [going, 'is not stuck, and was not reset'],
    [`${WORKFLOW}-none`, 'is not there'],
  ] as const) {
    const { code, stderr } = await mlops(['doctor', '--reset', workflow], system.env);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`MLOPS_NOT_FOUND: This workflow ${why}`)]);
  }
  await system.client.temporal.workflow.getHandle(going).terminate();
});

async function sendUndecodable(workflowId: string, signalName: string): Promise<void> {
  await system.client.temporal.workflowService.signalWorkflowExecution({
    namespace: system.client.temporal.options.namespace,
    workflowExecution: { workflowId },
    signalName,
    input: { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{bad') }] },
  });
}

test('records and artifacts that others name and that are gone are told by who names them', async () => {
  const { facts, artifacts } = system.stores;
  const { db } = raw(system.stores);
  const path = join(system.folder, 'lost');
  await writeFile(path, 'lost');
  const lost = await artifacts.put({ name: 'lost', path, mediaType: 'text/plain' });
  const [gone, here] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`] as [Digest, Digest];
  const input = { kind: 'snapshot', id: gone, digest: gone } as const;
  const body = { trainer: 'network' } as never;
  await facts.commit({ _id: here, kind: 'run', digest: here, inputs: [input], artifacts: [lost], body });
  const { s3 } = storeConfig(system.env);
  const { hostname, port } = new URL(s3.endpoint);
  const minio = new MinioClient({ ...s3, endPoint: hostname, port: Number(port), useSSL: false });
  await minio.removeObject(s3.bucket, `cas/sha256/${lost.digest.slice(7, 9)}/${lost.digest.slice(9)}`);
  const told = async () =>
    (await findings()).filter(({ about }) => about === `run:${here}`).map(({ state, what }) => `${state}: ${what}`);
  expect(await told()).toEqual([
    `problem: names snapshot/${gone}, which is gone`,
    `problem: names the artifact ${lost.digest}, whose object is gone`,
  ]);
  // What it says to do fixes it: the bytes are put where it says.
  const advice = (await findings()).find(({ what }) => what.includes('whose object is gone'))?.fix ?? '';
  const [, bucket = '', key = ''] = /^Put the object back as ([^/ ]+)\/(\S+), from a backup/.exec(advice) ?? [];
  await minio.fPutObject(bucket, key, path);
  expect(await told()).toHaveLength(1);
  await artifacts.download(lost.digest, join(system.folder, 'found'));
  await db.collection<{ _id: string }>('artifacts').deleteOne({ _id: lost.digest });
  expect((await told())[1]).toBe(`problem: names the artifact ${lost.digest}, which has no document`);
  await db.collection<{ _id: string }>('runs').deleteOne({ _id: here });
  expect(await told()).toEqual([]);
});

test('an audit chain that somebody changed is a problem', async () => {
  await system.stores.audit.record({ id: 'a', project: 'cut', what: 'x', by: 'ana', detail: {} });
  await system.stores.audit.record({ id: 'b', project: 'cut', what: 'y', by: 'ana', detail: {} });
  await raw(system.stores).db.collection<{ _id: string }>('audit').deleteOne({ _id: 'a' });
  expect(await findingOn('audit cut')).toMatchObject({ state: 'problem', what: 'the chain breaks at: b' });
});

test('a MongoDB that keeps the transactions of killed workers for long is told of, with the command that fixes it', () => {
  expect(mongoFinding('version 6', 60)).toMatchObject({
    state: 'warning',
    what: 'version 6; a transaction of a worker that was killed holds its documents for 60 s and more',
    fix: expect.stringContaining('transactionLifetimeLimitSeconds: 5') as unknown,
  });
  for (const seconds of [5, undefined]) expect(mongoFinding('version 6', seconds).state).toBe('ok');
});
