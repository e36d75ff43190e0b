/** Closes a request that its decisions, its deadline or the project's lifecycle has ended: worked out here, not said by the caller. */
import { getClient } from '@temporalio/activity';
import { lifecycleId, type RequestName, requestId } from '../../domain/ids';
import { crashPoint } from '../../runtime/crash-points';
import type { Stores } from '../../stores/connect';
import { countRefusal } from '../../stores/counters';
import { type Closed, findRequest, settleRequest } from '../../stores/requests';
import { askedAt, callingWorkflow, type Caller, requireCaller } from '../caller';
import type { ActivityDeps } from '../deps';
import { endedBy } from './history';

/** Signals of strangers on one request that the audit names. */
const MAX_RECORDED = 20;

export function closeRequestActivities(deps: ActivityDeps) {
  return {
    /**
     * Answers how the request stands afterwards: `open` where nothing closes it.
     * @param because why, where the project's lifecycle itself calls
     */
    async mlopsCloseRequest({
      request: name,
      because,
    }: {
      readonly request: RequestName;
      readonly because?: string;
    }): Promise<Closed> {
      const stores = await deps.stores();
      const id = requestId(name);
      const lifecycle = lifecycleId(name.project);
      const caller = callingWorkflow();
      const request = await findRequest(stores, id);
      // Asked to close what was never opened: nothing to do.
      if (request === null) return { state: 'unknown', because: 'it was never opened' };
      const now = askedAt();
      if (caller.workflowId === lifecycle) {
        const closed = await settleRequest(stores, id, {
          now,
          superseded: because?.slice(0, 500) ?? 'its cycle ended',
        });
        crashPoint('request:closed');
        return closed;
      }
      requireCaller(request.workflowId);
      const superseded = await lifecyclesWord(stores, name, caller);
      const closed = await settleRequest(stores, id, { now, ...(superseded === undefined ? {} : { superseded }) });
      crashPoint('request:closed');
      return closed;
    },
  };
}

/** A stranger's signal does nothing, and is in the audit. */
async function lifecyclesWord(stores: Stores, name: RequestName, run: Caller): Promise<string | undefined> {
  const { lifecycle, stranger } = await endedBy(getClient(), run, lifecycleId(name.project));
  if (stranger === undefined || lifecycle !== undefined) return lifecycle;
  const id = requestId(name);
  if ((await countRefusal(stores, `${id} supersede`)) > MAX_RECORDED) return undefined;
  await stores.audit.record({
    id: `supersede refused ${id} ${run.runId} ${stranger.eventId}`,
    project: name.project,
    what: 'signal refused',
    by: 'unknown',
    detail: { request: id, signal: 'supersede', callerIdentity: stranger.identity, mistake: 'not from the lifecycle' },
  });
  return undefined;
}
