/**
 * Opens an approval request. What it asks, whom and by which policy is worked out from records by a function of the
 * subject's kind (version-request.ts, schema-request.ts); opening is the same for every kind.
 */
import type { AcceptedDecision, ApprovalRequest } from '../../domain/approval';
import { durationMs } from '../../domain/durations';
import { MlopsError } from '../../domain/errors';
import { lifecycleId } from '../../domain/ids';
import { crashPoint } from '../../runtime/crash-points';
import type { Stores } from '../../stores/connect';
import { acceptedOn } from '../../stores/decisions';
import { openOnce } from '../../stores/requests';
import { askedAt, requireCaller } from '../caller';
import { requestRecord } from '../../stores/requests';
import type { OfCycle } from '../cycles';
import type { ActivityDeps } from '../deps';
import { schemaRequest } from './schema-request';
import { versionRequest } from './version-request';

/** A request before it is opened: all but its clock and its state. */
export type RequestDraft = Omit<
  ApprovalRequest,
  'v' | 'revision' | 'state' | 'openedAt' | 'deadlineAt' | 'closedAt' | 'closedBecause'
>;

export interface OpenedRequest {
  readonly request: ApprovalRequest;
  /** Decisions on it that count already: of an approval that failed half-way. */
  readonly accepted: readonly AcceptedDecision[];
}

export function openRequestActivities(deps: ActivityDeps) {
  return {
    /** Asks about what is new in a cycle's batches. */
    async mlopsOpenSchemaRequest({ project, cycle }: OfCycle): Promise<OpenedRequest> {
      requireCaller(lifecycleId(project));
      const stores = await deps.stores();
      return openRequest(stores, await schemaRequest(stores, project, cycle));
    },

    /** Asks about the version of a cycle. */
    async mlopsOpenRequest({ project, cycle }: OfCycle): Promise<OpenedRequest> {
      requireCaller(lifecycleId(project));
      const stores = await deps.stores();
      return openRequest(stores, await versionRequest(stores, project, cycle));
    },
  };
}

/** Written once; a second attempt, and a retry of the phase, get the request that is there, and what was decided. */
export async function openRequest(stores: Stores, draft: RequestDraft): Promise<OpenedRequest> {
  const openedAtMs = askedAt();
  const fresh: ApprovalRequest = {
    ...draft,
    v: 1,
    revision: 0,
    state: 'open',
    openedAt: new Date(openedAtMs).toISOString(),
    deadlineAt: new Date(openedAtMs + durationMs(draft.policy.deadline)).toISOString(),
  };
  const request = await openOnce(stores, fresh);
  crashPoint('request:opened');
  requireSame(request, fresh);
  await stores.audit.record({
    id: `request ${request._id}`,
    project: request.project,
    what: 'approval requested',
    by: 'temporal-mlops',
    detail: { request: request._id, kind: request.subject.kind, ...request.subject.digests },
    record: requestRecord(request),
  });
  return { request, accepted: await acceptedOn(stores, request._id) };
}

/** People were asked about these bytes: whatever is asked now, they must not be taken to have answered about others. */
function requireSame(kept: ApprovalRequest, asked: ApprovalRequest): void {
  for (const what of new Set([...Object.keys(kept.subject.digests), ...Object.keys(asked.subject.digests)])) {
    const [before, now] = [kept.subject.digests[what], asked.subject.digests[what]];
    if (before === now && kept.subject.kind === asked.subject.kind) continue;
    throw new MlopsError(
      'MLOPS_REQUEST_CONFLICT',
      `A request of this id asks about another ${what}.`,
      { request: kept._id, kept: before, asked: now },
      'Skip the cycle and retrain: the next one has a request of its own.'
    );
  }
}
