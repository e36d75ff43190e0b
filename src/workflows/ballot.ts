/**
 * The decisions on one request, as its record has them. Messages wait here, and one recorder takes them in batches to
 * the activity that judges and records; what counts is what that answers. Here they are only put in order: approvers'
 * first valid decisions before all others, and of refusals no more than a sender, and all strangers, are granted.
 */
import { CancellationScope, condition } from '@temporalio/workflow';
import {
  type AcceptedDecision,
  type ApprovalRequest,
  approversOf,
  decisionKey,
  judgeDecision,
  malformedDecision,
  MAX_RECORDED_REFUSALS,
  MAX_RECORDED_REFUSALS_OF_STRANGERS,
  type SentDecision,
  stateAfter,
} from '../domain/approval';
import type { DecisionAnswer, DecisionMessage, RequestState } from '../domain/messages';
import type { ApproveInput, RefusedCounts } from '../domain/phases';
import { io } from './activities';
import { requestId } from '../domain/ids';

/** Signals that are not a decision are recorded up to here, then only counted. */
const MAX_RECORDED_MALFORMED = 20;
/** Messages that are recorded at once: the sender of the first waits for the last. */
const BATCH = 50;
/** Temporal refuses more than 2,000 updates in a run. */
const MAX_MESSAGES = 500;

interface Waiting {
  readonly key: string;
  readonly message: DecisionMessage;
  readonly sent: SentDecision;
  readonly answer: (answer: DecisionAnswer) => void;
  readonly fail: (error: unknown) => void;
  /** Counted among the refusals that are recorded. */
  granted?: true;
}

export class Ballot {
  readonly #input: ApproveInput;
  readonly #onChange: () => void;
  #request: ApprovalRequest | undefined;
  #accepted: readonly AcceptedDecision[] = [];
  #inbox: Waiting[] = [];
  #recording = false;
  readonly #answers = new Map<string, Promise<DecisionAnswer>>();
  #approvers: ReadonlySet<string> = new Set();
  readonly #refused: Map<string, number>;
  /** Those of the refused that are not approvers' own. */
  #strangers = 0;
  #malformed: number;
  #messages = 0;
  #answered = 0;
  #asksToEnd = false;

  /** @param onChange a decision has counted, or the request is closed */
  constructor(input: ApproveInput, onChange: () => void) {
    this.#input = input;
    this.#onChange = onChange;
    this.#refused = new Map(Object.entries(input.continued?.refused ?? {}));
    this.#malformed = input.continued?.malformed ?? 0;
  }

  /** Absent before it was read, and where it was never opened. */
  get request(): ApprovalRequest | undefined {
    return this.#request;
  }

  get accepted(): readonly AcceptedDecision[] {
    return this.#accepted;
  }

  get isOpen(): boolean {
    return this.#request?.state === 'open';
  }

  /** Nothing waits to be recorded. */
  get isIdle(): boolean {
    return this.#inbox.length === 0 && !this.#recording;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Someone sent `supersede`: whether it was the lifecycle is in the history. */
  get asksToEnd(): boolean {
    return this.#asksToEnd;
  }

  /** So many messages came that the next run should take those that follow. */
  get isFull(): boolean {
    return this.#messages >= MAX_MESSAGES;
  }

  /**
   * Whether the next run is to answer this one. A run that is full ends once it has answered what it took, which a flood
   * would put off for ever, until Temporal refused an approver's decision too; so from then on it takes what would count.
   */
  leavesToNextRun(message: DecisionMessage): boolean {
    if (!this.isFull || this.#request === undefined) return false;
    return judgeDecision(this.#request, this.#accepted, message).outcome !== 'accepted';
  }

  /** For the next run. */
  get counts(): { readonly refused: RefusedCounts; readonly malformed: number } {
    return { refused: Object.fromEntries(this.#refused), malformed: this.#malformed };
  }

  /** Reads the request's record; from then on what comes, and came, is recorded. */
  async open(): Promise<void> {
    const { found } = await io(this.#input.plan).mlopsFindRequest({ request: this.#name() });
    this.#request = found?.request;
    this.#accepted = found?.accepted ?? [];
    this.#approvers = new Set(found === undefined ? [] : approversOf(found.request.policy));
    for (const [by, count] of this.#refused) if (!this.#approvers.has(by)) this.#strangers += count;
    // A run before this one may have been lost between the last decision and the request's end.
    if (found?.request.state === 'open' && stateAfter(found.request.policy, found.accepted) !== 'open')
      await this.close();
    void this.#record();
  }

  /** Asks whether something closes the request: its decisions, its deadline, the lifecycle. */
  async close(): Promise<void> {
    this.#asksToEnd = false;
    const { state, because } = await CancellationScope.nonCancellable(() =>
      io(this.#input.plan).mlopsCloseRequest({ request: this.#name() })
    );
    if (state !== 'open') this.#settle(state, because);
  }

  askToEnd(): void {
    this.#messages += 1;
    this.#asksToEnd = true;
  }

  /**
   * The one door: the update and its signal twin both come here. The same decision, sent again, gets the same answer.
   * @param updateId of the update that it came by; a signal has none
   */
  take(message: DecisionMessage, updateId?: string): Promise<DecisionAnswer> {
    this.#messages += 1;
    const key = decisionKey(message);
    const given = this.#answers.get(key);
    if (given !== undefined) return given;
    const answer = new Promise<DecisionAnswer>((resolve, reject) => {
      const sent = updateId === undefined ? { signal: key } : { update: updateId };
      this.#inbox.push({ key, message, sent, answer: resolve, fail: reject });
    });
    this.#answers.set(key, answer);
    // What couldn't be recorded was not decided: sent again, it is judged again. Its sender gets the failure.
    answer.catch(() => this.#answers.delete(key));
    return answer;
  }

  /** A signal's sender can't be answered, and a handler that throws would fail the workflow. */
  async takeSignal(message: unknown): Promise<void> {
    const mistake = malformedDecision(message);
    if (mistake === undefined) {
      await this.take(message as DecisionMessage).catch(() => undefined);
      return;
    }
    this.#messages += 1;
    this.#malformed += 1;
    if (this.#malformed > MAX_RECORDED_MALFORMED) return;
    await io(this.#input.plan)
      .mlopsRecordMalformed({ request: this.#name(), mistake })
      .catch(() => undefined);
  }

  /** For as long as the workflow runs, whatever is cancelled. */
  #record(): Promise<void> {
    return CancellationScope.nonCancellable(async () => {
      for (;;) {
        await condition(() => this.#inbox.length > 0);
        this.#recording = true;
        const batch = this.#nextBatch();
        if (batch.length > 0) await this.#recordAll(batch);
        this.#recording = false;
      }
    });
  }

  /** Those that would count first. What is beyond the bound of refusals is answered here, and not recorded. */
  #nextBatch(): Waiting[] {
    const request = this.#request;
    const counting = [...this.#accepted];
    const first: Waiting[] = [];
    const others: Waiting[] = [];
    for (const one of this.#inbox) {
      const judgement = request && judgeDecision(request, counting, one.message);
      if (judgement?.outcome === 'accepted') {
        counting.push(one.message);
        first.push(one);
      } else if (this.#grant(one)) others.push(one);
      else this.#refuse(one, judgement?.code === 'unknown-request' ? '' : (judgement?.reason ?? 'it was refused'));
    }
    const all = [...first, ...others];
    this.#inbox = all.slice(BATCH);
    return all.slice(0, BATCH);
  }

  /** Whether its refusal is still to be recorded. */
  #grant(one: Waiting): boolean {
    if (one.granted) return true;
    const { by } = one.message;
    const own = this.#refused.get(by) ?? 0;
    const strange = !this.#approvers.has(by);
    if (own >= MAX_RECORDED_REFUSALS || (strange && this.#strangers >= MAX_RECORDED_REFUSALS_OF_STRANGERS))
      return false;
    this.#refused.set(by, own + 1);
    if (strange) this.#strangers += 1;
    one.granted = true;
    return true;
  }

  #refuse({ key, answer }: Waiting, reason: string): void {
    this.#answers.delete(key);
    this.#answered += 1;
    answer({
      outcome: 'refused',
      code: 'too-many-refusals',
      reason: `${reason} (refused too often: not recorded any more)`,
      request: requestId(this.#input),
      state: this.#request?.state ?? 'unknown',
    });
  }

  /** One that can't be recorded must not take the others with it: then each goes alone. */
  async #recordAll(batch: readonly Waiting[]): Promise<void> {
    try {
      const recorded = await io(this.#input.plan).mlopsRecordDecisions({
        request: this.#name(),
        sent: batch.map(({ sent }) => sent),
      });
      const changed = recorded.accepted.length !== this.#accepted.length;
      this.#accepted = recorded.accepted;
      for (const [index, { answer }] of batch.entries()) answer(recorded.answers[index] as DecisionAnswer);
      this.#answered += batch.length;
      if (recorded.state !== 'open' && recorded.state !== 'unknown')
        this.#settle(recorded.state, recorded.closedBecause ?? '');
      else if (changed) this.#onChange();
    } catch (error) {
      if (batch.length > 1) for (const one of batch) await this.#recordAll([one]);
      else for (const { fail } of batch) fail(error);
    }
  }

  #settle(state: RequestState, because: string): void {
    if (this.#request === undefined || this.#request.state === state) return;
    this.#request = { ...this.#request, state, closedBecause: because };
    this.#onChange();
  }

  #name() {
    const { project, name } = this.#input;
    return { project, name };
  }
}
