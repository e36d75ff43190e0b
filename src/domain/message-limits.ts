/**
 * How many messages one run of a lifecycle, a monitor or a study takes. Temporal refuses a run's 2,001st update, whatever it says, and counts
 * those that a validator let pass; what a validator refuses leaves no trace. Pure.
 */
import { MESSAGES } from './messages';

/** Between two cycles, or two windows, a new run begins after so many. */
export const UPDATES_PER_RUN = 200;
/** While a phase runs no new run can begin: from here on a message is refused, so that those with a higher bound are still taken. */
const MOST = { others: 1_000, rollback: 1_400, awaited: 1_800, stop: 1_900 } as const;
const MOST_BY_ONE = 500;

export interface Taken {
  /** By this run. */
  readonly inAll: number;
  readonly bySender: number;
  /** It begins a new run once it has answered what it took, which a flood would put off for ever. */
  readonly closing: boolean;
}

/** What takes messages, and what it is at when it takes no more. */
export type Whose = 'lifecycle' | 'monitor';
const UNTIL: Readonly<Record<Whose, string>> = {
  lifecycle: 'the running phase has ended',
  monitor: 'what it works at, a window or a version, is done',
};

/**
 * Why one more update is refused, or undefined. `stop` has no limit of its sender: it ends what is flooded; nor has what
 * the workflow waits for: it may wait for nothing else, and each ends the wait for it.
 * @param awaited the workflow can't go on without this message, or one like it
 */
export function refusedUpdate(
  name: string,
  { inAll, bySender, closing }: Taken,
  awaited: boolean,
  whose: Whose = 'lifecycle'
): string | undefined {
  const kind =
    name === MESSAGES.stop ? 'stop' : awaited ? 'awaited' : name === MESSAGES.rollback ? 'rollback' : 'others';
  if (closing && inAll >= UPDATES_PER_RUN && (kind === 'others' || kind === 'rollback'))
    return `this run of the ${whose} has taken ${inAll} messages, and the next begins in a moment: send ${name} again`;
  const later = `${name} is refused until ${UNTIL[whose]}`;
  if (inAll >= MOST[kind]) return `this run of the ${whose} has taken ${inAll} messages; ${later}`;
  if ((kind === 'others' || kind === 'rollback') && bySender >= MOST_BY_ONE)
    return `this run of the ${whose} has taken ${bySender} messages of this sender; ${later}`;
  return undefined;
}

/** A study keeps each answer, so that a message that is sent again gets the same. */
const ANSWERS_OF_STUDY = { others: 500, stop: 520 } as const;

export interface TakenByStudy {
  /** Messages that were answered, or are being answered: one that is sent again is one. */
  readonly messages: number;
  /** By this run: one that is sent again is another. */
  readonly updates: number;
}

/** Why one more update of a study is refused, or undefined. Stopping it is taken longest: after the first it is stopped. */
export function refusedStudyUpdate(name: string, { messages, updates }: TakenByStudy): string | undefined {
  const kind = name === MESSAGES.stopStudy ? 'stop' : 'others';
  if (messages >= ANSWERS_OF_STUDY[kind] || updates >= MOST[kind]) return 'the study takes no more messages';
  return undefined;
}
