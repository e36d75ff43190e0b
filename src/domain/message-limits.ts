/** How many messages one run of a lifecycle takes. Temporal refuses a run's 2,001st update, whatever it says. Pure. */
import { MESSAGES } from './messages';

/** Between two cycles a new run begins after so many. */
export const UPDATES_PER_RUN = 200;
/** While a phase runs no new run can begin: from here on a message is refused, so that those below it are still taken. */
const MOST: Readonly<Record<string, number>> = {
  [MESSAGES.retry]: 1_400,
  [MESSAGES.skip]: 1_400,
  [MESSAGES.rollback]: 1_400,
  [MESSAGES.stop]: 1_900,
};
const MOST_OF_OTHERS = 1_000;
const MOST_BY_ONE = 500;

/** Why one more update is refused, or undefined. `stop` has no limit of its sender: it ends what is flooded. */
export function refusedUpdate(name: string, inAll: number, bySender: number): string | undefined {
  const most = MOST[name] ?? MOST_OF_OTHERS;
  if (inAll >= most)
    return `this run of the lifecycle has taken ${inAll} messages; ${name} is refused until the running phase has ended`;
  if (name !== MESSAGES.stop && bySender >= MOST_BY_ONE)
    return `this run of the lifecycle has taken ${bySender} messages of this sender; more are refused until the running phase has ended`;
  return undefined;
}
