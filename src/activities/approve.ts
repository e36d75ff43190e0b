/** What approval does outside the workflow; approval/ has a file for each effect. */
import { activityInfo } from '@temporalio/activity';
import type { AcceptedDecision, ApprovalRequest } from '../domain/approval';
import { type Cycle, cycleRecordId, phaseId, type RequestName, requestId } from '../domain/ids';
import type { Digest, Ref } from '../domain/refs';
import { championOf } from '../stores/aliases';
import { acceptedOn } from '../stores/decisions';
import { decidedOn, findRequest } from '../stores/requests';
import { closeRequestActivities } from './approval/close-request';
import { openRequestActivities } from './approval/open-request';
import { recordDecisionsActivities } from './approval/record-decisions';
import { askedChange, isChangeApproved } from './approval/schema-request';
import { requireCaller } from './caller';
import type { ActivityDeps } from './deps';

export interface FoundRequest {
  readonly request: ApprovalRequest;
  /** Decisions on it that count. */
  readonly accepted: readonly AcceptedDecision[];
}

export function approveActivities(deps: ActivityDeps) {
  return {
    ...openRequestActivities(deps),
    ...recordDecisionsActivities(deps),
    ...closeRequestActivities(deps),

    /**
     * A request of another cycle on the same model, test rows and gates that people decided: then there is nothing new
     * to ask. What they approved counts only while it is live: an approval that led to nothing may be asked for again.
     */
    async mlopsAlreadyDecided({
      project,
      cycle,
      evaluation,
    }: {
      readonly project: string;
      readonly cycle: Cycle;
      readonly evaluation: Ref<'evaluation'>;
    }): Promise<{ request?: string }> {
      const stores = await deps.stores();
      const { comparisonDigest } = (await stores.facts.get(evaluation)).body;
      const decided = await decidedOn(stores, project, comparisonDigest, cycleRecordId(project, cycle));
      if (decided === null) return {};
      if (decided.state === 'rejected') return { request: decided._id };
      const champion = await championOf(stores, project);
      const live = champion === null ? null : await stores.facts.find('version', champion.version);
      return live?.body.model.digest === decided.subject.digests.model ? { request: decided._id } : {};
    },

    /** What of a snapshot's batches the approvers are to be asked about: nothing where they have approved the same before. */
    async mlopsChangeToAsk({
      project,
      snapshot,
    }: {
      readonly project: string;
      readonly snapshot: Ref<'snapshot'>;
    }): Promise<{ change?: Digest }> {
      const stores = await deps.stores();
      const asked = await askedChange(stores, snapshot);
      if (asked === undefined || (await isChangeApproved(stores, project, asked.change))) return {};
      return { change: asked.change };
    },

    async mlopsFindRequest({ request }: { readonly request: RequestName }): Promise<{ found?: FoundRequest }> {
      const stores = await deps.stores();
      const id = requestId(request);
      const found = await findRequest(stores, id);
      return found === null ? {} : { found: { request: found, accepted: await acceptedOn(stores, id) } };
    },

    async mlopsRecordMalformed({
      request,
      mistake,
    }: {
      readonly request: RequestName;
      readonly mistake: string;
    }): Promise<void> {
      const { audit } = await deps.stores();
      const { runId } = requireCaller(phaseId(request.project, request.name, 'approve'));
      await audit.record({
        // The activity's id is the same for every attempt, and another for every signal.
        id: `malformed ${requestId(request)} ${runId} ${activityInfo().activityId}`,
        project: request.project,
        what: 'decision refused',
        by: 'unknown',
        detail: { request: requestId(request), code: 'malformed', mistake: mistake.slice(0, 500) },
      });
    },
  };
}
