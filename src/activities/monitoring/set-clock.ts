/**
 * A person sets the endpoint's event clock, by the monitor's update `setClock`. What is set, and by whom, is read from the
 * history of the monitor that asks: no argument says it.
 */
import { getClient } from '@temporalio/activity';
import { MlopsError } from '../../domain/errors';
import { monitorId } from '../../domain/ids';
import { type ClockMessage, MESSAGES, type OperatorAnswer } from '../../domain/messages';
import { malformedOperatorMessage } from '../../domain/operator-messages';
import { setEndpointClock } from '../../stores/clocks';
import { type Caller, notAuthorized, requireCaller } from '../caller';
import type { ActivityDeps } from '../deps';
import { findUpdate } from '../history';

/** `updateId`: of the update in the calling monitor's history. */
export interface SetClock {
  readonly project: string;
  readonly updateId: string;
}

export function clockActivities(deps: ActivityDeps) {
  return {
    /** Once for each message id of a person. @throws MlopsError MLOPS_NOT_AUTHORIZED, MLOPS_MESSAGE_INVALID */
    async mlopsSetClock({ project, updateId }: SetClock): Promise<OperatorAnswer> {
      const run = requireCaller(monitorId(project));
      const { message, identity } = await sentUpdate(run, updateId);
      const stores = await deps.stores();
      if (Date.parse(message.at) > Date.now()) return { outcome: 'refused', reason: `${message.at} is in the future` };
      const { id, by, at, comment = null } = message;
      const epoch = await setEndpointClock(stores, project, at, {
        id: `clock ${project} ${by} ${id}`,
        project,
        what: 'event clock set',
        by,
        detail: { id, at, comment, callerIdentity: identity, workflow: run.workflowId },
      });
      if (epoch === undefined) return { outcome: 'refused', reason: `${project} has no endpoint yet` };
      return { outcome: 'accepted', reason: `the event clock stands at ${at}; windows from then on are judged again` };
    },
  };
}

async function sentUpdate(
  run: Caller,
  updateId: string
): Promise<{ readonly message: ClockMessage; readonly identity: string }> {
  const sent = await findUpdate(getClient(), run, updateId);
  if (sent?.name !== MESSAGES.setClock)
    throw notAuthorized('The history of this workflow has no such update.', { ...run, updateId });
  const mistake = malformedOperatorMessage(MESSAGES.setClock, sent.message);
  if (mistake !== undefined) throw new MlopsError('MLOPS_MESSAGE_INVALID', mistake, { workflow: run.workflowId }, '');
  return { message: sent.message as ClockMessage, identity: sent.callerIdentity };
}
