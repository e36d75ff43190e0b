/** What the history of a request's run shows: decisions, and who asked the run to end. */
import type { Client } from '@temporalio/client';
import { decisionKey, malformedDecision, type SentDecision } from '../../domain/approval';
import { type DecisionMessage, MESSAGES } from '../../domain/messages';
import type { FoundDecision } from '../../stores/record-decisions';
import type { Caller } from '../caller';
import { argumentOf, type HistoryEvent, newestFirst, updateIn } from '../history';

/** The decisions of these names in the run's history, each where it came last; undefined where it shows none. */
export async function findDecisions(
  client: Client,
  run: Caller,
  names: readonly SentDecision[]
): Promise<(FoundDecision | undefined)[]> {
  const found = new Map<string, FoundDecision>();
  const wanted = new Set(names.map(nameOf));
  if (wanted.size === 0) return [];
  for await (const event of newestFirst(client, run)) {
    const sent = await decisionIn(client, run, event, wanted);
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
  run: Caller,
  event: HistoryEvent,
  wanted: ReadonlySet<string>
): Promise<{ name: string; found: FoundDecision } | undefined> {
  const update = updateIn(event);
  const signal = event.workflowExecutionSignaledEventAttributes;
  const sent = update?.input?.name === MESSAGES.decide ? update.input.args : undefined;
  const input = sent ?? (signal?.signalName === MESSAGES.decide ? signal.input : undefined);
  if (input === undefined || input === null) return undefined;
  const byUpdate = nameOf({ update: update?.meta?.updateId ?? '' });
  if (sent !== undefined && !wanted.has(byUpdate)) return undefined;
  const message = await argumentOf(client, run, input);
  if (malformedDecision(message) !== undefined) return undefined;
  const decision = message as DecisionMessage;
  const via = sent === undefined ? 'signal' : 'update';
  const name = via === 'update' ? byUpdate : nameOf({ signal: decisionKey(decision) });
  if (!wanted.has(name)) return undefined;
  const callerIdentity = (via === 'update' ? update?.meta?.identity : signal?.identity) ?? 'unknown';
  return { name, found: { decision, via, callerIdentity, sentAt: timeOf(event) } };
}

export interface EndedBy {
  /** Why the project's lifecycle ended the run, where it did. */
  readonly lifecycle?: string;
  /** Who sent the newest signal to end it that came from elsewhere. */
  readonly stranger?: { readonly eventId: string; readonly identity: string };
}

/** Who asked the run to end, by a signal or a cancellation: a workflow is known by the server's word alone. */
export async function endedBy(client: Client, run: Caller, lifecycle: string): Promise<EndedBy> {
  let stranger: EndedBy['stranger'];
  for await (const event of newestFirst(client, run)) {
    const cancel = event.workflowExecutionCancelRequestedEventAttributes;
    if (cancel?.externalWorkflowExecution?.workflowId === lifecycle) return { lifecycle: 'the lifecycle was stopped' };
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName !== MESSAGES.supersede) continue;
    if (signal.externalWorkflowExecution?.workflowId === lifecycle)
      return { lifecycle: reasonIn(await argumentOf(client, run, signal.input)) };
    stranger ??= { eventId: String(event.eventId), identity: signal.identity ?? 'unknown' };
  }
  return stranger === undefined ? {} : { stranger };
}

function reasonIn(message: unknown): string {
  const reason = (message as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === 'string' ? reason.slice(0, 500) : 'a newer cycle took over';
}

function timeOf({ eventTime }: HistoryEvent): string {
  const ms = Number(eventTime?.seconds ?? 0) * 1000 + Math.floor((eventTime?.nanos ?? 0) / 1e6);
  return new Date(ms).toISOString();
}
