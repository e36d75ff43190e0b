/** A handler isn't told who called it; the workflow's history says what identity Temporal was given. */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { canonicalJson } from '../../runtime/digest';
import type { DecisionMessage } from '../../domain/messages';
import { isServerAway } from '../../runtime/server-away';

export interface MessageSource {
  readonly workflow: { readonly workflowId: string; readonly runId: string };
  /** How the message is found in the history: by its update's id, or as a signal with this argument. */
  readonly sent: { readonly updateId: string } | { readonly signal: DecisionMessage };
}

/** `unknown` where the history doesn't show the message (any more), or the server doesn't let this worker read it. */
export async function callerIdentity(client: Client, { workflow, sent }: MessageSource): Promise<string> {
  const events = await client.workflow
    .getHandle(workflow.workflowId, workflow.runId)
    .fetchHistory()
    .then(
      (history) => history.events ?? [],
      (error: unknown) => {
        if (isServerAway(error)) throw error;
        return [];
      }
    );
  for (const event of events.toReversed()) {
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
