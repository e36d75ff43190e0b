/** Approval on the real servers: who may decide, what is refused, and that nothing of it goes unrecorded. */
import { randomUUID } from 'node:crypto';
import type { ApprovalRequest } from '../../src/domain/approval';
import { phaseId } from '../../src/domain/ids';
import type { DecisionMessage } from '../../src/domain/messages';
import type { ApproveInput, ApproveResult } from '../../src/domain/phases';
import type { Notice } from '../../src/notify';
import { openSystem, type TestSystem } from '../support/system';

const MODEL = `sha256:${'a'.repeat(64)}` as const;
const OTHER = `sha256:${'b'.repeat(64)}` as const;

let system: TestSystem;
const notices: Notice[] = [];
let cycles = 0;

beforeAll(async () => {
  system = await openSystem('approve');
  await system.startWorker({
    registered: { notifiers: { kept: { version: '1', notify: (notice) => void notices.push(notice) } } },
  });
});
afterAll(() => system.close());

interface Opened {
  readonly request: ApprovalRequest;
  readonly id: string;
  readonly workflowId: string;
  readonly result: () => Promise<ApproveResult>;
}

async function open(policy: Partial<ApprovalRequest['policy']> = {}): Promise<Opened> {
  cycles += 1;
  const project = system.name.slice(0, 40);
  const workflowId = phaseId(project, cycles, 'approve');
  const request: ApprovalRequest = {
    _id: `${project}/${cycles}`,
    v: 1,
    revision: 0,
    project,
    cycle: String(cycles),
    workflowId,
    model: MODEL,
    version: { kind: 'version', id: `${project}/${cycles}`, digest: MODEL },
    number: cycles,
    evaluation: { kind: 'evaluation', id: OTHER, digest: OTHER },
    snapshot: { kind: 'snapshot', id: OTHER, digest: OTHER },
    question: OTHER,
    policy: {
      approversNeeded: 1,
      rejectsNeeded: 1,
      approvers: ['ana', 'ben', 'cem'],
      roles: {},
      allowOwnWork: false,
      deadline: { wall: '1 hour' },
      reminders: [],
      ...policy,
    },
    ownWorkOf: ['cem'],
    causes: [{ kind: 'person', by: 'cem', detail: 'started by cem' }],
    gates: [],
    evidence: ['auc 0.7'],
    state: 'open',
    openedAt: new Date().toISOString(),
  };
  await system.stores.moving.requests.insertOne(request);
  const input: ApproveInput = {
    v: 1,
    project,
    cycle: String(cycles),
    searchAttributes: true,
    request,
    notifiers: [{ registered: 'kept', params: {} }],
  };
  const handle = await system.client.temporal.workflow.start('approve', {
    workflowId,
    taskQueue: system.taskQueue,
    args: [input],
  });
  return { request, id: request._id, workflowId, result: () => handle.result() as Promise<ApproveResult> };
}

const decision = (by: string, changes: Partial<DecisionMessage> = {}): DecisionMessage => ({
  id: randomUUID(),
  by,
  verdict: 'approve',
  digest: MODEL,
  ...changes,
});
const audited = async (request: string, id: string) => system.stores.audit.find(`decision ${request} ${id}`);

test('an approval by an approver is answered, recorded with Temporal’s identity of the caller, and closes the request', async () => {
  const { id, result } = await open();
  const sent = decision('ana', { comment: 'looks right' });
  expect(await system.client.decide(id, sent)).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved' });
  const fact = await system.stores.facts.find('decision', `${id}/${sent.id}`);
  expect(fact?.body).toMatchObject({
    by: 'ana',
    verdict: 'approve',
    model: MODEL,
    comment: 'looks right',
    via: 'update',
  });
  expect(fact?.body.callerIdentity).toBe(system.client.temporal.options.identity);
  expect(await system.stores.moving.requests.findOne({ _id: id })).toMatchObject({
    state: 'approved',
    closedBecause: 'approved by ana',
  });
});

test('two decisions of one person at once never fill a quorum of two', async () => {
  const { id, workflowId } = await open({ approversNeeded: 2 });
  const answers = await Promise.all([
    system.client.decide(id, decision('ana')),
    system.client.decide(id, decision('ana')),
  ]);
  expect(answers.map((answer) => answer.code).sort()).toEqual(['recorded', 'second-decision']);
  expect(answers.every((answer) => answer.state === 'open')).toBe(true);
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
});

test('of ten approvers’ decisions at once exactly as many count as the quorum needs, and every caller is answered', async () => {
  const people = Array.from({ length: 10 }, (_, index) => `person${index}`);
  const { id, result } = await open({ approversNeeded: 3, approvers: people });
  const answers = await Promise.all(people.map((person) => system.client.decide(id, decision(person))));
  expect(answers.filter((answer) => answer.outcome === 'accepted')).toHaveLength(3);
  expect(answers.filter((answer) => answer.code === 'closed')).toHaveLength(7);
  expect(await result()).toMatchObject({ state: 'approved' });
  expect(await system.stores.facts.collection('decision').countDocuments({ 'body.request': id })).toBe(3);
});

test.each([
  ['wrong-digest', decision('ana', { digest: OTHER })],
  ['unknown-approver', decision('eve')],
  ['own-work', decision('cem')],
])('%s is refused with the reason, and the refusal is in the audit', async (code, sent) => {
  const { id, workflowId } = await open();
  expect(await system.client.decide(id, sent)).toMatchObject({ outcome: 'refused', code });
  expect(await audited(id, sent.id)).toMatchObject({
    what: 'decision refused',
    by: sent.by,
    detail: { callerIdentity: system.client.temporal.options.identity },
  });
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
});

test('a decision on a closed request is refused and recorded by a short new run, which ends', async () => {
  const { id, workflowId, result } = await open();
  await system.client.decide(id, decision('ben', { verdict: 'reject' }));
  await result();
  const late = decision('ana');
  expect(await system.client.decide(id, late)).toMatchObject({ outcome: 'refused', code: 'closed', state: 'rejected' });
  expect(await audited(id, late.id)).toMatchObject({ what: 'decision refused' });
  expect(await system.client.temporal.workflow.getHandle(workflowId).result()).toMatchObject({ state: 'rejected' });
});

test('a decision on a request that never was is refused and recorded', async () => {
  const sent = decision('ana');
  const request = `${system.name.slice(0, 40)}/999`;
  expect(await system.client.decide(request, sent)).toMatchObject({
    outcome: 'refused',
    code: 'unknown-request',
    state: 'unknown',
  });
  expect(await audited(request, sent.id)).toMatchObject({ what: 'decision refused' });
});

test('the same decision id gets the same answer, while it is open and after it is closed', async () => {
  const { id, result } = await open();
  const sent = decision('ana');
  const first = await system.client.decide(id, sent);
  await result();
  expect(await system.client.decide(id, sent)).toEqual(first);
  expect(await system.stores.facts.collection('decision').countDocuments({ 'body.request': id })).toBe(1);
});

test('the signal twin decides as the update does, with the sender’s identity', async () => {
  const { id, workflowId, result } = await open();
  const sent = decision('ana');
  await system.client.signal(workflowId, 'decide', sent);
  expect(await result()).toMatchObject({ state: 'approved' });
  expect((await system.stores.facts.find('decision', `${id}/${sent.id}`))?.body).toMatchObject({
    via: 'signal',
    callerIdentity: system.client.temporal.options.identity,
  });
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['a decision without a digest', { id: 'x', by: 'ana', verdict: 'approve' }],
])('a signal that carries %s is recorded as refused and the request goes on', async (_, payload) => {
  const { id, workflowId, result } = await open();
  await system.client.signal(workflowId, 'decide', payload);
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ outcome: 'accepted' });
  await result();
  const malformed = (await system.stores.audit.list(system.name.slice(0, 40))).filter(
    (event) => event.detail.request === id && event.detail.code === 'malformed'
  );
  expect(malformed).toHaveLength(1);
});

test('a malformed update is refused in words, and leaves no trace', async () => {
  const { id, workflowId } = await open();
  await expect(system.client.decide(id, { ...decision('ana'), verdict: 'maybe' as never })).rejects.toThrow(
    /MLOPS_MESSAGE_INVALID: verdict: approve or reject/
  );
  const history = await system.client.temporal.workflow.getHandle(workflowId).fetchHistory();
  expect(history.events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
});

test('an approval that nobody gives expires, after its reminder, and is never approved', async () => {
  const { id, result } = await open({
    deadline: { wall: '1500 milliseconds' },
    reminders: [{ wall: '500 milliseconds' }],
  });
  expect(await result()).toMatchObject({ state: 'expired' });
  expect(await system.stores.moving.requests.findOne({ _id: id })).toMatchObject({ state: 'expired' });
  const kinds = notices.filter((notice) => notice.id.startsWith(`${id} `)).map((notice) => notice.kind);
  expect(kinds).toEqual(['approval-requested', 'reminder-500-milliseconds', 'approval-expired']);
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ outcome: 'refused', code: 'expired' });
});

test('a superseded request refuses later decisions as superseded', async () => {
  const { id, workflowId, result } = await open();
  await system.client.signal(workflowId, 'supersede', { reason: 'cycle 9 took over' });
  expect(await result()).toEqual({ state: 'superseded', reason: 'cycle 9 took over' });
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ code: 'superseded' });
});

test('after 20 recorded refusals of one person on one request, refusals are only counted', async () => {
  const { id, workflowId } = await open();
  const answers = [];
  for (let sent = 0; sent < 22; sent += 1) answers.push(await system.client.decide(id, decision('eve')));
  expect(answers.map((answer) => answer.code)).toEqual([
    ...Array(20).fill('unknown-approver'),
    'too-many-refusals',
    'too-many-refusals',
  ]);
  const recorded = (await system.stores.audit.list(system.name.slice(0, 40))).filter(
    (event) => event.detail.request === id && event.by === 'eve'
  );
  expect(recorded).toHaveLength(20);
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
});

test('an approver’s inbox is a query on what workflows wait for', async () => {
  const { workflowId, result, id } = await open({ approvers: ['dora-of-this-test'] });
  const inbox = async (): Promise<string[]> => {
    const found = [];
    for await (const execution of system.client.temporal.workflow.list({
      query: "MlopsWaitingFor = 'approver:dora-of-this-test' AND ExecutionStatus = 'Running'",
    }))
      found.push(execution.workflowId);
    return found;
  };
  const until = Date.now() + 10_000;
  while ((await inbox()).length === 0 && Date.now() < until);
  expect(await inbox()).toEqual([workflowId]);
  await system.client.decide(id, decision('dora-of-this-test'));
  await result();
});

test('the audit chain of all this holds', async () => {
  expect(await system.stores.audit.firstBroken(system.name.slice(0, 40))).toBeUndefined();
});
