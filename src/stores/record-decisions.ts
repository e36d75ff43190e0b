/**
 * Judges decisions against the request's record and records what came of each, in one transaction: two that write at
 * once meet at the request's revision, and an attempt that finds its own record writes nothing. The last decision that a policy needs closes the request with it.
 */
import type { ClientSession } from 'mongodb';
import {
  type AcceptedDecision,
  type ApprovalRequest,
  approversOf,
  closedBy,
  decisionKey,
  judgeDecision,
  MAX_RECORDED_REFUSALS,
  MAX_RECORDED_REFUSALS_OF_STRANGERS,
  type RecordedDecisions,
  UNKNOWN_REQUEST,
} from '../domain/approval';
import { decisionId, requestId, type RequestName } from '../domain/ids';
import type { DecisionAnswer, DecisionMessage, RequestState } from '../domain/messages';
import { digestOf } from '../runtime/digest';
import type { Stores } from './connect';
import { nextNumber } from './counters';
import { acceptedOn } from './decisions';
import { nodeOf } from './facts';
import { collection, inTransaction } from './mongo';
import { closeWithin, findRequest, touchRequest } from './requests';

/** A decision as the history of its request's workflow shows it. */
export interface FoundDecision {
  readonly decision: DecisionMessage;
  readonly via: 'update' | 'signal';
  readonly callerIdentity: string;
  readonly sentAt: string;
}

export async function recordDecisions(
  stores: Stores,
  name: RequestName,
  found: readonly FoundDecision[]
): Promise<RecordedDecisions> {
  return inTransaction(stores, async (session) => {
    const id = requestId(name);
    const request = await findRequest(stores, id, session);
    const ballotBox = new Recording(stores, session, name, request, await acceptedOn(stores, id, session));
    const answers: DecisionAnswer[] = [];
    for (const one of found) answers.push(await ballotBox.take(one));
    return { answers, ...ballotBox.standing };
  });
}

class Recording {
  readonly #stores: Stores;
  readonly #session: ClientSession;
  readonly #name: RequestName;
  #request: ApprovalRequest | null;
  readonly #accepted: AcceptedDecision[];

  constructor(
    stores: Stores,
    session: ClientSession,
    name: RequestName,
    request: ApprovalRequest | null,
    accepted: AcceptedDecision[]
  ) {
    this.#stores = stores;
    this.#session = session;
    this.#name = name;
    this.#request = request;
    this.#accepted = accepted;
  }

  get standing(): Omit<RecordedDecisions, 'answers'> {
    const { state, closedBecause } = this.#request ?? { state: 'unknown' as RequestState };
    return { accepted: this.#accepted, state, ...(closedBecause === undefined ? {} : { closedBecause }) };
  }

  /** The answer of record: the first one to this decision of this person, whoever asks again and through whichever run. */
  async take(found: FoundDecision): Promise<DecisionAnswer> {
    const { decision, sentAt } = found;
    const judgement =
      this.#request === null ? UNKNOWN_REQUEST : judgeDecision(this.#request, this.#accepted, decision, sentAt);
    const counted = `decision ${this.#id} ${decisionKey({ ...decision, digest: decision.digest.slice(7, 19) })}`;
    // A request that comes later judges anew what was refused before there was one.
    const refused = `${counted} ${judgement.code === 'unknown-request' ? judgement.code : 'refused'}`;
    // What counts is never answered by an earlier refusal: it would count without a record.
    const earlier = await this.#answered(judgement.outcome === 'accepted' ? [counted] : [counted, refused]);
    if (earlier !== undefined) return earlier;
    const { outcome, code, reason, state } = judgement;
    const answer: DecisionAnswer = { outcome, code, reason, request: this.#id, state };
    if (outcome === 'refused') return this.#refuse(refused, found, answer);
    await this.#accept(counted, found, answer);
    return answer;
  }

  get #id(): string {
    return requestId(this.#name);
  }

  async #answered(ids: readonly string[]): Promise<DecisionAnswer | undefined> {
    const events = await collection(this.#stores, 'audit')
      .find({ _id: { $in: [...ids] } }, { session: this.#session })
      .toArray();
    const first = ids.flatMap((id) => events.filter(({ _id }) => _id === id))[0];
    return first?.detail.answer as DecisionAnswer | undefined;
  }

  async #refuse(id: string, found: FoundDecision, answer: DecisionAnswer): Promise<DecisionAnswer> {
    const { by } = found.decision;
    const count = (of: string): Promise<number> => nextNumber(this.#stores, `refusals ${of}`, this.#session);
    const strange = this.#request === null || !approversOf(this.#request.policy).includes(by);
    const own = await count(
      this.#request === null ? `${this.#name.project} ${found.sentAt.slice(0, 10)}` : `${this.#id} ${by}`
    );
    const all = strange && this.#request !== null ? await count(`${this.#id} of strangers`) : 0;
    if (own > MAX_RECORDED_REFUSALS || all > MAX_RECORDED_REFUSALS_OF_STRANGERS)
      return notRecorded(answer, Math.max(own, all));
    await this.#stores.audit.append(this.#event(id, found, answer), this.#session);
    return answer;
  }

  async #accept(id: string, found: FoundDecision, answer: DecisionAnswer): Promise<void> {
    const request = this.#request as ApprovalRequest;
    const { decision, callerIdentity, via } = found;
    const { by, verdict } = decision;
    const body = {
      request: request._id,
      id: decision.id,
      by,
      verdict,
      digest: decision.digest as ApprovalRequest['subject']['digests'][string],
      callerIdentity,
      via,
      ...(decision.comment === undefined ? {} : { comment: decision.comment }),
      ...(decision.signature === undefined ? {} : { signature: decision.signature }),
    } as const;
    const _id = decisionId(request._id, by);
    const [approved] = request.about;
    const edges =
      verdict === 'approve' && approved !== undefined
        ? [{ from: `decision:${_id}`, relation: 'approved' as const, to: nodeOf(approved) }]
        : [];
    await this.#stores.facts.write(
      { _id, kind: 'decision', digest: digestOf(body), inputs: request.about, artifacts: [], body },
      { audit: this.#event(id, found, answer), edges },
      this.#session
    );
    this.#accepted.push({ id: decision.id, by, verdict });
    const { state } = answer;
    if (state === 'open') {
      await touchRequest(this.#stores, request._id, this.#session);
      return;
    }
    const because = closedBy(state, this.#accepted);
    await closeWithin(this.#stores, request, { state, because }, found.sentAt, this.#session);
    this.#request = { ...request, state, closedBecause: because };
  }

  #event(id: string, { decision, callerIdentity, via, sentAt }: FoundDecision, answer: DecisionAnswer) {
    const { by, verdict, digest, comment } = decision;
    return {
      id,
      project: this.#name.project,
      what: `decision ${answer.outcome}`,
      by,
      detail: {
        request: this.#id,
        decision: decision.id,
        verdict,
        digest,
        callerIdentity,
        via,
        sentAt,
        answer,
        ...(comment === undefined ? {} : { comment }),
      },
    };
  }
}

function notRecorded(answer: DecisionAnswer, times: number): DecisionAnswer {
  return {
    ...answer,
    code: 'too-many-refusals',
    reason: `${answer.reason} (refused ${times} times: only counted from now on)`,
  };
}
