/**
 * Who may decide on what, and when a request is decided. Pure rules: the approve workflow holds the state and asks
 * here; a message is recorded before it is answered.
 */
import type { ApprovalPolicy } from './definition';
import type { GateResult } from './evaluation';
import { isPersonName } from './ids';
import type { DecisionAnswer, DecisionCode, DecisionMessage, RequestState, TriggerCause, Verdict } from './messages';
import { type Digest, type FactKind, isDigest, type Ref } from './refs';

/**
 * What people are asked about: its bytes, by name. Digests of a version: `model`, `version`, `evaluation`, `snapshot`,
 * and `champion`, where there was one to compare it with; of a batch's new columns and categories: `change`, `snapshot`.
 * A new kind adds a name here and a function in activities/approval/ that makes its request.
 */
export interface Subject {
  readonly kind: SubjectKind;
  readonly digests: Readonly<Record<string, Digest>>;
}

/** The digest that a decision names, by kind. */
const DECIDED = { version: 'model', policy: 'definition', 'schema-change': 'change' } as const;
export type SubjectKind = keyof typeof DECIDED;

/** What a decision on this subject must name. */
export function decidedDigest({ kind, digests }: Subject): Digest {
  const digest = digests[DECIDED[kind]];
  if (digest === undefined) throw new Error(`a subject of kind ${kind} without its ${DECIDED[kind]}`);
  return digest;
}

/** The record of one kind that a request asks about. */
export function recordAsked<K extends FactKind>(
  { about }: Pick<ApprovalRequest, 'about'>,
  kind: K
): Ref<K> | undefined {
  return about.find((ref): ref is Ref<K> => ref.kind === kind);
}

/** Mutable. `_id` = `<project>/<name>`: a version's name is its cycle, others are made in ids.ts; open until closed once. */
export interface ApprovalRequest {
  readonly _id: string;
  readonly v: 1;
  readonly revision: number;
  readonly project: string;
  /** Workflow to send decisions to. */
  readonly workflowId: string;
  readonly subject: Subject;
  /** The subject as people call it: `flights@2`. */
  readonly title: string;
  /** The records whose digests the subject names; the first is what an approval approves. */
  readonly about: readonly Ref[];
  /** Digest of the question (of a version, what its evaluation compared): a later cycle that comes to the same one has nothing new. */
  readonly comparisonDigest?: Digest;
  readonly policy: ApprovalPolicy;
  /** People who triggered the cycle, or, where none did, applied its definition. */
  readonly authors: readonly string[];
  readonly causes: readonly TriggerCause[];
  readonly gates: readonly GateResult[];
  /** Lines of evidence, as an approver reads them. */
  readonly evidence: readonly string[];
  readonly state: RequestState;
  readonly openedAt: string;
  /** `openedAt` and the policy's deadline: a retry of the phase keeps it. */
  readonly deadlineAt: string;
  readonly closedAt?: string;
  readonly closedBecause?: string;
}

export interface AcceptedDecision {
  readonly id: string;
  readonly by: string;
  readonly verdict: Verdict;
}

export interface Judgement {
  readonly outcome: 'accepted' | 'refused';
  readonly code: DecisionCode;
  readonly reason: string;
  /** The request's state after it. */
  readonly state: RequestState;
}

/** After this many recorded refusals of one person on one request, refusals are only counted. */
export const MAX_RECORDED_REFUSALS = 20;
/** So many of all together who are not its approvers: names cost nothing. */
export const MAX_RECORDED_REFUSALS_OF_STRANGERS = 200;

/** A message by which a decision came, as a history shows it: an update's id, or of a signal what it decides. */
export type SentDecision = { readonly update: string } | { readonly signal: string };

/** What a decision decides: the same one, sent again, is answered as before. */
export function decisionKey({ by, id, verdict, digest }: DecisionMessage): string {
  return `${by} ${id} ${verdict} ${digest}`;
}

/** What came of a batch of decisions: an answer to each, and what counts now. */
export interface RecordedDecisions {
  readonly answers: readonly DecisionAnswer[];
  readonly accepted: readonly AcceptedDecision[];
  readonly state: RequestState;
  readonly closedBecause?: string;
}

/** The people a policy lets decide, roles resolved. */
export function approversOf(policy: Pick<ApprovalPolicy, 'approvers' | 'roles'>): string[] {
  const names = policy.approvers.flatMap((approver) =>
    approver.startsWith('role:') ? (policy.roles[approver.slice('role:'.length)] ?? []) : [approver]
  );
  return [...new Set(names)];
}

/** Own work: of who triggered the cycle; only where no person did, of who applied its definition. */
export function authors(causes: readonly TriggerCause[], definitionAppliedBy: string): string[] {
  const people = causes.flatMap((cause) => (cause.by === undefined ? [] : [cause.by]));
  return people.length > 0 ? [...new Set(people)] : [definitionAppliedBy];
}

/** Who may still decide: approvers whose own work it isn't, and who haven't decided yet. */
export function mayDecide(
  { policy, authors: own }: Pick<ApprovalRequest, 'policy' | 'authors'>,
  accepted: readonly AcceptedDecision[] = []
): string[] {
  const out = [...(policy.allowSelfApproval ? [] : own), ...accepted.map((decision) => decision.by)];
  return approversOf(policy).filter((name) => !out.includes(name));
}

/** Whether there are people enough for an approval. */
export function canBeMet(
  request: Pick<ApprovalRequest, 'policy' | 'authors'>,
  accepted: readonly AcceptedDecision[] = []
): boolean {
  const approvals = accepted.filter((decision) => decision.verdict === 'approve').length;
  return approvals + mayDecide(request, accepted).length >= request.policy.approversNeeded;
}

/** A decision as a client sends it; its mistake in words, or undefined. Size and shape only. */
export function malformedDecision(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null)
    return 'a decision is an object {id, by, verdict, digest, comment?}';
  const { id, by, verdict, digest, comment, signature } = message as Record<string, unknown>;
  if (typeof id !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(id))
    return 'id: 1 to 128 letters, digits, . _ : -';
  if (typeof by !== 'string' || !isPersonName(by)) return 'by: the name of the person who decides';
  if (verdict !== 'approve' && verdict !== 'reject') return 'verdict: approve or reject';
  if (!isDigest(digest)) return 'digest: sha256: and 64 hex digits, of what is decided on';
  if (comment !== undefined && (typeof comment !== 'string' || comment.length > 4000))
    return 'comment: at most 4000 characters';
  if (signature !== undefined && (typeof signature !== 'string' || signature.length > 8000))
    return 'signature: at most 8000 characters';
  return undefined;
}

/**
 * Judges one decision against an open or closed request and the decisions accepted so far.
 * @param sentAt when Temporal took the message; without it the deadline is not looked at
 */
export function judgeDecision(
  request: ApprovalRequest,
  accepted: readonly AcceptedDecision[],
  decision: DecisionMessage,
  sentAt?: string
): Judgement {
  const refuse = (code: DecisionCode, reason: string): Judgement => ({
    outcome: 'refused',
    code,
    reason,
    state: request.state,
  });
  if (request.state !== 'open') {
    const code = request.state === 'superseded' ? 'superseded' : request.state === 'expired' ? 'expired' : 'closed';
    return refuse(
      code,
      `the request is ${request.state}${request.closedBecause === undefined ? '' : `: ${request.closedBecause}`}`
    );
  }
  if (sentAt !== undefined && Date.parse(sentAt) > Date.parse(request.deadlineAt))
    return refuse('expired', `the request's deadline was ${request.deadlineAt}`);
  if (!approversOf(request.policy).includes(decision.by)) {
    return refuse(
      'unknown-approver',
      `${decision.by} is not an approver of ${request.project}; those are ${approversOf(request.policy).join(', ')}`
    );
  }
  if (!request.policy.allowSelfApproval && request.authors.includes(decision.by)) {
    return refuse('own-work', `${decision.by} ${ownWork(request, decision.by)} and can't approve their own work`);
  }
  const asked = decidedDigest(request.subject);
  if (decision.digest !== asked) {
    return refuse('wrong-digest', `the request is for ${asked}, the decision names ${decision.digest}`);
  }
  if (accepted.some((earlier) => earlier.by === decision.by)) {
    return refuse('second-decision', `${decision.by} has decided already`);
  }
  const state = stateAfter(request.policy, [...accepted, decision]);
  return {
    outcome: 'accepted',
    code: 'recorded',
    reason: reasonFor(request.policy, state, [...accepted, decision]),
    state,
  };
}

/** What made it theirs. */
function ownWork({ subject, causes }: Pick<ApprovalRequest, 'subject' | 'causes'>, by: string): string {
  if (subject.kind === 'policy') return 'applied this definition';
  const started = causes.some((cause) => cause.by === by);
  return started ? 'started this cycle' : "applied this cycle's definition";
}

/** The state of an open request on which these decisions count. */
export function stateAfter(policy: ApprovalPolicy, decisions: readonly AcceptedDecision[]): RequestState {
  const votes = (verdict: Verdict): number => decisions.filter((decision) => decision.verdict === verdict).length;
  if (votes('reject') >= policy.rejectsNeeded) return 'rejected';
  if (votes('approve') >= policy.approversNeeded) return 'approved';
  return 'open';
}

/** Whether people approved these very bytes: the request is closed so, and decisions that name them fill its policy. */
export function isApproved(
  request: ApprovalRequest,
  decisions: readonly (AcceptedDecision & { readonly digest: Digest })[],
  digests: Subject['digests']
): boolean {
  if (request.state !== 'approved') return false;
  if (Object.entries(digests).some(([name, digest]) => request.subject.digests[name] !== digest)) return false;
  const people = mayDecide(request);
  const named = decidedDigest(request.subject);
  const counting = decisions.filter(({ by, digest }) => people.includes(by) && digest === named);
  return stateAfter(request.policy, counting) === 'approved';
}

/** How people closed it, in words. */
export function closedBy(state: RequestState, decisions: readonly AcceptedDecision[]): string {
  return `${state} by ${decisions.map((decision) => decision.by).join(', ')}`;
}

/** The judgement of a decision on a request that was never opened. */
export const UNKNOWN_REQUEST: Judgement = {
  outcome: 'refused',
  code: 'unknown-request',
  reason: 'there is no such request',
  state: 'unknown',
};

function reasonFor(policy: ApprovalPolicy, state: RequestState, decisions: readonly AcceptedDecision[]): string {
  if (state !== 'open') return `the request is ${state}`;
  const approvals = decisions.filter((decision) => decision.verdict === 'approve').length;
  return `recorded; ${approvals} of ${policy.approversNeeded} approvals`;
}
