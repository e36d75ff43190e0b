/**
 * A person sets the endpoint's event clock, by the monitor's update `setClock`. What is set, and by whom, is read from the
 * history of the monitor that asks: no argument says it.
 */
import { getClient } from '@temporalio/activity';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow';
import { MlopsError } from '../../domain/errors';
import { monitorId } from '../../domain/ids';
import { type ClockMessage, MESSAGES, type OperatorAnswer } from '../../domain/messages';
import { malformedOperatorMessage } from '../../domain/operator-messages';
import { setEndpointClock } from '../../stores/clocks';
import { requireCaller } from '../caller';
import type { ActivityDeps } from '../deps';

/** `updateId`: of the update in the calling monitor's history. */
export interface SetClock {
  readonly project: string;
  readonly updateId: string;
}

export function clockActivities(deps: ActivityDeps) {
  return {
    /** Once for each message id of a person. @throws MlopsError MLOPS_NOT_AUTHORIZED, MLOPS_MESSAGE_INVALID */
    async mlopsSetClock({ project, updateId }: SetClock): Promise<OperatorAnswer> {
      const { workflowId, runId } = requireCaller(monitorId(project));
      const { message, identity } = await sentUpdate(workflowId, runId, updateId);
      const stores = await deps.stores();
      if (Date.parse(message.at) > Date.now()) return { outcome: 'refused', reason: `${message.at} is in the future` };
      const { id, by, at, comment = null } = message;
      const epoch = await setEndpointClock(stores, project, at, {
        id: `clock ${project} ${by} ${id}`,
        project,
        what: 'event clock set',
        by,
        detail: { id, at, comment, callerIdentity: identity, workflow: workflowId },
      });
      if (epoch === undefined) return { outcome: 'refused', reason: `${project} has no endpoint yet` };
      return { outcome: 'accepted', reason: `the event clock stands at ${at}; windows from then on are judged again` };
    },
  };
}

async function sentUpdate(
  workflowId: string,
  runId: string,
  updateId: string
): Promise<{ readonly message: ClockMessage; readonly identity: string }> {
  const client = getClient();
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  for (const event of (events ?? []).toReversed()) {
    const request = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
    if (request?.meta?.updateId !== updateId || request.input?.name !== MESSAGES.setClock) continue;
    const payloads = request.input.args?.payloads ?? [];
    const message = await decodeFromPayloadsAtIndex<ClockMessage>(client.options.loadedDataConverter, 0, payloads);
    const mistake = malformedOperatorMessage(MESSAGES.setClock, message);
    if (mistake !== undefined) throw new MlopsError('MLOPS_MESSAGE_INVALID', mistake, { workflow: workflowId }, '');
    return { message, identity: request.meta.identity ?? 'unknown' };
  }
  throw new MlopsError(
    'MLOPS_NOT_AUTHORIZED',
    'The history of this workflow has no such update.',
    { workflow: workflowId, update: updateId },
    'Nothing was changed.'
  );
}
