/** A handler isn't told who called it; the workflow's history says what identity Temporal was given. */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

export interface MessageSource {
  readonly workflow: { readonly workflowId: string; readonly runId: string };
  readonly via: 'update' | 'signal';
  /** The update's id, or the message's own id within a signal's argument. */
  readonly messageId: string;
}

/** `unknown` where the history doesn't show the message (any more). */
export async function callerIdentity(client: Client, source: MessageSource): Promise<string> {
  const { workflowId, runId } = source.workflow;
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  for (const event of [...(history.events ?? [])].reverse()) {
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    if (source.via === 'update' && update?.meta?.updateId === source.messageId)
      return update.meta.identity ?? 'unknown';
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (
      source.via === 'signal' &&
      signal !== null &&
      signal !== undefined &&
      messageIdOf(signal.input?.payloads?.[0]) === source.messageId
    ) {
      return signal.identity ?? 'unknown';
    }
  }
  return 'unknown';
}

function messageIdOf(payload: Parameters<typeof defaultPayloadConverter.fromPayload>[0] | undefined): unknown {
  if (payload === undefined) return undefined;
  try {
    return (defaultPayloadConverter.fromPayload(payload) as { id?: unknown } | null)?.id;
  } catch {
    // Another message of this history, in an encoding that isn't ours: not the one that is looked for.
    return undefined;
  }
}
