/** Whether a window is over, and enough of its truth is there or need not be waited for any longer. */
import type { Period, WindowsOfRows } from '../../domain/definition';
import { durationMs } from '../../domain/durations';
import { CLOCK_AGREEMENT, type EndpointClock, noReplica, type ReplicaDocument } from '../../domain/endpoint';
import { firstWindow, isCounted, periodOf, type TimeRange } from '../../domain/period';
import type { Ref } from '../../domain/refs';
import type { Stores } from '../../stores/connect';
import { countedEnd } from '../../stores/counted-windows';
import { countPredictions, nextPredicted } from '../../stores/predictions';
import { readWatermark } from '../../stores/replicas';
import { lastRevision, verdictUpTo } from '../../stores/windows';
import { definitionOf } from '../definitions';
import { withHeartbeat } from '../step/heartbeat';
import { allTruth, truthThere } from './due';

/** A window; by count it has an end only once its predictions are there. */
export interface BegunWindow {
  readonly from: string;
  readonly to?: string;
}

export interface Waiting {
  readonly state: 'waiting';
  readonly window: BegunWindow;
  readonly waitsFor: string;
  readonly noReplica?: boolean;
  /** The first event time, before the windows that are still to be counted, that records came late for. */
  readonly lateAt?: string;
}

/** Ready: `asOf` is the event time up to which truths count. */
export type Readiness =
  | Waiting
  | { readonly state: 'ready'; readonly window: TimeRange; readonly asOf: string }
  /** No requests until then: windows are looked at from `next` on. */
  | { readonly state: 'empty'; readonly next: string }
  /** A person has set the event clock since the monitor last looked: windows are looked at from `from` on. */
  | { readonly state: 'clock set'; readonly clock: EndpointClock; readonly from: string };

export interface WindowReady extends BegunWindow {
  readonly project: string;
  readonly definition: Ref<'definition'>;
  /** Of the clock that the monitor went by last. */
  readonly epoch: number;
  /** Windows from here on are still to be counted. */
  readonly countedTo: string;
}

export async function readiness(
  stores: Stores,
  { project, definition, epoch, ...begun }: Omit<WindowReady, 'countedTo'>
): Promise<Readiness> {
  const rules = (await definitionOf(stores, definition)).monitoring;
  const length = rules.period;
  const { live, watermark, clock } = await readWatermark(stores, project, durationMs(rules.allowedLateness));
  if (clock !== undefined && clock.epoch > epoch)
    return { state: 'clock set', clock, from: await startAt(stores, project, length, clock.at) };
  const window = await ended(stores, project, length, begun, watermark);
  const waiting = (waitsFor: string): Waiting => ({ state: 'waiting', window, waitsFor });
  if (live.length === 0) return { ...waiting(noReplica(project)), noReplica: true };
  if (watermark === undefined) return waiting('predictions: no live replica has shipped any');
  const { from, to } = window;
  const clockWords = `the watermark is ${watermark.toISOString()}${aheadWords(live)}`;
  if (to === undefined) {
    const before = await countPredictions(stores, project, { from, to: watermark.toISOString() });
    const wanted = isCounted(length) ? length.rows : 0;
    return waiting(`predictions: ${before} of the ${wanted} of this window are there; ${clockWords}`);
  }
  const period = { from, to };
  if (watermark.getTime() < Date.parse(to)) return waiting(`event time past ${to}; ${clockWords}`);
  const all = allTruth(period, rules);
  const { version, predictions, truths, needed, enoughAt } = await truthThere(stores, project, rules, period);
  if (predictions === 0) {
    const now = firstWindow(length, watermark.toISOString());
    const asked = await nextPredicted(stores, project, to);
    const later = asked === undefined ? now : firstWindow(length, asked.toISOString());
    return { state: 'empty', next: later < now ? later : now };
  }
  // From when the world knew the truth that made enough the window could be judged, however late it is.
  if (enoughAt !== undefined) return { state: 'ready', window: period, asOf: enoughAt };
  if (watermark.getTime() >= Date.parse(all)) return { state: 'ready', window: period, asOf: all };
  return waiting(
    `truth: ${truths} of ${predictions} predictions of version ${version} have it, ${needed} are needed, or event time past ${all}`
  );
}

/** The window with its end. What was decided once stays: by the monitor, or by the window's record. */
async function ended(
  stores: Stores,
  project: string,
  length: Period | WindowsOfRows,
  { from, to }: BegunWindow,
  watermark: Date | undefined
): Promise<BegunWindow> {
  if (to !== undefined) return { from, to };
  const judged = await lastRevision(stores, project, from);
  if (judged !== null) return judged.body.period;
  if (!isCounted(length)) return { from, to: periodOf(length, from).to };
  if (watermark === undefined) return { from };
  const end = await withHeartbeat('counting predictions', () =>
    countedEnd(stores, project, { from, rows: length.rows, watermark })
  );
  return end === undefined ? { from } : { from, to: end };
}

/** Where the window begins that is open at this time. By count it is the one that was judged then, or the one after the last. */
async function startAt(stores: Stores, project: string, length: Period | WindowsOfRows, time: string): Promise<string> {
  const judged = isCounted(length) ? await verdictUpTo(stores, project, time) : null;
  if (judged === null) return firstWindow(length, time);
  const { from, to } = judged.body.period;
  return time < to ? from : to;
}

/** What may make the clock leap, where something may. */
function aheadWords(live: readonly ReplicaDocument[]): string {
  const [most] = live.flatMap(({ ahead }) => ahead ?? []).sort((one, other) => other.count - one.count);
  if (most === undefined) return '';
  const { count, lowest } = most;
  return `. ${count} of ${CLOCK_AGREEMENT} that must agree are set aside at ${lowest.toISOString()}, far ahead of it`;
}
