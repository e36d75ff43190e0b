/** Approval on the real servers: who may decide, what is refused, and that nothing of it goes unrecorded. */
import { randomUUID } from 'node:crypto';
import { type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { NotifierUse } from '../../src/domain/definition';
import { durationMs } from '../../src/domain/durations';
import { phaseId } from '../../src/domain/ids';
import type { AuditEvent } from '../../src/domain/audit-event';
import type { DecisionMessage } from '../../src/domain/messages';
import type { ApproveInput, ApproveResult } from '../../src/domain/phases';
import { type KeptNotices, keptNotices } from '../support/kept-notices';
import { startReceiver } from '../notify/receiver';
import { askedAbout } from '../support/asked';
import { eventually } from '../support/eventually';
import { floodThenDecide } from '../support/flood';
import { smallProject } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { registeredDefinition } from '../support/registered-definition';
import { raw } from '../support/raw-records';

const MODEL = `sha256:${'a'.repeat(64)}` as const;
const OTHER = `sha256:${'b'.repeat(64)}` as const;

let system: TestSystem;
let notices: KeptNotices;
let cycles = 0;

beforeAll(async () => {
  system = await openSystem('approve');
  notices = keptNotices(system.folder);
  await system.startWorker({ registered: notices.module });
});
afterAll(() => system.close());

interface Opened {
  readonly request: ApprovalRequest;
  readonly id: string;
  readonly workflowId: string;
  readonly result: () => Promise<ApproveResult>;
}

async function open(
  policy: Partial<ApprovalRequest['policy']> = {},
  notifiers: readonly NotifierUse[] = [{ registered: 'kept', params: {} }],
  decided: readonly string[] = []
): Promise<Opened> {
  cycles += 1;
  const project = system.name.slice(0, 40);
  const asked = askedAbout({ project, cycle: cycles, model: MODEL });
  const { workflowId } = asked;
  const whole = { ...asked.policy, ...policy };
  const deadlineAt = new Date(Date.parse(asked.openedAt) + durationMs(whole.deadline)).toISOString();
  const request: ApprovalRequest = { ...asked, policy: whole, deadlineAt };
  await raw(system.stores).requests.insertOne(request);
  for (const by of decided) await approvedBefore(request, by);
  const { result } = await waiting(request, await notifying(project, notifiers));
  return { request, id: request._id, workflowId, result };
}

/** The workflow that waits for people, as the lifecycle's cycle starts it. */
async function waiting(
  request: ApprovalRequest,
  known: Pick<ApproveInput, 'definition' | 'plan'> = {}
): Promise<{ readonly handle: WorkflowHandle; readonly result: () => Promise<ApproveResult> }> {
  const name = request._id.slice(request.project.length + 1);
  const input: ApproveInput = { v: 1, project: request.project, name, searchAttributes: true, waits: true, ...known };
  const { workflowId } = request;
  const handle = await system.client.temporal.workflow.start('approve', {
    workflowId,
    taskQueue: system.taskQueue,
    args: [input],
  });
  return { handle, result: () => handle.result() as Promise<ApproveResult> };
}

/** As a run that was lost since recorded it. */
async function approvedBefore(request: ApprovalRequest, by: string): Promise<void> {
  const told = { callerIdentity: 'somebody', via: 'update' } as const;
  const body = { request: request._id, id: `of ${by}`, by, verdict: 'approve', digest: MODEL, ...told } as const;
  const _id = `${request._id}/${by}`;
  await system.stores.facts.commit({ _id, kind: 'decision', digest: OTHER, inputs: [], artifacts: [], body });
}

const notifying = (project: string, notifiers: readonly NotifierUse[]) =>
  registeredDefinition(system.stores, smallProject(project, 'flights.parquet', { notifiers }));

const decision = (by: string, changes: Partial<DecisionMessage> = {}): DecisionMessage => ({
  id: randomUUID(),
  by,
  verdict: 'approve',
  digest: MODEL,
  ...changes,
});
const audit = () => raw(system.stores).db.collection<AuditEvent>('audit');
const audited = (request: string, id: string) => audit().findOne({ 'detail.request': request, 'detail.decision': id });
/** How many signals that are no decision the audit tells of. */
const malformed = (request: string) =>
  audit().countDocuments({ 'detail.request': request, 'detail.code': 'malformed' });
/** What a person sees of it in the Temporal UI. */
async function seen(workflowId: string): Promise<{ waitingFor: unknown; details: string }> {
  const handle = system.client.temporal.workflow.getHandle(workflowId);
  // Once it has read the request's record; its attributes come with the task that did.
  const { currentDetails, searchAttributes } = await eventually('the page', async () => {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    const { searchAttributes } = await handle.describe();
    return currentDetails && searchAttributes.MlopsPhase ? { currentDetails, searchAttributes } : undefined;
  });
  return { waitingFor: searchAttributes.MlopsWaitingFor ?? [], details: currentDetails };
}

test('an approval by an approver is answered, recorded with Temporal’s identity of the caller, and closes the request', async () => {
  const { id, result } = await open();
  const sent = decision('ana', { comment: 'looks right' });
  expect(await system.client.decide(id, sent)).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved' });
  const fact = await system.stores.facts.find('decision', `${id}/ana`);
  expect(fact?.body).toMatchObject({
    by: 'ana',
    verdict: 'approve',
    digest: MODEL,
    comment: 'looks right',
    via: 'update',
  });
  expect(fact?.body.callerIdentity).toBe(system.client.temporal.options.identity);
  expect(await raw(system.stores).requests.findOne({ _id: id })).toMatchObject({
    state: 'approved',
    closedBecause: 'approved by ana',
  });
});

test('two people may choose one id for their decisions: each is answered, counted and recorded', async () => {
  const { id, result } = await open({ approversNeeded: 2 });
  const answers = [
    await system.client.decide(id, decision('ana', { id: '1' })),
    await system.client.decide(id, decision('ben', { id: '1' })),
  ];
  expect(answers).toMatchObject([
    { outcome: 'accepted', state: 'open', reason: 'recorded; 1 of 2 approvals' },
    { outcome: 'accepted', state: 'approved' },
  ]);
  expect(await result()).toMatchObject({ state: 'approved', reason: 'approved by ana, ben' });
  const recorded = await raw(system.stores).facts('decision').find({ 'body.request': id }).toArray();
  expect(recorded.map(({ body }) => `${body.by} ${body.id}`).sort()).toEqual(['ana 1', 'ben 1']);
});

test('a decision that was refused, corrected and sent under its former id, is judged anew', async () => {
  const { id, result } = await open();
  expect(await system.client.decide(id, decision('ana', { id: '1', digest: OTHER }))).toMatchObject({
    code: 'wrong-digest',
  });
  expect(await system.client.decide(id, decision('ana', { id: '1' }))).toMatchObject({ state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved' });
});

test('who has decided is shown, and only those who still may are waited for', async () => {
  const { id, workflowId, result } = await open({ approversNeeded: 2 });
  expect((await seen(workflowId)).waitingFor).toEqual(['approver:ana', 'approver:ben']);
  await system.client.decide(id, decision('ana'));
  const { waitingFor, details } = await seen(workflowId);
  expect(waitingFor).toEqual(['approver:ben']);
  expect(details).toContain('**ana** has decided: approve.');
  expect(details).toContain('**Who:** ben (2 needed');
  await system.client.decide(id, decision('ben'));
  await result();
});

test('a policy that nobody can meet waits for the operator, and says what to do', async () => {
  const { id, workflowId } = await open({ approvers: ['cem', 'ana'], approversNeeded: 2 });
  const { waitingFor, details } = await seen(workflowId);
  expect(waitingFor).toEqual(['approver:ana', 'operator']);
  expect(details).toContain("**The policy can't be met:**");
  // By what was claimed: triggers and callers.
  expect(details).toContain('It is the work of cem, by what was claimed: person by cem (17@desk).');
  expect(details).toContain(`\`mlops retrain ${id.slice(0, id.lastIndexOf('/'))} --supersede\` by somebody else`);
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
});

test('nothing follows from a decision that could not be recorded; sent again once it can be, it counts', async () => {
  const { id, result } = await open({ approversNeeded: 2 });
  await system.client.decide(id, decision('ben'));
  const refusing = (validator: object) => raw(system.stores).db.command({ collMod: 'decisions', validator });
  await refusing({ $nor: [{ 'body.request': id, 'body.by': 'ana' }] });
  try {
    await expect(system.client.decide(id, decision('ana'))).rejects.toThrow(
      /MLOPS_UNEXPECTED: .*Document failed validation/
    );
  } finally {
    await refusing({});
  }
  expect((await raw(system.stores).requests.findOne({ _id: id }))?.state).toBe('open');
  expect(await system.stores.audit.find(`closed ${id}`)).toBeNull();

  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved', reason: 'approved by ben, ana' });
});

test('a decision that can’t be recorded takes no other with it', async () => {
  const { id, workflowId, result } = await open();
  const refusing = (validator: object) => raw(system.stores).db.command({ collMod: 'audit', validator });
  await refusing({ $nor: [{ 'detail.request': id, by: 'eve' }] });
  try {
    const answers = Promise.all(
      ['eve', 'eve', 'ben'].map((by) =>
        system.client.decide(id, decision(by)).then(
          (one) => one.code,
          (error: Error) => error.message
        )
      )
    );
    expect((await answers).map((told) => told.replace(/:.*/s, ''))).toEqual([
      expect.stringContaining('MLOPS_UNEXPECTED'),
      expect.stringContaining('MLOPS_UNEXPECTED'),
      'recorded',
    ]);
    expect(await result()).toMatchObject({ state: 'approved' });
  } finally {
    await refusing({});
    await system.client.temporal.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
  }
});

test('a request whose workflow was lost after the last decision is decided by those on record', async () => {
  const { result } = await open({}, [], ['ben']);
  expect(await result()).toEqual({ state: 'approved', reason: 'approved by ben' });
});

test('a run that knows nothing of a decision finds it on record: of that person no other counts', async () => {
  const { id, workflowId, request } = await open({ approversNeeded: 2 });
  const sent = decision('ana');
  const first = await system.client.decide(id, sent);
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
  const { handle } = await waiting(request);
  expect(await system.client.decide(id, decision('ana', { verdict: 'reject' }))).toMatchObject({
    code: 'second-decision',
  });
  expect(await system.client.decide(id, sent)).toEqual(first);
  expect((await raw(system.stores).requests.findOne({ _id: id }))?.state).toBe('open');
  await handle.terminate();
});

test('a decision on an open request without a run is recorded at once, and the run that comes later goes on from it', async () => {
  const { id, workflowId, request } = await open({ approversNeeded: 2 });
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ outcome: 'accepted', state: 'open' });
  await system.client.temporal.workflow.getHandle(workflowId).result();
  expect(await system.client.decide(id, decision('ben'))).toMatchObject({ outcome: 'accepted', state: 'approved' });
  await system.client.temporal.workflow.getHandle(workflowId).result();
  const { result } = await waiting(request);
  expect(await result()).toEqual({ state: 'approved', reason: 'approved by ana, ben' });
});

test('a run that is reset after the decisions closes the request as they say', async () => {
  const { id, workflowId, result } = await open();
  await system.client.decide(id, decision('ana'));
  await result();
  const { temporal } = system.client;
  const handle = temporal.workflow.getHandle(workflowId);
  const { events } = await handle.fetchHistory();
  const first = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  const { runId } = await temporal.workflowService.resetWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId },
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: first!,
  });
  expect(await temporal.workflow.getHandle(workflowId, runId).result()).toEqual({
    state: 'approved',
    reason: 'approved by ana',
  });
});

test('a decision that was sent before its request was there is judged, and recorded, once it is', async () => {
  const early = decision('ana');
  const next = `${system.name.slice(0, 40)}/${cycles + 1}`;
  expect(await system.client.decide(next, early)).toMatchObject({ code: 'unknown-request' });
  await system.client.temporal.workflow.getHandle(phaseId(system.name.slice(0, 40), cycles + 1, 'approve')).result();
  const { id, result } = await open();
  expect(id).toBe(next);
  expect(await system.client.decide(id, early)).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved' });
  expect((await system.stores.facts.find('decision', `${id}/ana`))?.body).toMatchObject({ id: early.id });
});

test('only an approval is told as one in the lineage', async () => {
  const { id, result } = await open({ approversNeeded: 2 });
  await system.client.decide(id, decision('ana'));
  await system.client.decide(id, decision('ben', { verdict: 'reject' }));
  await result();
  const approved = raw(system.stores)
    .db.collection('edges')
    .find({ relation: 'approved', to: `version:${id}` });
  expect((await approved.toArray()).map(({ from }) => from as string)).toEqual([`decision:${id}/ana`]);
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
  expect(await raw(system.stores).facts('decision').countDocuments({ 'body.request': id })).toBe(3);
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

test('a decision that came before its request is judged once that is open, under the same id', async () => {
  const sent = decision('ana');
  const request = `${system.name.slice(0, 40)}/${cycles + 1}`;
  expect(await system.client.decide(request, sent)).toMatchObject({ code: 'unknown-request' });
  await system.client.temporal.workflow.getHandle(`mlops/${request}/approve`).result();
  const { id, result } = await open();
  expect(id).toBe(request);
  expect(await system.client.decide(id, sent)).toMatchObject({ outcome: 'accepted', state: 'approved' });
  await result();
  expect((await system.stores.facts.find('decision', `${id}/ana`))?.body.id).toBe(sent.id);
  const told = await audit().find({ 'detail.request': id, 'detail.decision': sent.id }).sort({ sequence: 1 }).toArray();
  expect(told.map(({ what }) => what)).toEqual(['decision refused', 'decision accepted']);
});

test('the same decision id gets the same answer, while it is open and after it is closed', async () => {
  const { id, result } = await open();
  const sent = decision('ana');
  const first = await system.client.decide(id, sent);
  await result();
  expect(await system.client.decide(id, sent)).toEqual(first);
  expect(await raw(system.stores).facts('decision').countDocuments({ 'body.request': id })).toBe(1);
});

test('the signal twin decides as the update does, with the sender’s identity', async () => {
  const { id, workflowId, result } = await open();
  const sent = decision('ana');
  await system.client.signal(workflowId, 'decide', sent);
  expect(await result()).toMatchObject({ state: 'approved' });
  expect((await system.stores.facts.find('decision', `${id}/ana`))?.body).toMatchObject({
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
  expect(await malformed(id)).toBe(1);
});

test('junk without end is recorded up to a bound', async () => {
  const { id, workflowId, result } = await open();
  for (let sent = 0; sent < 30; sent += 1) await system.client.signal(workflowId, 'decide', { junk: sent });
  await system.client.decide(id, decision('ana'));
  await result();
  expect(await malformed(id)).toBe(20);
});

test('a history that grows full is left for a new run, and what was decided and heard before holds there', async () => {
  const { id, workflowId, result } = await open({ approversNeeded: 2 });
  const sent = decision('ana');
  const answer = await system.client.decide(id, sent);
  const handle = system.client.temporal.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  // Temporal calls 4 MB full, and leaves out what came during the task before: the run may learn of it by a later message.
  const junk = 'x'.repeat(60_000);
  await eventually('a new run', async () => {
    await system.client.signal(workflowId, 'decide', junk);
    return (await handle.describe()).runId === runId ? undefined : true;
  });

  expect((await seen(workflowId)).details).toContain('**ana** has decided: approve.');
  await system.client.signal(workflowId, 'decide', junk);
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ code: 'second-decision' });
  expect(await system.client.decide(id, sent)).toEqual(answer);
  expect(await system.client.decide(id, decision('ben'))).toMatchObject({ state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved', reason: 'approved by ana, ben' });
  expect(await malformed(id)).toBe(20);
});

test('a flood of strangers’ decisions keeps no approver waiting, and is recorded up to a bound', async () => {
  const flooded = await floodThenDecide(system, { signals: 700, updates: 300 });
  expect(flooded.answers).toMatchObject([
    { outcome: 'accepted', state: 'open' },
    { outcome: 'accepted', state: 'approved' },
  ]);
  expect(flooded.seconds).toBeLessThan(flooded.patience);
  expect(flooded.result).toMatchObject({ state: 'approved', reason: 'approved by ana, ben' });
  expect(flooded.decisions).toBe(2);
  expect(flooded.recorded).toBeGreaterThan(0);
  // 200 of strangers, 20 under an approver's name.
  expect(flooded.recorded).toBeLessThanOrEqual(220);
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
    deadline: { wall: '12 seconds' },
    reminders: [{ wall: '6 seconds' }],
  });
  expect(await result()).toMatchObject({ state: 'expired' });
  expect(await raw(system.stores).requests.findOne({ _id: id })).toMatchObject({ state: 'expired' });
  const told = async () => {
    const kinds = notices
      .all()
      .filter((notice) => notice.id.startsWith(`${id} `))
      .map((notice) => notice.kind);
    return kinds.length === 3 ? kinds : undefined;
  };
  // Each is delivered by a workflow of its own: a slow one may come after the next.
  expect((await eventually('three notices', told)).sort()).toEqual([
    'approval-expired',
    'approval-requested',
    'reminder-6-seconds',
  ]);
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ outcome: 'refused', code: 'expired' });
});

test('one approval of two that are needed expires as none does', async () => {
  const { id, result } = await open({ approversNeeded: 2, deadline: { wall: '500 milliseconds' } }, [], ['ana']);
  expect(await result()).toMatchObject({ state: 'expired' });
  expect(await system.client.decide(id, decision('ben'))).toMatchObject({ outcome: 'refused', code: 'expired' });
  expect(await raw(system.stores).requests.findOne({ _id: id })).toMatchObject({ state: 'expired' });
});

test('a retried approval keeps the deadline of its record', async () => {
  const { id, workflowId, request } = await open({ deadline: { wall: '1 second' } });
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
  await eventually('the deadline', () => (Date.now() > Date.parse(request.deadlineAt) ? true : undefined));
  const { handle, result } = await waiting(request);
  expect(await result()).toMatchObject({ state: 'expired' });
  expect((await raw(system.stores).requests.findOne({ _id: id }))?.state).toBe('expired');
  // Counted anew, it would have been a timer of a second.
  const timers = ((await handle.fetchHistory()).events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
    timer ? [Number(timer.startToFireTimeout?.seconds ?? 0)] : []
  );
  expect(timers.filter((seconds) => seconds >= 1)).toEqual([]);
});

test('a run that somebody cancels by hand fails, and leaves the request open', async () => {
  const { id, workflowId, request, result } = await open();
  const ended = result();
  await seen(workflowId);
  await system.client.temporal.workflow.getHandle(workflowId).cancel();
  await expect(ended).rejects.toThrow('Workflow execution cancelled');
  expect((await raw(system.stores).requests.findOne({ _id: id }))?.state).toBe('open');
  const again = await waiting(request);
  await system.client.decide(id, decision('ana'));
  expect(await again.result()).toMatchObject({ state: 'approved' });
});

describe('a notice', () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  afterEach(() => receiver.stop());

  test('that its receiver refuses is posted again, with one id, until it is taken', async () => {
    let refusals = 2;
    receiver = await startReceiver((response) => response.writeHead(refusals-- > 0 ? 503 : 204).end());
    const { id, workflowId } = await open({}, [{ webhook: { url: receiver.url } }]);
    const posted = async () => (receiver.received.length >= 3 ? receiver.received : undefined);
    const ids = (await eventually('three posts', posted)).map(({ body }) => JSON.parse(body).id as string);
    await system.client.temporal.workflow.getHandle(`${workflowId}/notice/approval-requested`).result();
    expect(ids).toEqual(Array(3).fill(`${id} approval-requested`));
    expect(receiver.received).toHaveLength(3);
    await system.client.temporal.workflow.getHandle(workflowId).terminate();
  });

  test('that nobody takes holds up neither the request nor the other notifiers, and is told in the audit', async () => {
    receiver = await startReceiver((response) => response.writeHead(503).end());
    const secret = { url: receiver.url, secretEnv: 'MLOPS_TEST_NOT_SET' };
    const { id, workflowId, result } = await open({}, [
      { webhook: secret },
      { webhook: { url: receiver.url } },
      { registered: 'kept', params: {} },
    ]);
    await system.client.decide(id, decision('ana'));
    expect(await result()).toMatchObject({ state: 'approved' });
    const kept = async () => notices.all().find((notice) => notice.id === `${id} approval-approved`);
    await eventually('the other notifier was told', kept);
    const told = { what: 'notice not delivered', 'detail.notice': `${id} approval-approved` };
    const untold = await eventually('the audit tells', async () => (await audit().findOne(told)) ?? undefined);
    expect(untold.detail).toMatchObject({
      notifier: 'notifiers[0]',
      why: expect.stringContaining('MLOPS_TEST_NOT_SET') as unknown,
    });
    // A decision that comes with the request's first task leaves nothing to ask for, and no such notice.
    await system.client.temporal.workflow
      .getHandle(`${workflowId}/notice/approval-requested`)
      .terminate()
      .catch(ignoreNotFound);
    await system.client.temporal.workflow.getHandle(`${workflowId}/notice/approval-approved`).terminate();
  });
});

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

test('a notice whose delivery can’t begin is told in the audit, and the request goes on', async () => {
  const { request, workflowId: first } = await open();
  await system.client.temporal.workflow.getHandle(first).terminate();
  // With what a notice's own id adds it is longer than Temporal allows.
  const workflowId = `${first}${'-'.repeat(985 - first.length)}`;
  const { project } = request;
  const asked = { ...request, _id: `${request._id}-long`, workflowId };
  await raw(system.stores).requests.insertOne(asked);
  const { handle } = await waiting(asked, await notifying(project, [{ registered: 'kept', params: {} }]));
  // Decided before it is asked, a request isn't told of.
  await seen(workflowId);
  await system.client.signal(workflowId, 'decide', decision('ana'));
  expect(await handle.result()).toMatchObject({ state: 'approved' });
  const ofThis = { what: 'notice not delivered', 'detail.notice': { $regex: `^${asked._id} ` } };
  const untold = await audit().find(ofThis).sort({ sequence: 1 }).toArray();
  expect(untold.map(({ detail }) => detail.notice)).toEqual([
    `${asked._id} approval-requested`,
    `${asked._id} approval-approved`,
  ]);
});

test('a reminder that its notifier refuses, or whose delivery can’t begin, blocks no approval: the next decision closes the request', async () => {
  // Due by the record's clock: one that a slow machine has not begun to wait for by then would be left out.
  const reminders = [{ wall: '15 seconds' }] as const;
  const refusing = { webhook: { url: 'http://127.0.0.1:9', secretEnv: 'MLOPS_TEST_NOT_SET' } } as const;
  const refused = await open({ reminders }, [refusing]);
  const kind = 'reminder-15-seconds';
  const { request, workflowId: first } = await open();
  await system.client.temporal.workflow.getHandle(first).terminate();
  // With what a notice's own id adds it is longer than Temporal allows.
  const workflowId = `${first}${'-'.repeat(985 - first.length)}`;
  const policy = { ...request.policy, reminders };
  const begun = { ...request, _id: `${request._id}-long`, workflowId, policy, openedAt: new Date().toISOString() };
  await raw(system.stores).requests.insertOne(begun);
  const { handle } = await waiting(begun, await notifying(request.project, [{ registered: 'kept', params: {} }]));

  for (const id of [refused.id, begun._id]) {
    const untold = { what: 'notice not delivered', 'detail.notice': `${id} ${kind}` };
    await eventually('the audit tells of the reminder', async () => (await audit().findOne(untold)) ?? undefined);
  }
  expect(await system.client.decide(refused.id, decision('ana'))).toMatchObject({ outcome: 'accepted' });
  expect(await refused.result()).toMatchObject({ state: 'approved' });
  await system.client.signal(workflowId, 'decide', decision('ana'));
  expect(await handle.result()).toMatchObject({ state: 'approved' });
});

test('a stranger’s `supersede` does nothing, is in the audit up to a bound, and keeps nobody from deciding', async () => {
  const { id, workflowId, result } = await open();
  await seen(workflowId);
  for (let sent = 0; sent < 30; sent += 1)
    await system.client.signal(workflowId, 'supersede', { reason: `cycle 9 took over ${sent}` });
  expect(await system.client.decide(id, decision('ana'))).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await result()).toMatchObject({ state: 'approved' });
  const told = await audit().countDocuments({ what: 'signal refused', 'detail.request': id });
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThanOrEqual(20);
});

test('a superseded request refuses decisions as superseded', async () => {
  const { id, workflowId } = await open();
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
  await raw(system.stores).requests.updateOne({ _id: id }, { $set: { state: 'superseded', closedBecause: 'cycle 9' } });
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
  expect(await audit().countDocuments({ 'detail.request': id, by: 'eve' })).toBe(20);
  await system.client.temporal.workflow.getHandle(workflowId).terminate();
});

test('an approver’s inbox is a query on what workflows wait for', async () => {
  // Of this run of this test alone: the long tests run it a second time, at once perhaps.
  const dora = `dora-${randomUUID()}`;
  const { workflowId, result, id } = await open({ approvers: [dora] });
  const inbox = async (): Promise<string[]> => {
    const found = [];
    for await (const execution of system.client.temporal.workflow.list({
      query: `MlopsWaitingFor = 'approver:${dora}' AND ExecutionStatus = 'Running'`,
    }))
      found.push(execution.workflowId);
    return found;
  };
  const found = await eventually('it is in the inbox', async () => ((await inbox()).length > 0 ? inbox() : undefined));
  expect(found).toEqual([workflowId]);
  await system.client.decide(id, decision(dora));
  await result();
});

test('the audit chain of all this holds', async () => {
  expect(await system.stores.audit.firstBroken(system.name.slice(0, 40))).toBeUndefined();
});
