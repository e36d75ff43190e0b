/**
 * How many trials a study starts: as many as were declared, or fewer where its time is over or a person stops it, or more where a person
 * extends it. Its clock is the workflow's, which history has: whoever replays it decides the same.
 */
import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, currentUpdateInfo, setHandler } from '@temporalio/workflow';
import type { ExtendStudyMessage, OperatorAnswer, OperatorMessage } from '../domain/messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import type { StudyBudget as Budget, StudyInput } from '../domain/phases';
import { refusedStudyUpdate } from '../domain/message-limits';
import type { StudyEnd } from '../domain/study/study-records';
import { MOST_TRIALS } from '../domain/study/trial';
import { io } from './activities';
import { extendStudy, stopStudy } from './messages';

export class StudyBudget {
  #budget: Budget;
  #ended: StudyEnd | undefined;
  /** Nothing changes it any more. */
  #closed = false;
  readonly #input: StudyInput;
  readonly #running = new Map<string, Promise<OperatorAnswer>>();
  /** Of this run. */
  #updates = 0;
  /** Of the newest message. */
  #recorded: Promise<unknown> = Promise.resolve();

  constructor(input: StudyInput) {
    this.#input = input;
    this.#budget = input.budget;
    this.#on(stopStudy, '{id, by}: no further trial starts; those that run end, and the best is chosen', () => ({
      answer: accepted('no further trial starts; the best is chosen once those that run have ended'),
      follows: () => {
        this.#ended ??= 'stopped';
      },
    }));
    this.#on(extendStudy, '{id, by, trials}: so many more trials', (message) => this.#extend(message));
  }

  get trials(): number {
    return this.#budget.trials;
  }

  get until(): number | undefined {
    return this.#budget.until;
  }

  /** What a next run goes on with. */
  get state(): Budget {
    return this.#budget;
  }

  /** Why there are no more trials; undefined where another one may start. */
  get ended(): StudyEnd | undefined {
    return this.#ended;
  }

  /** Whether a trial of this number starts now. A study has at least one. */
  takes(number: number): boolean {
    if (number === 1) return true;
    const { trials, until } = this.#budget;
    if (this.#ended === undefined && until !== undefined && Date.now() >= until && number <= trials)
      this.#ended = 'time';
    return this.#ended === undefined && number <= trials;
  }

  close(): StudyEnd {
    this.#closed = true;
    return this.#ended ?? 'trials';
  }

  #extend({ trials }: ExtendStudyMessage): Acted {
    const { until } = this.#budget;
    if (this.#ended !== undefined) return { answer: refused(`the study starts no further trial: ${this.#ended}`) };
    if (until !== undefined && Date.now() >= until) return { answer: refused('the time of the study is over') };
    const all = this.#budget.trials + trials;
    if (all > MOST_TRIALS)
      return { answer: refused(`a study has at most ${MOST_TRIALS} trials, this one ${this.trials}`) };
    return {
      answer: accepted(`the study has ${all} trials`),
      follows: () => {
        this.#budget = { ...this.#budget, trials: all };
      },
    };
  }

  /** Recorded before it has an effect. */
  #on<M extends OperatorMessage>(
    definition: UpdateDefinition<OperatorAnswer, [M]>,
    description: string,
    act: (message: M) => Acted
  ): void {
    const handler = async (message: M): Promise<OperatorAnswer> => {
      this.#updates += 1;
      const sent = `${definition.name} ${message.by} ${message.id}`;
      const given = this.#budget.answers.find((each) => each.sent === sent);
      if (given !== undefined) return { outcome: given.outcome, reason: given.reason };
      if (this.#closed) return refused('the study has ended');
      const acting = this.#running.get(sent) ?? this.#act(sent, message, act);
      this.#running.set(sent, acting);
      return acting.finally(() => this.#running.delete(sent));
    };
    setHandler<OperatorAnswer, [M], UpdateDefinition<OperatorAnswer, [M]>>(definition, handler, {
      description,
      validator: (message) => {
        const mistake = malformedOperatorMessage(definition.name, message);
        if (mistake !== undefined)
          throw ApplicationFailure.nonRetryable(`MLOPS_MESSAGE_INVALID: ${mistake}`, 'MLOPS_MESSAGE_INVALID');
        const messages = this.#budget.answers.length + this.#running.size;
        const refusal = refusedStudyUpdate(definition.name, { messages, updates: this.#updates });
        if (refusal !== undefined)
          throw ApplicationFailure.nonRetryable(`MLOPS_TOO_MANY_MESSAGES: ${refusal}`, 'MLOPS_TOO_MANY_MESSAGES');
      },
    });
  }

  /** One after the other: what a message comes to depends on those before it. */
  #act<M extends OperatorMessage>(sent: string, message: M, act: (message: M) => Acted): Promise<OperatorAnswer> {
    const updateId = currentUpdateInfo()?.id ?? message.id;
    const acting = this.#recorded.then(() => this.#record(sent, updateId, act(message)));
    this.#recorded = acting.catch(() => undefined);
    return acting;
  }

  async #record(sent: string, updateId: string, { answer, follows }: Acted): Promise<OperatorAnswer> {
    const { project, cycle, plan } = this.#input;
    await io(plan).mlopsRecordStudyMessage({ project, cycle, updateId, answer });
    follows?.();
    this.#budget = { ...this.#budget, answers: [...this.#budget.answers, { sent, ...answer }] };
    return answer;
  }
}

interface Acted {
  readonly answer: OperatorAnswer;
  readonly follows?: () => void;
}

const accepted = (reason: string): OperatorAnswer => ({ outcome: 'accepted', reason });
const refused = (reason: string): OperatorAnswer => ({ outcome: 'refused', reason });
