import { setTimeout as wait } from 'node:timers/promises';
import { KILLED_STEP, readEvents, type StepEvent } from './events';

const LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 20;
/** What a program still has to write down about the steps before gets this time: a kill is to meet the sixth alone. */
const SETTLE_MS = 200;

/**
 * Waits until the sixth step is under way.
 * @param running whether the program under test still lives
 * @returns what it wrote until then
 */
export async function untilSixthStep(events: string, running: () => boolean): Promise<StepEvent[]> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const written = readEvents(events);
    if (written.some(({ kind, step }) => kind === 'start' && step === KILLED_STEP)) {
      await wait(SETTLE_MS);
      return written;
    }
    if (!running()) throw new Error('the program ended before its sixth step');
    if (Date.now() > limit) throw new Error('the sixth step did not come within two minutes');
    await wait(LOOK_EVERY_MS);
  }
}
