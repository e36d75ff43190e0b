/**
 * What the history of a workflow's run shows: the messages it was sent, and who sent them. Temporal's server writes it
 * and says who called; a workflow's arguments can say anything.
 */
import type { Client } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import { decisionKey, malformedDecision, type SentDecision } from '../../domain/approval';
import { type DecisionMessage, MESSAGES } from '../../domain/messages';
import type { FoundDecision } from '../../stores/record-decisions';
import type { Caller } from '../caller';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads;

const PAGE_EVENTS = 256;
/** A gRPC status: Temporal's test server pages only forward. */
const UNIMPLEMENTED = 12;

/** Event by event from the newest on. */
async function* newestFirst(client: Client, execution: Caller): AsyncGenerator<HistoryEvent> {
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

/** The decisions of these names in the run's history, each where it came last; undefined where it shows none. */
export async function findDecisions(
  client: Client,
  execution: Caller,
  names: readonly SentDecision[]
): Promise<(FoundDecision | undefined)[]> {
  const found = new Map<string, FoundDecision>();
  const wanted = new Set(names.map(nameOf));
  if (wanted.size === 0) return [];
  for await (const event of newestFirst(client, execution)) {
    const sent = await decisionIn(client, execution, event, wanted);
    if (sent === undefined || found.has(sent.name)) continue;
    found.set(sent.name, sent.found);
    if (found.size === wanted.size) break;
  }
  return names.map((name) => found.get(nameOf(name)));
}

function nameOf(sent: SentDecision): string {
  return 'update' in sent ? `update ${sent.update}` : `signal ${sent.signal}`;
}

async function decisionIn(
  client: Client,
  execution: Caller,
  event: HistoryEvent,
  wanted: ReadonlySet<string>
): Promise<{ name: string; found: FoundDecision } | undefined> {
  const sentAt = timeOf(event);
  // One that a reset brought over stands in an event of its own, before its acceptance.
  const update =
    event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest ??
    event.workflowExecutionUpdateAdmittedEventAttributes?.request;
  if (update?.input?.name === MESSAGES.decide) {
    const name = nameOf({ update: update.meta?.updateId ?? '' });
    if (!wanted.has(name)) return undefined;
    const decision = await decoded(client, execution, update.input.args);
    const callerIdentity = update.meta?.identity ?? 'unknown';
    return decision && { name, found: { decision, via: 'update', callerIdentity, sentAt } };
  }
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal?.signalName !== MESSAGES.decide) return undefined;
  const decision = await decoded(client, execution, signal.input);
  if (decision === undefined) return undefined;
  const name = nameOf({ signal: decisionKey(decision) });
  if (!wanted.has(name)) return undefined;
  return { name, found: { decision, via: 'signal', callerIdentity: signal.identity ?? 'unknown', sentAt } };
}

/** By the worker's data converter; undefined where it carries another message. */
async function decoded(
  client: Client,
  { workflowId }: Caller,
  input: Payloads | null | undefined
): Promise<DecisionMessage | undefined> {
  const { loadedDataConverter, namespace } = client.options;
  const context = { type: 'workflow', namespace, workflowId } as const;
  const message = await decodeFromPayloadsAtIndex<unknown>(loadedDataConverter, 0, input?.payloads, context).catch(
    () => undefined
  );
  return malformedDecision(message) === undefined ? (message as DecisionMessage) : undefined;
}

/** The identity that Temporal was given for an update; `unknown` where the history doesn't show it any more. */
export async function updateIdentity(client: Client, execution: Caller, updateId: string): Promise<string> {
  for await (const event of newestFirst(client, execution)) {
    const update =
      event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest ??
      event.workflowExecutionUpdateAdmittedEventAttributes?.request;
    if (update?.meta?.updateId === updateId) return update.meta.identity ?? 'unknown';
  }
  return 'unknown';
}

export interface EndedBy {
  /** Why the project's lifecycle ended the run, where it did. */
  readonly lifecycle?: string;
  /** Of the newest signal to end it that came from elsewhere. */
  readonly stranger?: { readonly eventId: string; readonly identity: string };
}

/** Who asked the run to end, by a signal or a cancellation: a workflow is known by the server's word alone. */
export async function endedBy(client: Client, execution: Caller, lifecycle: string): Promise<EndedBy> {
  let stranger: EndedBy['stranger'];
  for await (const event of newestFirst(client, execution)) {
    const cancel = event.workflowExecutionCancelRequestedEventAttributes;
    if (cancel?.externalWorkflowExecution?.workflowId === lifecycle) return { lifecycle: 'the lifecycle was stopped' };
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName !== MESSAGES.supersede) continue;
    if (signal.externalWorkflowExecution?.workflowId === lifecycle)
      return { lifecycle: await reasonIn(client, execution, signal.input) };
    stranger ??= { eventId: String(event.eventId), identity: signal.identity ?? 'unknown' };
  }
  return stranger === undefined ? {} : { stranger };
}

async function reasonIn(client: Client, { workflowId }: Caller, input: Payloads | null | undefined): Promise<string> {
  const { loadedDataConverter, namespace } = client.options;
  const context = { type: 'workflow', namespace, workflowId } as const;
  const message = await decodeFromPayloadsAtIndex<unknown>(loadedDataConverter, 0, input?.payloads, context);
  const reason = (message as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === 'string' ? reason.slice(0, 500) : 'a newer cycle took over';
}

function timeOf({ eventTime }: HistoryEvent): string {
  const ms = Number(eventTime?.seconds ?? 0) * 1000 + Math.floor((eventTime?.nanos ?? 0) / 1e6);
  return new Date(ms).toISOString();
}

/** The workflow that started this run as its child, by the server's word; undefined where a client did. */
export async function startedBy(client: Client, execution: Caller): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution,
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  return started?.parentWorkflowExecution?.workflowId ?? undefined;
}
