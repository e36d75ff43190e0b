/**
 * The lifecycle's messages. Handlers only put what they get into the state and answer; the lifecycle's
 * narrative reads it. Every message has an id given by its sender and is answered once, across runs too.
 */
import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, condition, currentUpdateInfo, setHandler } from '@temporalio/workflow';
import type {
  DeployMessage,
  ImportMessage,
  LifecycleStatus,
  OperatorAnswer,
  OperatorMessage,
  RetrainMessage,
  RollbackMessage,
  Trigger,
} from '../domain/messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import { nextTriggers, refusedImport, refusedTrigger, withTrigger } from '../domain/pending-triggers';
import type { AppliedDefinition, LifecycleState } from '../domain/phases';
import { io } from './activities';
import * as messages from './messages';
import { TriggerSignals } from './trigger-signals';
import { UpdatesTaken } from './updates-taken';

const KEPT_ANSWERS = 100;
const KEPT_TRIGGERS = 200;

export type FailureChoice = 'retry' | 'skip' | 'apply' | 'stop';

export interface OperatorActions {
  readonly status: () => LifecycleStatus;
  readonly rollback: (message: RollbackMessage) => Promise<OperatorAnswer>;
  readonly deploy: (message: DeployMessage) => Promise<OperatorAnswer>;
  /** What is in force now, or in words why the definition can't be registered. */
  readonly register: (updateId: string) => Promise<AppliedDefinition | string>;
  /** The lifecycle itself was cancelled. */
  readonly cancelled: () => boolean;
}

/** What a message is answered, and what follows once that is recorded. */
interface Acted {
  readonly answer: OperatorAnswer;
  readonly follows?: (trigger: Trigger | undefined) => void;
}

export class OperatorCommands {
  pending: Trigger[];
  paused: boolean;
  stopped: { by: string } | undefined;
  /** A definition that takes effect with the next cycle. */
  next: Omit<AppliedDefinition, 'waits'> | undefined;
  /** Set while a phase has failed; the operator's choice ends the wait. */
  failure: string | undefined;
  choice: FailureChoice | undefined;
  /** Someone asked that an open approval be closed in favour of a new cycle. */
  supersedeBy: string | undefined;
  /** Number of the last cycle before this run; undefined until the definition is registered. */
  begun: number | undefined;
  /** Undefined until the definition is registered, or refused with a reason. */
  registered: true | string | undefined;
  #answers: LifecycleState['answers'][number][];
  #seenTriggers: string[];
  readonly #taken = new UpdatesTaken('lifecycle');
  readonly #signals: TriggerSignals;
  /** The lifecycle's first message starts it. */
  #startedBy: string | undefined;
  /** What the answer to `start` says beside that a cycle follows. */
  note: string | undefined;
  readonly #project: string;
  readonly #cancelled: () => boolean;

  constructor(state: LifecycleState, actions: OperatorActions) {
    this.#project = state.project;
    this.#cancelled = actions.cancelled;
    this.pending = [...state.pending];
    this.paused = state.paused;
    this.#answers = [...state.answers];
    this.#seenTriggers = [...state.seenTriggers];
    this.registered = state.definition === undefined ? undefined : true;
    this.begun = state.definition === undefined ? undefined : state.cycle;
    setHandler(messages.status, actions.status);
    this.#signals = new TriggerSignals(
      state.project,
      () => this.begun,
      (trigger) => this.#addTrigger(trigger)
    );
    setHandler(messages.trigger, () => this.#signals.notify(), {
      description: 'From workflows of this project: {id, cause: {kind, detail}, asOf}',
    });
    this.#update(messages.retrain, '{id, by, asOf, supersede?}: one more cycle', (message) => this.#retrain(message));
    this.#update(
      messages.importModel,
      '{id, by, asOf, model: {model: {digest, bytes}, file, columns?, parity?}, supersede?}: a cycle of a model made elsewhere',
      (message) => this.#import(message)
    );
    this.#update(
      messages.apply,
      '{id, by, definition: {digest, gzip}}: a new definition, from the next cycle on',
      (_, updateId) => this.#apply(updateId, actions)
    );
    this.#update(messages.retry, '{id, by}: the failed phase again', () => this.#choose('retry'));
    this.#update(messages.skip, '{id, by}: ends the cycle whose phase failed', () => this.#choose('skip'));
    this.#update(messages.pause, '{id, by}: stop at the next phase boundary', () => this.#setPaused(true));
    this.#update(messages.unpause, '{id, by}: go on', () => this.#setPaused(false));
    this.#update(messages.stop, '{id, by}: ends the lifecycle', (message) => this.#stop(message));
    this.#update(messages.rollback, '{id, by, to?}: serve an earlier version again', (message) =>
      actions.rollback(message)
    );
    this.#update(
      messages.deployVersion,
      '{id, by, number}: roll out a version that was approved and is not live',
      (message) => actions.deploy(message)
    );
  }

  /** Asked to stop, or cancelled: what is asked from now on would be lost. */
  get ending(): boolean {
    return this.stopped !== undefined || this.#cancelled();
  }

  /** All that came in this run has had its effect: the next one would not find it in its history. */
  get settled(): boolean {
    return this.#signals.read;
  }

  /** A new run begins before Temporal refuses messages to this one. */
  get full(): boolean {
    return this.#taken.full;
  }

  /** Nothing more begins in this run: it ends once what it took is done. */
  set closing(closing: boolean) {
    this.#taken.closing = closing;
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
    const { taken, left } = nextTriggers(this.pending);
    this.pending = left;
    return taken;
  }

  /** Triggers of a cycle that ended without having used them. */
  putBack(triggers: readonly Trigger[]): void {
    this.pending = [...triggers, ...this.pending].reduce<Trigger[]>(withTrigger, []);
  }

  #update<M extends OperatorMessage>(
    definition: UpdateDefinition<OperatorAnswer, [M]>,
    description: string,
    act: (message: M, updateId: string) => OperatorAnswer | Acted | Promise<OperatorAnswer | Acted>
  ): void {
    const running = new Map<string, Promise<OperatorAnswer>>();
    const handler = async (message: M): Promise<OperatorAnswer> => {
      this.#taken.count(message.by);
      const given = this.#answers.find(({ id, by }) => id === message.id && by === message.by);
      if (given !== undefined) return { outcome: given.outcome, reason: given.reason };
      const sent = `${message.id} ${message.by}`;
      const already = running.get(sent);
      if (already !== undefined) return already;
      const acting = this.#actAndRecord(definition.name, message, act);
      running.set(sent, acting);
      // A failure is not an answer: sent again, it is acted on again.
      acting.catch(() => running.delete(sent));
      return acting;
    };
    const validator = (message: M): void => {
      const mistake = malformedOperatorMessage(definition.name, message);
      if (mistake !== undefined)
        throw ApplicationFailure.nonRetryable(`MLOPS_MESSAGE_INVALID: ${mistake}`, 'MLOPS_MESSAGE_INVALID');
      this.#taken.requireRoom(definition.name, message.by, this.#awaits(definition.name));
    };
    setHandler<OperatorAnswer, [M], UpdateDefinition<OperatorAnswer, [M]>>(definition, handler, {
      description,
      validator,
    });
  }

  /** Nothing goes on before a message of this name comes. */
  #awaits(name: string): boolean {
    if (name === messages.unpause.name) return this.paused;
    if (name !== messages.retry.name && name !== messages.skip.name) return false;
    return this.failure !== undefined && this.choice === undefined;
  }

  async #actAndRecord<M extends OperatorMessage>(
    name: string,
    message: M,
    act: (message: M, updateId: string) => OperatorAnswer | Acted | Promise<OperatorAnswer | Acted>
  ): Promise<OperatorAnswer> {
    // The Temporal UI chooses an id of its own.
    const updateId = currentUpdateInfo()?.id ?? message.id;
    const acted = this.ending && name !== messages.stop.name ? ENDING : await act(message, updateId);
    const { answer, follows } = 'answer' in acted ? acted : { answer: acted };
    const { trigger } = await io().mlopsRecordOperator({
      project: this.#project,
      updateId,
      answer,
      ...(this.#startedBy === message.id ? { first: true } : {}),
    });
    follows?.(trigger);
    this.#answers.push({ id: message.id, by: message.by, ...answer });
    return answer;
  }

  #addTrigger(trigger: Trigger): boolean {
    if (this.#seenTriggers.includes(trigger.id)) return false;
    this.#seenTriggers.push(trigger.id);
    this.pending = withTrigger(this.pending, trigger);
    return true;
  }

  /** It counts once it is recorded: whose work a cycle is must be known before it begins. */
  async #retrain(message: RetrainMessage): Promise<OperatorAnswer | Acted> {
    if (this.registered === undefined) this.#startedBy ??= message.id;
    await condition(() => this.registered !== undefined);
    if (this.registered !== true) return refused(this.registered ?? 'the definition is not registered');
    if (this.ending) return ENDING;
    const tooMany = refusedTrigger(this.pending, message.by);
    if (tooMany !== undefined) return refused(tooMany);
    const when = this.failure === undefined ? '' : ' once the failed phase is retried or skipped';
    const note = this.#startedBy === message.id && this.note !== undefined ? `; ${this.note}` : '';
    return {
      answer: accepted(`a cycle follows${when}${note}`),
      follows: (trigger) => {
        if (trigger !== undefined) this.#addTrigger(trigger);
        if (message.supersede === true) this.supersedeBy = message.by;
      },
    };
  }

  async #import(message: ImportMessage): Promise<OperatorAnswer | Acted> {
    const tooMany = refusedImport(this.pending);
    return tooMany === undefined ? this.#retrain(message) : refused(tooMany);
  }

  async #apply(updateId: string, actions: OperatorActions): Promise<OperatorAnswer> {
    const registered = await actions.register(updateId);
    if (typeof registered === 'string') return refused(registered);
    if (this.ending) return ENDING;
    const { waits, ...inForce } = registered;
    this.next = inForce;
    if (waits !== undefined) return accepted(waits);
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

  #setPaused(paused: boolean): OperatorAnswer | Acted {
    if (this.paused === paused) return refused(paused ? 'it is paused already' : 'it is not paused');
    const how = paused ? 'it stops at the next phase boundary; running phases and deadlines go on' : 'it goes on';
    return {
      answer: accepted(how),
      follows: () => {
        this.paused = paused;
      },
    };
  }

  #stop(message: OperatorMessage): OperatorAnswer {
    this.stopped = { by: message.by };
    this.choice = 'stop';
    return accepted('the lifecycle ends');
  }
}

const ENDING = refused('the lifecycle is ending: once it has, mlops start begins another');

function accepted(reason: string): OperatorAnswer {
  return { outcome: 'accepted', reason };
}

function refused(reason: string): OperatorAnswer {
  return { outcome: 'refused', reason };
}
