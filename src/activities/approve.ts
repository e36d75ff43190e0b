/** What approval does outside the workflow: open, record every decision and refusal, close, tell. */
import { activityInfo, getClient } from '@temporalio/activity';
import { crashPoint } from '../runtime/crash-points';
import { digestOf } from '../runtime/digest';
import { type ApprovalRequest, recordAsked, type Judgement, MAX_RECORDED_REFUSALS } from '../domain/approval';
import { MlopsError } from '../domain/errors';
import type { Cycle } from '../domain/ids';
import type { DecisionAnswer, DecisionCode, DecisionMessage, RequestState } from '../domain/messages';
import type { DecisionBody, Fact } from '../domain/records';
import type { Digest, Ref } from '../domain/refs';
import { nodeOf } from '../stores/facts';
import { callerIdentity, type MessageSource } from './approval/caller-identity';
import type { ActivityDeps } from './deps';
import { openRequestActivities } from './approval/open-request';

export interface RecordDecision {
  readonly request: string;
  readonly project: string;
  readonly decision: DecisionMessage;
  readonly judgement: Judgement;
  /** Where the decision came by an update: its id. */
  readonly updateId?: string;
  readonly workflow: { readonly workflowId: string; readonly runId: string };
}

/** No answers for good: the same decision, sent again, is judged. */
const TOO_EARLY: readonly DecisionCode[] = ['not-open-yet', 'unknown-request'];

export function approveActivities(deps: ActivityDeps) {
  return {
    ...openRequestActivities(deps),

    /** A decided request of another cycle on the same model, test rows and gates: then there is nothing new to ask. */
    async mlopsAlreadyDecided({
      project,
      cycle,
      evaluation,
    }: {
      readonly project: string;
      readonly cycle: Cycle;
      readonly evaluation: Ref<'evaluation'>;
    }): Promise<{ request?: string }> {
      const { facts, moving } = await deps.stores();
      const { comparisonDigest } = (await facts.get(evaluation)).body;
      const decided = await moving.requests.findOne({
        project,
        _id: { $ne: `${project}/${cycle}` },
        comparisonDigest,
        state: { $in: ['approved', 'rejected'] },
      });
      return decided === null ? {} : { request: decided._id };
    },

    async mlopsFindRequest({ request }: { readonly request: string }): Promise<ApprovalRequest | null> {
      return (await deps.stores()).moving.requests.findOne({ _id: request });
    },

    /** The answer of record: the first one to this decision of this person, whoever asks again and through whichever run. */
    async mlopsRecordDecision(record: RecordDecision): Promise<DecisionAnswer> {
      const { request, project, decision, judgement, workflow, updateId } = record;
      const stores = await deps.stores();
      const { by, verdict, digest } = decision;
      const counted = `decision ${request} ${by} ${decision.id} ${verdict} ${digest.slice(7, 19)}`;
      const refused = `${counted} ${TOO_EARLY.includes(judgement.code) ? judgement.code : 'refused'}`;
      // What counts is never answered by an earlier refusal: it would count without a record.
      const id = judgement.outcome === 'accepted' ? counted : refused;
      const earlier = (await stores.audit.find(counted)) ?? (await stores.audit.find(id));
      if (earlier !== null) return earlier.detail.answer as DecisionAnswer;
      const answer: DecisionAnswer = {
        outcome: judgement.outcome,
        code: judgement.code,
        reason: judgement.reason,
        request,
        state: judgement.state,
      };
      if (judgement.outcome === 'refused') {
        const refusals = await stores.moving.countRefusal(
          judgement.code === 'unknown-request'
            ? `${project} ${new Date().toISOString().slice(0, 10)}`
            : `${request} ${by}`
        );
        if (refusals > MAX_RECORDED_REFUSALS)
          return {
            ...answer,
            code: 'too-many-refusals',
            reason: `${judgement.reason} (refused ${refusals} times: only counted from now on)`,
          };
      }
      const via = updateId === undefined ? 'signal' : 'update';
      const sent = updateId === undefined ? { signal: decision } : { updateId };
      const identity = await callerIdentity(getClient(), { workflow, sent });
      const event = {
        id,
        project,
        what: `decision ${judgement.outcome}`,
        by,
        detail: {
          request,
          decision: decision.id,
          verdict,
          digest,
          callerIdentity: identity,
          via,
          answer,
          ...(decision.comment === undefined ? {} : { comment: decision.comment }),
        },
      };
      if (judgement.outcome === 'refused') await stores.audit.record(event);
      else {
        const known = await stores.moving.requests.findOne({ _id: request });
        const body = {
          request,
          id: decision.id,
          by,
          verdict,
          model: digest as Digest,
          callerIdentity: identity,
          via,
          ...(decision.comment === undefined ? {} : { comment: decision.comment }),
          ...(decision.signature === undefined ? {} : { signature: decision.signature }),
        } as const;
        // One decision of a person on a request: by its id there is no second one.
        const fact = `${request}/${by}`;
        const inputs = known === null ? [] : known.about.filter(({ kind }) => kind !== 'snapshot');
        const approved = { from: `decision:${fact}`, relation: 'approved' } as const;
        const version = known === null ? undefined : recordAsked(known, 'version');
        const approves = version !== undefined && verdict === 'approve';
        const { fact: kept } = await stores.facts.commit(
          { _id: fact, kind: 'decision', digest: digestOf(body), inputs, artifacts: [], body },
          { audit: event, edges: approves ? [{ ...approved, to: nodeOf(version) }] : [] }
        );
        requireSameDecision(kept, body);
      }
      crashPoint('decision:recorded');
      return answer;
    },

    async mlopsRecordMalformed(malformed: {
      readonly request: string;
      readonly project: string;
      readonly mistake: string;
      readonly workflow: MessageSource['workflow'];
    }): Promise<void> {
      const { audit } = await deps.stores();
      await audit.record({
        // The activity's id is the same for every attempt, and another for every signal.
        id: `malformed ${malformed.request} ${malformed.workflow.runId} ${activityInfo().activityId}`,
        project: malformed.project,
        what: 'decision refused',
        by: 'unknown',
        detail: { request: malformed.request, code: 'malformed', mistake: malformed.mistake },
      });
    },

    /** Closed once, by compare-and-set on its being open. */
    async mlopsCloseRequest(close: {
      readonly request: string;
      readonly project: string;
      readonly state: RequestState;
      readonly because: string;
    }): Promise<void> {
      const { moving, audit } = await deps.stores();
      await moving.requests.updateOne(
        { _id: close.request, state: 'open' },
        {
          $set: { state: close.state, closedBecause: close.because, closedAt: new Date().toISOString() },
          $inc: { revision: 1 },
        }
      );
      crashPoint('request:closed');
      // Asked to close what was never opened, or was closed by its people: nothing to tell.
      const closed = await moving.requests.findOne({ _id: close.request, state: close.state });
      if (closed === null) return;
      await audit.record({
        id: `closed ${close.request}`,
        project: close.project,
        what: `request ${close.state}`,
        by: 'temporal-mlops',
        detail: { request: close.request, because: close.because },
      });
    },
  };
}

/** By a workflow that has lost what was decided before: of this person another decision counts. */
function requireSameDecision({ _id, body: kept }: Fact<'decision'>, sent: Pick<DecisionBody, 'id' | 'verdict'>): void {
  if (kept.id === sent.id && kept.verdict === sent.verdict) return;
  throw new MlopsError(
    'MLOPS_REQUEST_CONFLICT',
    'Another decision of this person is on record.',
    { decision: _id, kept: kept.verdict, sent: sent.verdict },
    'Retry the phase: it goes on with the decisions that are recorded.'
  );
}
