/** What approval does outside the workflow: open, record every decision and refusal, close, tell. */
import { activityInfo, getClient } from '@temporalio/activity';
import { crashPoint } from '../crash-points';
import { digestOf } from '../digest';
import { type ApprovalRequest, type Judgement, MAX_RECORDED_REFUSALS, ownWorkOf } from '../domain/approval';
import type { ApprovalPolicy } from '../domain/definition';
import type { Cycle } from '../domain/ids';
import type { DecisionAnswer, DecisionMessage, OperatorAnswer, RequestState, TriggerCause } from '../domain/messages';
import type { Ref } from '../domain/refs';
import { nodeOf } from '../stores/facts';
import { callerIdentity, type MessageSource } from './caller-identity';
import type { ActivityDeps } from './deps';
import { evidenceOf } from './evidence';

export interface OpenRequest {
  readonly project: string;
  readonly cycle: Cycle;
  readonly workflowId: string;
  readonly version: Ref<'version'>;
  readonly evaluation: Ref<'evaluation'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly policy: ApprovalPolicy;
  readonly causes: readonly TriggerCause[];
  /** Who applied the cycle's definition last: its record names who did first. */
  readonly appliedBy: string;
}

export interface RecordDecision {
  readonly request: string;
  readonly project: string;
  readonly decision: DecisionMessage;
  readonly judgement: Judgement;
  readonly via: 'update' | 'signal';
  /** Update id, or the decision's id in the signal: how the message is found in the history. */
  readonly messageId: string;
  readonly workflow: { readonly workflowId: string; readonly runId: string };
}

export function approveActivities(deps: ActivityDeps) {
  return {
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
      const { question } = (await facts.get(evaluation)).body;
      const decided = await moving.requests.findOne({
        project,
        cycle: { $ne: String(cycle) },
        question,
        state: { $in: ['approved', 'rejected'] },
      });
      return decided === null ? {} : { request: decided._id };
    },

    /** Written once; a second attempt, and a retry of the cycle, get the request that is there. */
    async mlopsOpenRequest(open: OpenRequest): Promise<ApprovalRequest> {
      const stores = await deps.stores();
      const id = `${open.project}/${open.cycle}`;
      const [version, evaluation] = await Promise.all([
        stores.facts.get(open.version),
        stores.facts.get(open.evaluation),
      ]);
      const request: ApprovalRequest = {
        _id: id,
        v: 1,
        revision: 0,
        project: open.project,
        cycle: String(open.cycle),
        workflowId: open.workflowId,
        model: version.body.model.digest,
        version: open.version,
        number: version.body.number,
        evaluation: open.evaluation,
        snapshot: open.snapshot,
        question: evaluation.body.question,
        policy: open.policy,
        ownWorkOf: ownWorkOf(open.causes, open.appliedBy),
        causes: open.causes,
        gates: evaluation.body.gates,
        evidence: evidenceOf(version.body, evaluation.body),
        state: 'open',
        openedAt: new Date().toISOString(),
      };
      const kept = await stores.moving.requests.findOneAndUpdate(
        { _id: id },
        { $setOnInsert: request },
        { upsert: true, returnDocument: 'after' }
      );
      crashPoint('request:opened');
      await stores.audit.record({
        id: `request ${id}`,
        project: open.project,
        what: 'approval requested',
        by: 'temporal-mlops',
        detail: { request: id, model: request.model, evaluation: open.evaluation.id },
      });
      return kept ?? request;
    },

    async mlopsFindRequest({ request }: { readonly request: string }): Promise<ApprovalRequest | null> {
      return (await deps.stores()).moving.requests.findOne({ _id: request });
    },

    /** The answer of record: the first one under this decision's id, whoever asks again and through whichever run. */
    async mlopsRecordDecision(record: RecordDecision): Promise<DecisionAnswer> {
      const { request, project, decision, judgement } = record;
      const stores = await deps.stores();
      // Too early is no answer for good: the same decision, sent again, is judged.
      const id = `decision ${request} ${decision.id}${judgement.code === 'not-open-yet' ? ' not-open-yet' : ''}`;
      const earlier = await stores.audit.find(id);
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
            : `${request} ${decision.by}`
        );
        if (refusals > MAX_RECORDED_REFUSALS)
          return {
            ...answer,
            code: 'too-many-refusals',
            reason: `${judgement.reason} (refused ${refusals} times: only counted from now on)`,
          };
      }
      const identity = await callerIdentity(getClient(), record);
      const event = {
        id,
        project,
        what: `decision ${judgement.outcome}`,
        by: decision.by,
        detail: {
          request,
          verdict: decision.verdict,
          digest: decision.digest,
          callerIdentity: identity,
          via: record.via,
          answer,
          ...(decision.comment === undefined ? {} : { comment: decision.comment }),
        },
      };
      if (judgement.outcome === 'refused') await stores.audit.record(event);
      else {
        const known = await stores.moving.requests.findOne({ _id: request });
        const body = {
          request,
          by: decision.by,
          verdict: decision.verdict,
          model: decision.digest as `sha256:${string}`,
          callerIdentity: identity,
          via: record.via,
          ...(decision.comment === undefined ? {} : { comment: decision.comment }),
          ...(decision.signature === undefined ? {} : { signature: decision.signature }),
        };
        await stores.facts.commit(
          {
            _id: `${request}/${decision.id}`,
            kind: 'decision',
            digest: digestOf(body),
            inputs: known === null ? [] : [known.version, known.evaluation],
            artifacts: [],
            body,
          },
          {
            audit: event,
            edges:
              known === null
                ? []
                : [{ from: `decision:${request}/${decision.id}`, relation: 'approved', to: nodeOf(known.version) }],
          }
        );
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

    /** What an operator asked of the lifecycle, and what it answered. */
    async mlopsRecordOperator(record: {
      readonly project: string;
      readonly message: string;
      readonly id: string;
      readonly by: string;
      readonly comment?: string;
      readonly answer: OperatorAnswer;
      readonly workflow: MessageSource['workflow'];
    }): Promise<void> {
      const { audit } = await deps.stores();
      const identity = await callerIdentity(getClient(), {
        workflow: record.workflow,
        via: 'update',
        messageId: record.id,
      });
      await audit.record({
        id: `operator ${record.project} ${record.message} ${record.id}`,
        project: record.project,
        what: record.message,
        by: record.by,
        detail: {
          answer: record.answer,
          callerIdentity: identity,
          ...(record.comment === undefined ? {} : { comment: record.comment }),
        },
      });
    },
  };
}
