/**
 * What the history of a workflow's run shows: the messages it was sent, and who sent them. Temporal's server writes it
 * and says who called; a workflow's arguments can say anything.
 */
import { getClient } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { SerializationContext } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import { type Caller, notAuthorized, requireCaller } from './caller';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads;

const PAGE_EVENTS = 256;
/** A gRPC status: Temporal's test server pages only forward. */
const UNIMPLEMENTED = 12;
const NOT_FOUND = 5;

/**
 * Event by event from the newest on. Where a reset took the run's place from another, what came to that one since is
 * between: who sent it is still the server's word.
 */
export async function* newestFirst(client: Client, execution: Caller): AsyncGenerator<HistoryEvent> {
  for await (const event of eventsOf(client, execution)) {
    yield event;
    const base = event.workflowTaskFailedEventAttributes?.baseRunId;
    if (base) yield* eventsFrom(client, { ...execution, runId: base }, Number(event.eventId));
  }
}

/** A run's events from this one on; none where Temporal keeps the run no longer. */
async function* eventsFrom(client: Client, execution: Caller, first: number): AsyncGenerator<HistoryEvent> {
  try {
    for await (const event of eventsOf(client, execution)) {
      if (Number(event.eventId) < first) return;
      yield event;
    }
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== NOT_FOUND) throw error;
  }
}

async function* eventsOf(client: Client, execution: Caller): AsyncGenerator<HistoryEvent> {
  const { namespace } = client.options;
  let nextPageToken: Uint8Array | undefined;
  do {
    const request = { namespace, execution, maximumPageSize: PAGE_EVENTS, ...(nextPageToken && { nextPageToken }) };
    const page = await client.workflowService
      .getWorkflowExecutionHistoryReverse(request)
      .catch((error: { readonly code?: unknown }) => {
        if (error.code === UNIMPLEMENTED) return undefined;
        throw error;
      });
    if (page === undefined) {
      const whole = await client.workflow.getHandle(execution.workflowId, execution.runId).fetchHistory();
      yield* (whole.events ?? []).toReversed();
      return;
    }
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
}

/** A message's argument, by the worker's data converter; undefined where it can't be read. */
export async function argumentOf(
  client: Client,
  { workflowId }: Caller,
  input: Payloads | null | undefined
): Promise<unknown> {
  const { namespace } = client.options;
  return decoded(client, input, { type: 'workflow', namespace, workflowId });
}

function decoded(client: Client, input: Payloads | null | undefined, context: SerializationContext): Promise<unknown> {
  const { loadedDataConverter } = client.options;
  return decodeFromPayloadsAtIndex<unknown>(loadedDataConverter, 0, input?.payloads, context).catch(() => undefined);
}

/** An activity that was done for a run, as its history shows it. */
export interface DoneActivity {
  readonly name: string;
  readonly taskQueue: string;
  readonly input: unknown;
  readonly answer: unknown;
}

/** Activities that the run asked for and that were answered, as far as both can be read. */
export async function doneActivities(client: Client, run: Caller): Promise<DoneActivity[]> {
  const answers = new Map<string, Payloads | null | undefined>();
  const done: DoneActivity[] = [];
  for await (const event of eventsOf(client, run)) {
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed) answers.set(String(completed.scheduledEventId), completed.result);
    const scheduled = event.activityTaskScheduledEventAttributes;
    const id = String(event.eventId);
    if (!scheduled || !answers.has(id)) continue;
    const [input, answer] = await Promise.all(
      [scheduled.input, answers.get(id)].map((payloads) =>
        decoded(client, payloads, {
          type: 'activity',
          namespace: client.options.namespace,
          workflowId: run.workflowId,
          activityId: scheduled.activityId ?? undefined,
          isLocal: false,
        })
      )
    );
    if (input === undefined || answer === undefined) continue;
    const { activityType, taskQueue } = scheduled;
    done.push({ name: activityType?.name ?? '', taskQueue: taskQueue?.name ?? '', input, answer });
  }
  return done;
}

/** A message as its history shows it. */
export interface SentMessage {
  readonly name: string;
  readonly message: unknown;
  /** What the caller's connection said of itself to Temporal's server. */
  readonly callerIdentity: string;
}

/** The update that an event is about. One that a reset brought over stands in an event of its own, before its acceptance. */
export function updateIn(event: HistoryEvent) {
  return (
    event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest ??
    event.workflowExecutionUpdateAdmittedEventAttributes?.request
  );
}

/** The update of this id, where the run has accepted it. */
export async function findUpdate(client: Client, run: Caller, updateId: string): Promise<SentMessage | undefined> {
  for await (const event of newestFirst(client, run)) {
    const update = updateIn(event);
    if (update?.meta?.updateId !== updateId) continue;
    return {
      name: update.input?.name ?? '',
      message: await argumentOf(client, run, update.input?.args),
      callerIdentity: update.meta.identity ?? 'unknown',
    };
  }
  return undefined;
}

/** What the run was started with, and by whom; undefined where an earlier run of the workflow started it. */
export async function findStart(client: Client, run: Caller): Promise<SentMessage | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: run,
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  if (started === undefined || started === null || started.continuedExecutionRunId) return undefined;
  return {
    name: started.workflowType?.name ?? '',
    message: await argumentOf(client, run, started.input),
    callerIdentity: started.identity ?? 'unknown',
  };
}

/** A signal as its history shows it. `from`: the workflow that sent it; absent where a client did. */
export interface SentSignal {
  readonly message: unknown;
  readonly callerIdentity: string;
  readonly from?: string;
}

/** Signals of this name that came after an event, the newest first; `upTo`: the run's newest event. */
export async function* signalsAfter(
  client: Client,
  run: Caller,
  name: string,
  after: number
): AsyncGenerator<SentSignal & { readonly eventId: number }> {
  for await (const event of newestFirst(client, run)) {
    const eventId = Number(event.eventId);
    if (eventId <= after) return;
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName !== name) continue;
    const from = signal.externalWorkflowExecution?.workflowId;
    yield {
      eventId,
      message: await argumentOf(client, run, signal.input),
      callerIdentity: signal.identity ?? 'unknown',
      ...(from ? { from } : {}),
    };
  }
}

/**
 * The workflow of this id calls, as a child of that one.
 * @throws MLOPS_NOT_AUTHORIZED where another calls, or it is not a child
 */
export async function requireChild(workflowId: string, parent: string): Promise<Caller> {
  const caller = requireCaller(workflowId);
  if ((await startedBy(getClient(), caller)) !== parent)
    throw notAuthorized('The project’s lifecycle did not start this workflow.', { workflow: workflowId });
  return caller;
}

/** The workflow that started this run as its child, by the server's word; undefined where a client did. */
export async function startedBy(client: Client, run: Caller): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: run,
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  return started?.parentWorkflowExecution?.workflowId ?? undefined;
}
