/**
 * The lifecycle's messages. Handlers only put what they hear into the state and answer; the lifecycle's
 * narrative reads it. Every message has an id given by its sender and is answered once, across runs too.
 */
import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, condition, currentUpdateInfo, setHandler, workflowInfo } from '@temporalio/workflow';
import type {
  ApplyMessage,
  LifecycleStatus,
  OperatorAnswer,
  OperatorMessage,
  RetrainMessage,
  RollbackMessage,
  Trigger,
} from '../domain/messages';
import { isWhen, malformedOperatorMessage } from '../domain/operator-messages';
import { withTrigger } from '../domain/pending-triggers';
import type { AppliedDefinition, LifecycleState } from '../domain/phases';
import { io } from './activities';
import * as messages from './messages';
import { recordRefusedSignal } from './wake';

const KEPT_ANSWERS = 100;
const KEPT_TRIGGERS = 200;
/** Refused signals of one run that are recorded. */
const RECORDED_SIGNALS = 20;

export type FailureChoice = 'retry' | 'skip' | 'apply' | 'stop';

export interface DeskActions {
  readonly status: () => LifecycleStatus;
  readonly rollback: (message: RollbackMessage) => Promise<OperatorAnswer>;
  /** The definition, registered; or in words why the worker can't run it. */
  readonly register: (message: ApplyMessage) => Promise<AppliedDefinition | string>;
  /** The lifecycle itself was cancelled. */
  readonly cancelled: () => boolean;
}

export class OperatorCommands {
  pending: Trigger[];
  paused: boolean;
  stopped: { by: string } | undefined;
  /** A definition that takes effect with the next cycle. */
  next: AppliedDefinition | undefined;
  /** Set while a phase has failed; the operator's choice ends the wait. */
  failure: string | undefined;
  choice: FailureChoice | undefined;
  /** Someone asked that an open approval be closed in favour of a new cycle. */
  supersedeBy: string | undefined;
  /** Undefined until the definition is registered, or refused with a reason. */
  registered: true | string | undefined;
  #answers: LifecycleState['answers'][number][];
  #seenTriggers: string[];
  #refusedSignals = 0;
  readonly #project: string;
  readonly #cancelled: () => boolean;

  constructor(state: LifecycleState, actions: DeskActions) {
    this.#project = state.project;
    this.#cancelled = actions.cancelled;
    this.pending = [...state.pending];
    this.paused = state.paused;
    this.#answers = [...state.answers];
    this.#seenTriggers = [...state.seenTriggers];
    this.registered = state.definition === undefined ? undefined : true;
    setHandler(messages.status, actions.status);
    setHandler(messages.trigger, (message) => this.#onTrigger(message), {
      description: 'From monitors and workflows: {id, cause: {kind, detail}, asOf}',
    });
    this.#update(messages.retrain, '{id, by, asOf, supersede?}: one more cycle', (message) => this.#retrain(message));
    this.#update(
      messages.apply,
      '{id, by, definition: {digest, gzip}}: a new definition, from the next cycle on',
      (message) => this.#apply(message, actions)
    );
    this.#update(messages.retry, '{id, by}: the failed phase again', () => this.#choose('retry'));
    this.#update(messages.skip, '{id, by}: ends the cycle whose phase failed', () => this.#choose('skip'));
    this.#update(messages.pause, '{id, by}: stop at the next phase boundary', () => this.#setPaused(true));
    this.#update(messages.unpause, '{id, by}: go on', () => this.#setPaused(false));
    this.#update(messages.stop, '{id, by}: ends the lifecycle', (message) => this.#stop(message));
    this.#update(messages.rollback, '{id, by, to?}: serve an earlier version again', (message) =>
      actions.rollback(message)
    );
  }

  /** Asked to stop, or cancelled: what is asked from now on would be lost. */
  get ending(): boolean {
    return this.stopped !== undefined || this.#cancelled();
  }

  /** What the next run starts with. */
  remembered(): Pick<LifecycleState, 'pending' | 'paused' | 'answers' | 'seenTriggers'> {
    return {
      pending: this.pending,
      paused: this.paused,
      answers: this.#answers.slice(-KEPT_ANSWERS),
      seenTriggers: this.#seenTriggers.slice(-KEPT_TRIGGERS),
    };
  }

  /** A trigger that was to supersede what it meets is what the cycle now runs for. */
  takeTriggers(): Trigger[] {
    this.supersedeBy = undefined;
    return this.pending.splice(0);
  }

  /** Of a cycle that ended without having used them. */
  putBack(triggers: readonly Trigger[]): void {
    this.pending = [...triggers, ...this.pending].reduce<Trigger[]>(withTrigger, []);
  }

  #update<M extends OperatorMessage>(
    definition: UpdateDefinition<OperatorAnswer, [M]>,
    description: string,
    act: (message: M) => OperatorAnswer | Promise<OperatorAnswer>
  ): void {
    const running = new Map<string, Promise<OperatorAnswer>>();
    const handler = async (message: M): Promise<OperatorAnswer> => {
      const given = this.#answers.find((answer) => answer.id === message.id);
      if (given !== undefined) return { outcome: given.outcome, reason: given.reason };
      const already = running.get(message.id);
      if (already !== undefined) return already;
      const acting = this.#actAndRecord(definition.name, message, act);
      running.set(message.id, acting);
      return acting;
    };
    const validator = (message: M): void => {
      const mistake = malformedOperatorMessage(definition.name, message);
      if (mistake !== undefined)
        throw ApplicationFailure.nonRetryable(`MLOPS_MESSAGE_INVALID: ${mistake}`, 'MLOPS_MESSAGE_INVALID');
    };
    setHandler<OperatorAnswer, [M], UpdateDefinition<OperatorAnswer, [M]>>(definition, handler, {
      description,
      validator,
    });
  }

  async #actAndRecord<M extends OperatorMessage>(
    name: string,
    message: M,
    act: (message: M) => OperatorAnswer | Promise<OperatorAnswer>
  ): Promise<OperatorAnswer> {
    // The state changes here, before the first await; a person hears of it once it is in the audit.
    const answer = this.ending && name !== messages.stop.name ? ENDING : await act(message);
    const { workflowId, runId } = workflowInfo();
    await io().mlopsRecordOperator({
      project: this.#project,
      message: name,
      id: message.id,
      // The Temporal UI chooses an id of its own.
      updateId: currentUpdateInfo()?.id ?? message.id,
      by: message.by,
      ...(message.comment === undefined ? {} : { comment: message.comment }),
      answer,
      workflow: { workflowId, runId },
    });
    this.#answers.push({ id: message.id, ...answer });
    return answer;
  }

  /** A sender of a signal can't be answered: what is no trigger is told in the audit, up to a bound, and does nothing. */
  async #onTrigger(message: unknown): Promise<void> {
    const trigger = triggerOf(message);
    if (trigger !== undefined) {
      this.#addTrigger(trigger);
      return;
    }
    this.#refusedSignals += 1;
    if (this.#refusedSignals > RECORDED_SIGNALS) return;
    // Cancelled, it throws; in a handler that would end the lifecycle.
    await recordRefusedSignal(this.#project, 'trigger: not {id, cause: {kind, detail}, asOf}').catch(() => undefined);
  }

  #addTrigger(trigger: Trigger): boolean {
    if (this.#seenTriggers.includes(trigger.id)) return false;
    this.#seenTriggers.push(trigger.id);
    this.pending = withTrigger(this.pending, trigger);
    return true;
  }

  async #retrain(message: RetrainMessage): Promise<OperatorAnswer> {
    const cause = {
      kind: this.registered === undefined ? ('start' as const) : ('person' as const),
      by: message.by,
      detail: message.comment ?? `started by ${message.by}`,
    };
    this.#addTrigger({ id: message.id, cause, asOf: message.asOf });
    if (message.supersede === true) this.supersedeBy = message.by;
    await condition(() => this.registered !== undefined);
    if (this.registered !== true) return refused(this.registered ?? 'the definition is not registered');
    if (this.ending) return ENDING;
    return accepted(
      this.failure === undefined ? 'a cycle follows' : 'a cycle follows once the failed phase is retried or skipped'
    );
  }

  async #apply(message: ApplyMessage, actions: DeskActions): Promise<OperatorAnswer> {
    const registered = await actions.register(message);
    if (typeof registered === 'string') return refused(registered);
    if (this.ending) return ENDING;
    this.next = registered;
    if (this.failure === undefined || this.choice !== undefined)
      return accepted('the definition takes effect with the next cycle');
    this.choice = 'apply';
    return accepted('the failed cycle ends as skipped; the next starts with the definition');
  }

  #choose(choice: 'retry' | 'skip'): OperatorAnswer {
    if (this.failure === undefined) return refused('no phase has failed');
    if (this.choice !== undefined) return refused(`another answer came first: ${this.choice}`);
    this.choice = choice;
    return accepted(
      choice === 'retry' ? 'the phase runs again; what was finished is reused' : 'the cycle ends as skipped'
    );
  }

  #setPaused(paused: boolean): OperatorAnswer {
    if (this.paused === paused) return refused(paused ? 'it is paused already' : 'it is not paused');
    this.paused = paused;
    return accepted(paused ? 'it stops at the next phase boundary; running phases and deadlines go on' : 'it goes on');
  }

  #stop(message: OperatorMessage): OperatorAnswer {
    this.stopped = { by: message.by };
    this.choice = 'stop';
    return accepted('the lifecycle ends');
  }
}

function triggerOf(message: unknown): Trigger | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { id, cause, asOf } = message as Record<string, unknown>;
  if (typeof id !== 'string' || id.length > 256 || !isWhen(asOf)) return undefined;
  if (typeof cause !== 'object' || cause === null) return undefined;
  const { kind, detail, window, by } = cause as Record<string, unknown>;
  if (!['bias', 'drift', 'schedule', 'rows', 'person'].includes(kind as string) || typeof detail !== 'string')
    return undefined;
  return {
    id,
    asOf,
    cause: {
      kind: kind as Trigger['cause']['kind'],
      detail: detail.slice(0, 1000),
      ...(typeof window === 'string' ? { window: window.slice(0, 256) } : {}),
      ...(typeof by === 'string' ? { by: by.slice(0, 100) } : {}),
    },
  };
}

const ENDING = refused('the lifecycle is ending: once it has, mlops start begins another');

function accepted(reason: string): OperatorAnswer {
  return { outcome: 'accepted', reason };
}

function refused(reason: string): OperatorAnswer {
  return { outcome: 'refused', reason };
}
