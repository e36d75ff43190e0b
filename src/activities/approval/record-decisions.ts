/** Records what people decided. The activity is given names of messages, never what they say or what is to come of them. */
import { getClient } from '@temporalio/activity';
import type { RecordedDecisions, SentDecision } from '../../domain/approval';
import { phaseId, type RequestName, requestId } from '../../domain/ids';
import { crashPoint } from '../../runtime/crash-points';
import { recordDecisions } from '../../stores/record-decisions';
import { findRequest } from '../../stores/requests';
import { notAuthorized, requireCaller } from '../caller';
import type { ActivityDeps } from '../deps';
import { findDecisions } from './history';

export interface RecordDecisions {
  readonly request: RequestName;
  readonly sent: readonly SentDecision[];
}

/** In one call: the workflow sends fewer. */
const MAX_SENT = 200;

export function recordDecisionsActivities(deps: ActivityDeps) {
  return {
    /** Finds each message in the history of the request's own run, judges and records it. */
    async mlopsRecordDecisions({ request: name, sent }: RecordDecisions): Promise<RecordedDecisions> {
      const stores = await deps.stores();
      const request = await findRequest(stores, requestId(name));
      const run = requireCaller(request?.workflowId ?? phaseId(name.project, name.name, 'approve'));
      if (sent.length > MAX_SENT) throw notAuthorized('Too many messages in one call.', { sent: sent.length });
      const found = await findDecisions(getClient(), run, sent);
      const recorded = await recordDecisions(
        stores,
        name,
        found.map((one, index) => {
          if (one !== undefined) return one;
          const missing = JSON.stringify(sent[index]);
          throw notAuthorized('The history of the request’s run does not show this decision.', { missing });
        })
      );
      crashPoint('decision:recorded');
      if (recorded.state === 'approved' || recorded.state === 'rejected') crashPoint('request:closed');
      return recorded;
    },
  };
}
