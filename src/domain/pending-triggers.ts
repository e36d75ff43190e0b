/** Triggers that wait for the next cycle. However long they wait, they stay few enough to be carried along. */
import type { Trigger } from './messages';

/** From here on a trigger takes the place of the one like it before. */
const KEPT = 20;

/**
 * `pending` with one more. Alike are those of one kind by one person, who is never lost: nobody approves their own work.
 * The first of a kind and the newest stay, with the number of those between; the newest asOf that any asked for counts.
 */
export function withTrigger(pending: readonly Trigger[], trigger: Trigger): Trigger[] {
  const { kind, by } = trigger.cause;
  const alike = pending.filter(({ cause }) => cause.kind === kind && cause.by === by);
  const former = alike.at(-1);
  if (pending.length < KEPT || alike.length < 2 || former === undefined) return [...pending, trigger];
  const merged = {
    ...trigger,
    asOf: latest([former, trigger]),
    more: (former.more ?? 0) + 1 + (trigger.more ?? 0),
  };
  return pending.map((each) => (each === former ? merged : each));
}

/** The newest asOf. */
export function latest(triggers: readonly Pick<Trigger, 'asOf'>[]): string {
  return triggers.map(({ asOf }) => asOf).reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}

/** As approvers read it. */
export function causeOf({ cause, more }: Trigger): Trigger['cause'] {
  return more === undefined ? cause : { ...cause, detail: `${cause.detail} (and ${more} more like it before)` };
}
