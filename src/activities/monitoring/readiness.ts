/** Whether a window is over, and enough of its truth is there or need not be waited for any longer. */
import { durationMs } from '../../domain/durations';
import { CLOCK_AGREEMENT, type EndpointClock, noReplica, type ReplicaDocument } from '../../domain/endpoint';
import { periodOf } from '../../domain/period';
import type { Stores } from '../../stores/connect';
import { coverage, nextPredicted } from '../../stores/predictions';
import { readWatermark } from '../../stores/replicas';
import { knownWhen } from '../../stores/truths';
import { definitionOf } from '../definitions';
import { withHeartbeat } from '../step/heartbeat';
import type { OfWindow } from './judge-window';

export interface Waiting {
  readonly state: 'waiting';
  readonly waitsFor: string;
  readonly noReplica?: boolean;
  /** The first event time, before the windows that are still to be counted, that records came late for. */
  readonly lateAt?: string;
}

/** Ready: `asOf` is the event time up to which truths count. */
export type Readiness =
  | Waiting
  | { readonly state: 'ready'; readonly asOf: string }
  /** No requests until then: windows are looked at from `next` on. */
  | { readonly state: 'empty'; readonly next: string }
  /** A person has set the event clock since the monitor last looked. */
  | { readonly state: 'clock set'; readonly clock: EndpointClock };

export interface WindowReady extends OfWindow {
  /** Of the clock that the monitor went by last. */
  readonly epoch: number;
  /** Windows from here on are still to be counted. */
  readonly countedTo: string;
}

export async function readiness(
  stores: Stores,
  { project, definition, period, epoch }: Omit<WindowReady, 'countedTo'>
): Promise<Readiness> {
  const {
    truthCoverage,
    truthDelay,
    allowedLateness,
    period: length,
  } = (await definitionOf(stores, definition)).monitoring;
  const { live, watermark, clock } = await readWatermark(stores, project, durationMs(allowedLateness));
  if (clock !== undefined && clock.epoch > epoch) return { state: 'clock set', clock };
  if (live.length === 0) return { state: 'waiting', waitsFor: noReplica(project), noReplica: true };
  if (watermark === undefined) return { state: 'waiting', waitsFor: 'predictions: no live replica has shipped any' };
  const over = Date.parse(period.to);
  if (watermark.getTime() < over) {
    return {
      state: 'waiting',
      waitsFor: `event time past ${period.to}; the watermark is ${watermark.toISOString()}${aheadWords(live)}`,
    };
  }
  const latest = new Date(over + durationMs(truthDelay)).toISOString();
  const { version, predictions, truths } = await withHeartbeat('counting truths', () =>
    coverage(stores, project, period, latest)
  );
  if (predictions === 0) {
    const now = periodOf(length, watermark.toISOString()).from;
    const asked = await nextPredicted(stores, project, period.to);
    const later = asked === undefined ? now : periodOf(length, asked.toISOString()).from;
    return { state: 'empty', next: later < now ? later : now };
  }
  const needed = Math.ceil(predictions * truthCoverage);
  if (truths >= needed) {
    // When the world knew the truth that made enough: from then on the window could be judged, however late it is.
    const covered = await withHeartbeat('reading truths', () =>
      knownWhen(stores, project, period, version, needed, latest)
    );
    return { state: 'ready', asOf: new Date(Math.max(over, covered?.getTime() ?? over)).toISOString() };
  }
  if (watermark.getTime() >= Date.parse(latest)) return { state: 'ready', asOf: latest };
  return {
    state: 'waiting',
    waitsFor: `truth: ${truths} of ${predictions} predictions of version ${version} have it, ${needed} are needed, or event time past ${latest}`,
  };
}

/** What may make the clock leap, where something may. */
function aheadWords(live: readonly ReplicaDocument[]): string {
  const [most] = live.flatMap(({ ahead }) => ahead ?? []).sort((one, other) => other.count - one.count);
  if (most === undefined) return '';
  const { count, lowest } = most;
  return `. ${count} of ${CLOCK_AGREEMENT} that must agree are set aside at ${lowest.toISOString()}, far ahead of it`;
}
