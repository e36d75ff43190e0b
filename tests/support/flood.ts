/** A request that strangers flood with well-formed decisions, and on which two approvers then decide. */
import { randomUUID } from 'node:crypto';
import { errorCodeOf } from '../../src/domain/errors';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { DecisionAnswer, DecisionMessage } from '../../src/domain/messages';
import type { ApproveInput, ApproveResult } from '../../src/domain/phases';
import { askedAbout } from './asked';
import { refusal } from '../../src/runtime/refusal';
import type { TestSystem } from './system';
import { raw } from './raw-records';

const MODEL = `sha256:${'a'.repeat(64)}` as const;
const OTHER = `sha256:${'c'.repeat(64)}` as const;

export interface Flooded {
  /** Of the two approvers, in their order. */
  readonly answers: readonly DecisionAnswer[];
  /** From the first of them to the last answer. */
  readonly seconds: number;
  /** Seconds that it may take on this machine: ten, or fifty times what it takes where nobody else asks. */
  readonly patience: number;
  readonly result: ApproveResult;
  /** Refusals in the audit. */
  readonly recorded: number;
  readonly decisions: number;
  /** How the strangers' updates were answered: an outcome, or the code of an error; and how often. */
  readonly outcomes: ReadonlyMap<string, number>;
}

export async function floodThenDecide(
  system: TestSystem,
  { signals, updates }: { readonly signals: number; readonly updates: number }
): Promise<Flooded> {
  const calm = await bothDecide(system, await ask(system));
  const request = await ask(system);
  const handle = system.client.temporal.workflow.getHandle(request.workflowId);

  // Strangers, and an approver's name on other bytes.
  const junk = (index: number): DecisionMessage => ({
    id: randomUUID(),
    by: index % 3 === 0 ? 'ana' : `stranger-${index % 1000}`,
    verdict: 'approve',
    digest: index % 3 === 0 ? OTHER : MODEL,
  });
  const [, outcomes] = await Promise.all([
    inTurns(signals, 50, (index) => handle.signal('decide', junk(index))),
    // Temporal takes ten at a time.
    inTurns(updates, 8, (index) =>
      handle.executeUpdate<DecisionAnswer, [DecisionMessage]>('decide', {
        args: [junk(index)],
        updateId: randomUUID(),
      })
    ),
  ]);

  const { answers, seconds } = await bothDecide(system, request);
  const result = (await handle.result()) as ApproveResult;
  const audit = raw(system.stores).db.collection('audit');
  return {
    outcomes,
    answers,
    seconds,
    patience: patienceFor(calm.seconds),
    result,
    recorded: await audit.countDocuments({ 'detail.request': request._id, what: 'decision refused' }),
    decisions: await raw(system.stores).facts('decision').countDocuments({ 'body.request': request._id }),
  };
}

/** A request that two approvers must decide, and the workflow that waits for them. */
async function ask(system: TestSystem): Promise<ApprovalRequest> {
  const project = `${system.name.slice(0, 40)}-${randomUUID().slice(0, 4)}`;
  const asked = askedAbout({ project, cycle: 1, model: MODEL });
  const request = { ...asked, policy: { ...asked.policy, approversNeeded: 2 } };
  await raw(system.stores).requests.insertOne(request);
  const input: ApproveInput = { v: 1, project, name: '1', searchAttributes: true, waits: true };
  const started = { workflowId: request.workflowId, taskQueue: system.taskQueue, args: [input] };
  await system.client.temporal.workflow.start('approve', started);
  return request;
}

async function bothDecide(
  system: TestSystem,
  request: ApprovalRequest
): Promise<{ readonly answers: readonly DecisionAnswer[]; readonly seconds: number }> {
  const at = Date.now();
  const answers: DecisionAnswer[] = [];
  for (const by of ['ana', 'ben'])
    answers.push(await system.client.decide(request._id, { id: randomUUID(), by, verdict: 'approve', digest: MODEL }));
  return { answers, seconds: (Date.now() - at) / 1000 };
}

/** A person waits ten seconds; on a slow machine, fifty times as long as for an answer that nothing delays. */
export function patienceFor(calmSeconds: number): number {
  return Math.max(10, 50 * calmSeconds);
}

/**
 * All of them, so many at once.
 * @returns how they were answered (an outcome, or the code of an error), and how often
 */
export async function inTurns(
  count: number,
  atOnce: number,
  send: (index: number) => Promise<{ readonly outcome: string } | void>
): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const how = await send(next).then(
        (answer) => answer?.outcome ?? 'sent',
        (error: unknown) => {
          const known = refusal(error);
          return errorCodeOf(known) ?? `${String(known)}: ${String((known as { cause?: unknown }).cause)}`;
        }
      );
      outcomes.set(how, (outcomes.get(how) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  return outcomes;
}
