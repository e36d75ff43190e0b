/** A handler isn't told who called it; the workflow's history says what identity Temporal was given. */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, WorkflowNotFoundError } from '@temporalio/common';
import { canonicalJson } from '../digest';
import type { DecisionMessage } from '../domain/messages';

export interface MessageSource {
  readonly workflow: { readonly workflowId: string; readonly runId: string };
  /** How the message is found in the history: by its update's id, or as a signal with this argument. */
  readonly sent: { readonly updateId: string } | { readonly signal: DecisionMessage };
}

/** `unknown` where the history doesn't show the message (any more). */
export async function callerIdentity(client: Client, { workflow, sent }: MessageSource): Promise<string> {
  const handle = client.workflow.getHandle(workflow.workflowId, workflow.runId);
  const history = await handle.fetchHistory().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return {} as Awaited<ReturnType<typeof handle.fetchHistory>>;
    throw error;
  });
  for (const event of [...(history.events ?? [])].reverse()) {
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    if ('updateId' in sent && update?.meta?.updateId === sent.updateId) return update.meta.identity ?? 'unknown';
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (
      'signal' in sent &&
      signal?.input?.payloads?.[0] !== undefined &&
      carries(signal.input.payloads[0], sent.signal)
    )
      return signal.identity ?? 'unknown';
  }
  return 'unknown';
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

function carries(payload: Payload, message: DecisionMessage): boolean {
  try {
    return canonicalJson(defaultPayloadConverter.fromPayload(payload)) === canonicalJson(message);
  } catch {
    // Another message of this history, in an encoding that isn't ours: not the one that is looked for.
    return false;
  }
}
