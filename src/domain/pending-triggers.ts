/** Triggers that wait for the next cycle. However long they wait, they stay few enough to be carried along. */
import type { Trigger } from './messages';
import { isWhen } from './operator-messages';

/** From here on a trigger takes the place of the one like it before. */
const KEPT = 20;
/** All that waits is carried from run to run and becomes a cycle's causes: an activity's answer has 64 KB. */
const MOST_PEOPLE = 20;
const LONGEST_DETAIL = 150;

/**
 * `pending` with one more. Alike are those of one kind by one person, who is never lost: people don't approve their own work.
 * The first of a kind and the newest stay, with the number of those between; the newest asOf that any asked for counts.
 */
export function withTrigger(pending: readonly Trigger[], trigger: Trigger): Trigger[] {
  const { kind, by } = trigger.cause;
  // Each has a model of its own.
  if (trigger.imports !== undefined) return [...pending, trigger];
  const alike = pending.filter(({ cause, imports }) => cause.kind === kind && cause.by === by && imports === undefined);
  const former = alike.at(-1);
  if (pending.length < KEPT || alike.length < 2 || former === undefined) return [...pending, trigger];
  const asOf = latest([former, trigger]);
  const merged = {
    ...trigger,
    asOf,
    ...(asOf === trigger.asOf ? {} : { asOfBy: former.asOfBy ?? former.id }),
    more: (former.more ?? 0) + 1 + (trigger.more ?? 0),
  };
  return pending.map((each) => (each === former ? merged : each));
}

/** Why a person's trigger is not taken, or undefined: many others' wait, and those who asked may be strangers. */
export function refusedTrigger(pending: readonly Trigger[], by: string): string | undefined {
  const people = new Set(pending.flatMap(({ cause }) => cause.by ?? []));
  if (people.has(by) || people.size < MOST_PEOPLE) return undefined;
  return `${people.size} people have asked for the next cycle already: it comes, and once it has begun, ask for another`;
}

/** Imports that wait: each is carried with its columns. */
const MOST_IMPORTS = 5;

/** Why a model is not taken, or undefined. */
export function refusedImport(pending: readonly Trigger[]): string | undefined {
  const waiting = pending.filter(({ imports }) => imports !== undefined).length;
  if (waiting < MOST_IMPORTS) return undefined;
  return `${waiting} models wait for their cycles already: import it once one has begun`;
}

/**
 * What the next cycle runs for, and what waits on: an import has a cycle of its own, and those that trains one run for all
 * others.
 */
export function nextTriggers(pending: readonly Trigger[]): {
  readonly taken: Trigger[];
  readonly left: Trigger[];
} {
  const [first] = pending;
  const isTaken = (trigger: Trigger) =>
    first?.imports === undefined ? trigger.imports === undefined : trigger === first;
  return { taken: pending.filter(isTaken), left: pending.filter((trigger) => !isTaken(trigger)) };
}

/** A comment, cut to what a cause shows of it; the audit has all of it. */
export function causeDetail(comment: string): string {
  return comment.length <= LONGEST_DETAIL ? comment : `${comment.slice(0, LONGEST_DETAIL - 1)}…`;
}

/** The newest asOf. */
export function latest(triggers: readonly Pick<Trigger, 'asOf'>[]): string {
  return triggers.map(({ asOf }) => asOf).reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}

/** As approvers read it. */
export function causeOf({ cause, more }: Trigger): Trigger['cause'] {
  return more === undefined ? cause : { ...cause, detail: `${cause.detail} (and ${more} more like it before)` };
}

/** A trigger that a workflow sent, cut to size; undefined where it is another message. Only people's updates name people. */
export function triggerOf(message: unknown): Trigger | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { id, cause, asOf } = message as Record<string, unknown>;
  if (typeof id !== 'string' || id.length > 256 || !isWhen(asOf)) return undefined;
  if (typeof cause !== 'object' || cause === null) return undefined;
  const { kind, detail, window } = cause as Record<string, unknown>;
  if (!['bias', 'drift', 'schedule', 'rows'].includes(kind as string) || typeof detail !== 'string') return undefined;
  return {
    id,
    asOf,
    cause: {
      kind: kind as Trigger['cause']['kind'],
      detail: detail.slice(0, 1000),
      ...(typeof window === 'string' ? { window: window.slice(0, 256) } : {}),
    },
  };
}
