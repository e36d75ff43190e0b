/**
 * Puts definitions in force: one of each project at a time. What the policy in force governs waits for an approval
 * under it; the records of that approval, and nothing else, put it in force. Each function is one transaction.
 */
import { requestRecord } from './requests';
import type { ClientSession } from 'mongodb';
import { type ApprovalRequest, canBeMet } from '../domain/approval';
import type { ProjectDefinition } from '../domain/definition';
import { governedChanges } from '../domain/definition-changes';
import { MlopsError } from '../domain/errors';
import { policyRequest } from '../domain/policy-request';
import type { Digest, Ref } from '../domain/refs';
import type { Stores } from './connect';
import { acceptedOn } from './decisions';
import { beginProject, definitionInForce, type InForce, propose, replaceDefinition } from './definitions';
import { collection, inTransaction } from './mongo';
import type { ProjectDocument } from './mutable-records';
import { firstOf, namesOf, targetOf, taskOf } from '../domain/task';

export interface Applying {
  readonly project: string;
  /** Registered and checked. */
  readonly ref: Ref<'definition'>;
  readonly definition: ProjectDefinition;
  readonly by: string;
  readonly callerIdentity: string;
  readonly comment?: string;
  /** Milliseconds of wall time, by the clock that judges the request's deadline. */
  readonly now: number;
}

export interface Applied {
  /** In force from now on, or still. */
  readonly inForce: Ref<'definition'>;
  /** Asks about the definition that was applied, where people must approve it first. */
  readonly request?: ApprovalRequest;
  readonly why?: readonly string[];
  /** Workflow of a request that was open, and is closed by this. */
  readonly superseded?: string;
}

/** A second attempt finds what the first one did. */
export async function applyDefinition(stores: Stores, applying: Applying): Promise<Applied> {
  return inTransaction(stores, async (session) => {
    const { project, ref, by, callerIdentity } = applying;
    const next = { definition: ref, appliedBy: by, callerIdentity };
    const current = await settled(stores, project, session);
    if (current === null) {
      await beginProject(stores, project, next, session);
      await recordInForce(stores, project, next, 'first', session);
      return { inForce: ref };
    }
    if (current.proposed === undefined && isSame(current, next)) return { inForce: ref };
    const before = (await stores.facts.get(current.definition)).body.definition;
    requireSameTask(before, applying.definition);
    const why = governedChanges(before, applying.definition);
    if (why.length === 0) {
      const superseded = await withdraw(stores, current, applying, 'applied another definition', session);
      await replaceDefinition(stores, current, next, session);
      await recordInForce(stores, project, next, `revision ${current.revision + 1}`, session);
      return { inForce: ref, ...(superseded === undefined ? {} : { superseded }) };
    }
    if (current.proposed?.definition.digest === ref.digest) {
      const request = await collection(stores, 'requests').findOne({ _id: current.proposed.request }, { session });
      // One that those who are left can't fill is asked anew by somebody else's apply.
      if (
        request !== null &&
        (current.proposed.by === by || canBeMet(request, await acceptedOn(stores, request._id, session)))
      )
        return { inForce: current.definition, request, why };
    }
    const superseded = await withdraw(stores, current, applying, 'proposed another definition', session);
    const request = await ask(stores, current, before, applying, why, session);
    return { inForce: current.definition, request, why, ...(superseded === undefined ? {} : { superseded }) };
  });
}

/**
 * Versions of one endpoint answer alike, classes in one order, and windows and comparisons go by one kind of label.
 * @throws MlopsError MLOPS_DEFINITION_INVALID
 */
function requireSameTask({ name, objective }: ProjectDefinition, { objective: next }: ProjectDefinition): void {
  if (next.task !== objective.task) {
    const what = `objective.task: is ${next.task}, and that of the project is ${objective.task}.`;
    throw new MlopsError(
      'MLOPS_DEFINITION_INVALID',
      what,
      { project: name },
      'Give another task a project of its own.'
    );
  }
  const [target, nextTarget] = [targetOf(taskOf(objective)), targetOf(taskOf(next))];
  if (JSON.stringify(nextTarget) === JSON.stringify(target)) return;
  const field = objective.task;
  const what = `objective.${field}: are not ${firstOf(namesOf(target)!)}, as those of the project are.`;
  throw new MlopsError(
    'MLOPS_DEFINITION_INVALID',
    what,
    { project: name },
    `Give other ${field} a project of their own.`
  );
}

/** A second attempt, or the same one again: there is nothing to notify. */
function isSame(current: ProjectDocument, { definition, appliedBy, callerIdentity }: InForce): boolean {
  return (
    current.definition.digest === definition.digest &&
    current.appliedBy === appliedBy &&
    current.callerIdentity === callerIdentity
  );
}

/** What a project goes by now: a proposal that was approved meanwhile is in force. Null before its first definition. */
export async function settleDefinition(stores: Stores, project: string): Promise<ProjectDocument | null> {
  return inTransaction(stores, (session) => settled(stores, project, session));
}

/** `id`: its sender's; the same one counts once. `by`: who says so, in the audit. */
export interface Resetting extends Applying {
  readonly id: string;
}

/**
 * Without an approval: for whoever has the stores' credentials, where no approver is left.
 * @returns what the project goes by since, also where an earlier message of this id has done it
 */
export async function resetDefinition(stores: Stores, resetting: Resetting): Promise<Digest> {
  const { project, ref, by, callerIdentity, comment } = resetting;
  const id = `policy-reset ${project} ${resetting.id}`;
  return inTransaction(stores, async (session) => {
    const done = await collection(stores, 'audit').findOne({ _id: id }, { session });
    if (done !== null) return done.detail.definition as Digest;
    const next = { definition: ref, appliedBy: by, callerIdentity };
    const current = await settled(stores, project, session);
    if (current === null) await beginProject(stores, project, next, session);
    else {
      requireSameTask((await stores.facts.get(current.definition)).body.definition, resetting.definition);
      await withdraw(stores, current, resetting, 'reset the policy', session);
      await replaceDefinition(stores, current, next, session);
    }
    const detail = {
      definition: ref.digest,
      before: current?.definition.digest ?? 'none',
      callerIdentity,
      ...(comment === undefined ? {} : { comment }),
    };
    await stores.audit.append({ id, project, what: 'policy reset', by, detail }, session);
    return ref.digest;
  });
}

async function settled(stores: Stores, project: string, session: ClientSession): Promise<ProjectDocument | null> {
  const current = await definitionInForce(stores, project, session);
  if (current?.proposed === undefined) return current;
  const { definition, by, callerIdentity, request: id } = current.proposed;
  const request = await collection(stores, 'requests').findOne({ _id: id }, { session });
  if (request?.state === 'open') return current;
  const digests: Readonly<Record<string, Digest>> = request?.subject.digests ?? {};
  // Approved for these very bytes, in place of those in force.
  if (
    request?.state === 'approved' &&
    digests.definition === definition.digest &&
    digests.inForce === current.definition.digest
  ) {
    const next = { definition, appliedBy: by, callerIdentity };
    await replaceDefinition(stores, current, next, session);
    await recordInForce(stores, project, next, id, session);
  } else await propose(stores, current, undefined, session);
  return definitionInForce(stores, project, session);
}

/** Closes the request that waits, and answers its workflow's id. */
async function withdraw(
  stores: Stores,
  { _id: project, proposed }: ProjectDocument,
  { by, now }: Pick<Applying, 'by' | 'now'>,
  what: string,
  session: ClientSession
): Promise<string | undefined> {
  if (proposed === undefined) return undefined;
  const { request } = proposed;
  const because = `${by} ${what}`;
  const set = { state: 'superseded', closedBecause: because, closedAt: new Date(now).toISOString() } as const;
  const closed = await collection(stores, 'requests').findOneAndUpdate(
    { _id: request, state: 'open' },
    { $set: set, $inc: { revision: 1 } },
    { session }
  );
  if (closed === null) return undefined;
  const event = { id: `closed ${request}`, project, what: 'request superseded', by: 'temporal-mlops' };
  await stores.audit.append({ ...event, detail: { request, because } }, session);
  return closed.workflowId;
}

async function ask(
  stores: Stores,
  current: ProjectDocument,
  before: ProjectDefinition,
  applying: Applying,
  why: readonly string[],
  session: ClientSession
): Promise<ApprovalRequest> {
  const { project, ref, definition, by, callerIdentity, comment, now } = applying;
  const request = policyRequest({
    project,
    number: current.proposals + 1,
    inForce: { ref: current.definition, definition: before },
    proposed: { ref, definition },
    by,
    callerIdentity,
    ...(comment === undefined ? {} : { comment }),
    why,
    openedAt: now,
  });
  await collection(stores, 'requests').insertOne(request, { session });
  await propose(stores, current, { definition: ref, by, callerIdentity, request: request._id }, session);
  const detail = { request: request._id, kind: 'policy', ...request.subject.digests, callerIdentity };
  const event = {
    id: `request ${request._id}`,
    project,
    what: 'approval requested',
    by,
    detail,
    record: requestRecord(request),
  };
  await stores.audit.append(event, session);
  return request;
}

async function recordInForce(
  stores: Stores,
  project: string,
  { definition, appliedBy, callerIdentity }: Pick<ProjectDocument, 'definition' | 'appliedBy' | 'callerIdentity'>,
  why: string,
  session: ClientSession
): Promise<void> {
  const id = `in-force ${project} ${why}`;
  const detail = { definition: definition.digest, callerIdentity };
  await stores.audit.append({ id, project, what: 'definition in force', by: appliedBy, detail }, session);
}
