/**
 * The decisions on one request. State changes before a handler's first await, since handlers interleave at each; what
 * counts is recorded before it has an effect.
 */
import { workflowInfo } from '@temporalio/workflow';
import {
  type AcceptedDecision,
  type ApprovalRequest,
  judgeDecision,
  malformedDecision,
  stateAfter,
} from '../domain/approval';
import type { DecisionAnswer, DecisionMessage, RequestState } from '../domain/messages';
import type { ApproveInput } from '../domain/phases';
import { io } from './activities';

/** Signals that are no decision are recorded up to here, then only counted. */
const MAX_RECORDED_MALFORMED = 20;

export class Ballot {
  readonly #input: ApproveInput;
  #request: ApprovalRequest;
  readonly #accepted: AcceptedDecision[];
  #malformed: number;
  readonly #answers = new Map<string, Promise<DecisionAnswer>>();
  /** By person: the records of what counts. */
  readonly #records = new Map<string, Promise<DecisionAnswer>>();
  readonly #onChange: () => void;

  /** @param onChange a decision has counted, or the request is closed */
  constructor(input: ApproveInput, request: ApprovalRequest, onChange: () => void) {
    this.#input = input;
    this.#request = request;
    this.#accepted = [...(input.accepted ?? [])];
    this.#malformed = input.continued?.malformed ?? 0;
    // A workflow before this one may have been lost between the last decision and the request's end.
    this.#closeIfDecided(stateAfter(request.policy, this.#accepted));
    this.#onChange = onChange;
  }

  get request(): ApprovalRequest {
    return this.#request;
  }

  get accepted(): readonly AcceptedDecision[] {
    return this.#accepted;
  }

  get malformed(): number {
    return this.#malformed;
  }

  close(state: RequestState, because: string): void {
    if (this.#request.state !== 'open') return;
    this.#request = { ...this.#request, state, closedBecause: because };
    this.#onChange();
  }

  /**
   * The one door: the update and its signal twin both come here. The same decision, sent again, gets the same answer.
   * @param updateId of the update that it came by; a signal has none
   */
  take(message: DecisionMessage, updateId?: string): Promise<DecisionAnswer> {
    const { id, by, verdict, digest } = message;
    const key = `${by} ${id} ${verdict} ${digest}`;
    const given = this.#answers.get(key);
    if (given !== undefined) return given;
    const judgement = judgeDecision(this.#request, this.#accepted, message);
    const counts = judgement.outcome === 'accepted';
    if (counts) {
      this.#accepted.push({ id, by, verdict });
      this.#closeIfDecided(judgement.state);
      this.#onChange();
    }
    const { workflowId, runId } = workflowInfo();
    const answer = io(this.#input.plan).mlopsRecordDecision({
      request: this.#request._id,
      project: this.#input.project,
      decision: message,
      judgement,
      ...(updateId === undefined ? {} : { updateId }),
      workflow: { workflowId, runId },
    });
    this.#answers.set(key, answer);
    if (counts) this.#records.set(by, answer);
    // What couldn't be recorded was not decided: sent again, it is judged again. Its sender hears of the failure.
    answer.catch(() => this.#forget(key, counts ? by : undefined));
    return answer;
  }

  /** A signal's sender can't be answered, and a handler that throws would fail the workflow. */
  async takeSignal(message: unknown): Promise<void> {
    const mistake = malformedDecision(message);
    if (mistake === undefined) {
      await this.take(message as DecisionMessage).catch(() => undefined);
      return;
    }
    this.#malformed += 1;
    if (this.#malformed > MAX_RECORDED_MALFORMED) return;
    const { workflowId, runId } = workflowInfo();
    await io(this.#input.plan)
      .mlopsRecordMalformed({
        request: this.#request._id,
        project: this.#input.project,
        mistake,
        workflow: { workflowId, runId },
      })
      .catch(() => undefined);
  }

  /** @throws where a decision that counts could not be recorded: then nothing may follow from it */
  async recorded(): Promise<void> {
    await Promise.all(this.#records.values());
  }

  #closeIfDecided(state: RequestState): void {
    if (this.#request.state !== 'open' || state === 'open') return;
    const people = this.#accepted.map((decision) => decision.by).join(', ');
    this.#request = { ...this.#request, state, closedBecause: `${state} by ${people}` };
  }

  #forget(key: string, by: string | undefined): void {
    this.#answers.delete(key);
    if (by === undefined || this.#request.state !== 'open') return;
    this.#records.delete(by);
    this.#accepted.splice(
      this.#accepted.findIndex((decision) => decision.by === by),
      1
    );
    this.#onChange();
  }
}
