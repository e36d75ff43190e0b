/**
 * Takes a stuck workflow back to its last workflow task, without the signals that came after it, and sends those again
 * that can be decoded. Each is sent under an id made of its event, so that a second call sends nothing twice.
 */
import { randomUUID } from 'node:crypto';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import type { MlopsClient } from '../../client';
import { MlopsError } from '../../domain/errors';
import { type Execution, isNotFound, stuckTask } from './stuck';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface LeftOut {
  readonly signal: string;
  readonly event: number;
  readonly from: string;
}

export interface Reset {
  readonly workflow: string;
  /** The run that goes on. */
  readonly runId: string;
  /** Signals by name, the oldest first. */
  readonly sentAgain: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** A run, and the event from which on another run took its place. */
interface Forked {
  readonly base: Execution;
  readonly at: number;
  readonly runId: string;
}

export async function resetStuck(client: MlopsClient, workflowId: string): Promise<Reset> {
  const forked = await fork(client, workflowId);
  const sentAgain: string[] = [];
  const leftOut: LeftOut[] = [];
  // The run has ended: no more signals can come to it.
  for (const event of (await eventsSince(client, forked)).toReversed()) {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal == null) continue;
    const name = signal.signalName ?? '';
    const from = signal.externalWorkflowExecution?.workflowId || signal.identity || 'unknown';
    if (await canBeDecoded(client, workflowId, signal.input)) {
      await client.temporal.workflowService.signalWorkflowExecution({
        namespace: client.temporal.options.namespace,
        workflowExecution: { workflowId },
        signalName: name,
        input: signal.input ?? null,
        header: signal.header ?? null,
        identity: from,
        requestId: `${forked.base.runId} ${Number(event.eventId)}`,
      });
      sentAgain.push(name);
    } else leftOut.push({ signal: name, event: Number(event.eventId), from });
  }
  return { workflow: workflowId, runId: forked.runId, sentAgain, leftOut };
}

/** Resets the workflow; where an earlier call did and was then lost, finds what it did. */
async function fork(client: MlopsClient, workflowId: string): Promise<Forked> {
  const { namespace } = client.temporal.options;
  const { runId } = await client.temporal.workflow
    .getHandle(workflowId)
    .describe()
    .catch((error: unknown) => {
      if (isNotFound(error)) throw notStuck(workflowId, 'is not there');
      throw error;
    });
  const base = { workflowId, runId };
  if ((await stuckTask(client, base)) === undefined) return earlierFork(client, base);
  const { at, completed } = await lastTask(client, base);
  if (!completed) await refuseKept(client, base, at);
  const reset = await client.temporal.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: base,
    reason: 'mlops doctor',
    requestId: randomUUID(),
    workflowTaskFinishEventId: at as unknown as never,
    resetReapplyExcludeTypes: [SIGNALS],
  });
  return { base, at, runId: reset.runId };
}

/** temporal.api.enums.v1.ResetReapplyExcludeType */
const SIGNALS = 1;

async function earlierFork(client: MlopsClient, execution: Execution): Promise<Forked> {
  for await (const event of newestFirst(client, execution)) {
    const runId = event.workflowTaskFailedEventAttributes?.baseRunId;
    if (runId) return { base: { ...execution, runId }, at: Number(event.eventId), runId: execution.runId };
  }
  throw notStuck(execution.workflowId, 'is not stuck, and was not reset');
}

function notStuck(workflow: string, how: string): MlopsError {
  return new MlopsError(
    'MLOPS_NOT_FOUND',
    `This workflow ${how}.`,
    { workflow },
    'mlops doctor lists those that are stuck.'
  );
}

/** The newest workflow task that was completed; where none was, the first one. What came before is kept. */
async function lastTask(client: MlopsClient, execution: Execution): Promise<{ at: number; completed: boolean }> {
  let first = 0;
  for await (const event of newestFirst(client, execution)) {
    if (event.workflowTaskCompletedEventAttributes != null) return { at: Number(event.eventId), completed: true };
    if (event.workflowTaskStartedEventAttributes != null) first = Number(event.eventId);
  }
  return { at: first, completed: false };
}

/** A signal that came before the first task stays in every run that a reset makes: it would be stuck at once. */
async function refuseKept(client: MlopsClient, base: Execution, at: number): Promise<void> {
  const { workflowId } = base;
  const bad: string[] = [];
  const lost: string[] = [];
  for await (const { eventId, workflowExecutionSignaledEventAttributes: signal } of newestFirst(client, base)) {
    if (signal == null) continue;
    const name = `${signal.signalName} (event ${Number(eventId)})`;
    const decoded = await canBeDecoded(client, workflowId, signal.input);
    if (!decoded && Number(eventId) < at) bad.unshift(name);
    else if (decoded) lost.unshift(name);
  }
  if (bad.length === 0) return;
  const others = lost.length === 0 ? 'no other signals' : `its other signals, to be sent again: ${lost.join(', ')}`;
  throw new MlopsError(
    'MLOPS_WORKFLOW_NOT_READY',
    `A reset keeps what came before the first task that was completed, and none was: ${bad.join(', ')} can't be decoded.`,
    { workflow: workflowId },
    `Terminate it (temporal workflow terminate --workflow-id '${workflowId}'), and have it started again: a lifecycle by mlops start, what a lifecycle started by mlops retry. Lost are this run's input and ${others}.`
  );
}

async function eventsSince(client: MlopsClient, { base, at }: Forked): Promise<HistoryEvent[]> {
  const since: HistoryEvent[] = [];
  for await (const event of newestFirst(client, base)) {
    if (Number(event.eventId) < at) break;
    since.push(event);
  }
  return since;
}

async function* newestFirst(client: MlopsClient, execution: Execution): AsyncGenerator<HistoryEvent> {
  const { namespace } = client.temporal.options;
  let nextPageToken: Uint8Array | undefined;
  do {
    const request = { namespace, execution, ...(nextPageToken && { nextPageToken }) };
    const page = await client.temporal.workflowService.getWorkflowExecutionHistoryReverse(request);
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
}

async function canBeDecoded(
  { temporal: client }: MlopsClient,
  workflowId: string,
  input: temporal.api.common.v1.IPayloads | null | undefined
): Promise<boolean> {
  const { loadedDataConverter, namespace } = client.options;
  const context = { type: 'workflow', namespace, workflowId } as const;
  return decodeArrayFromPayloads(loadedDataConverter, input?.payloads, context).then(
    () => true,
    () => false
  );
}
