/**
 * Reports to the monitor and the rollout how far event time has come. The endpoint's watermark is the least event time shipped
 * by its live replicas, minus the allowedLateness; of the live replicas the first by name signals:
 *   - to the monitor once for each window edge that it passes, by time or by count,
 *   - to the monitor once when a window that has ended is covered by truth,
 *   - to the rollout once when its step waits to know of event time, and once when the step's is over.
 * What was signalled is kept on disk. A signal that fails is sent again with the next report; a replica that takes over
 * repeats the last edge and what is uncovered to its knowledge, so a receiver may get one signal twice.
 */
import type { Period } from '../domain/definition';
import { errorCodeOf } from '../domain/errors';
import { type EndpointDocument, type ReplicaDocument, stepOf } from '../domain/endpoint';
import { lifecycleId, monitorId } from '../domain/ids';
import { MESSAGES, type WatermarkMessage } from '../domain/messages';
import { isCounted, periodEnds, type TimeRange, periodOf } from '../domain/period';
import type { Store } from '../stores/open';
import { countedEnd } from '../stores/counted-windows';
import { coverage } from '../stores/predictions';
import { liveReplicas, watermarkOf } from '../stores/replicas';
import { lastVerdict } from '../stores/windows';
import { readJson, writeJson } from './replica-folder';

/** Rejects once `withinMs` are over, and has ended its call by then: what hangs may not gather. */
export type SendSignal = (
  workflowId: string,
  name: string,
  payload: WatermarkMessage,
  withinMs: number
) => Promise<void>;

export interface WatermarkOptions {
  readonly stores: Store;
  readonly endpoint: string;
  readonly replica: string;
  readonly file: string;
  readonly signal: SendSignal;
}

interface Reported {
  /** This replica was the one that signals. */
  leading: boolean;
  /** The last window edge that was passed. */
  passed?: string;
  /** Windows that have ended and are not known to be covered. */
  uncovered: TimeRange[];
  /** The rollout's step that was reported: as waiting for its clock, or as over. */
  rollout?: string;
  /** The endpoint's clock's: edges of another epoch say nothing. */
  epoch?: number;
}

/** After a leap in event time no more edges than these are reported one by one. */
const MAX_EDGES = 12;
/** Truth that comes later than this many windows makes no signal: the monitor's own timer finds it. */
const MAX_UNCOVERED = 12;
const LOOK_AGAIN_MS = 10_000;
const SIGNAL_MS = 5_000;

export class Watermarks {
  readonly #options: WatermarkOptions;
  #reported: Reported | undefined;
  #saved = '';
  #hurried = '';
  #looked = { at: 0, tookMs: 0, shipped: '' };

  constructor(options: WatermarkOptions) {
    this.#options = options;
  }

  /** True, once for each, when this event time is past an edge or a step that wasn't reported yet: worth a report at once. */
  due(document: EndpointDocument, highest: number): boolean {
    const reported = this.#reported;
    if (reported?.passed === undefined || !reported.leading) return false;
    const { until } = document.rollout;
    const { period } = document.watch;
    // Where a window by count ends, the predictions decide.
    const next = isCounted(period) ? [] : [periodOf(period, reported.passed).to];
    const candidates = [...next, ...(until === undefined || reported.rollout === tickOf(document) ? [] : [until])];
    const passed = candidates.filter((time) => Date.parse(time) <= highest - document.watch.allowedLatenessMs).join();
    if (passed === '' || passed === this.#hurried) return false;
    this.#hurried = passed;
    return true;
  }

  /**
   * @param own what this replica shipped: the earliest event time, and how many records
   * @throws what MongoDB or `signal` threw; all else was done
   */
  async report(document: EndpointDocument, own: { readonly first: number; readonly shipped: number }): Promise<void> {
    const { stores, endpoint, replica, file } = this.#options;
    const live = await liveReplicas(stores, endpoint);
    const watermark = watermarkOf(live, document.watch.allowedLatenessMs, document.clock);
    if (watermark === undefined) return;
    this.#reported ??= (await readJson<Reported>(file)) ?? { leading: true, uncovered: [] };
    const reported = this.#reported;
    if ((reported.epoch ?? 0) !== (document.clock?.epoch ?? 0)) this.#beginAnew(reported, document);
    const leads = live[0]?.replica === replica;
    const takesOver = leads && !reported.leading;
    reported.leading = leads;
    const failures: unknown[] = [];
    const attempt = (work: Promise<void>) => work.catch((error: unknown) => failures.push(error));
    await attempt(this.#reportRollout(document, watermark, reported));
    if (takesOver && reported.passed !== undefined)
      await attempt(this.#toMonitor(document, watermark, reported.passed, 'passed'));
    await attempt(this.#reportEdges(document, watermark, own.first, reported));
    if (leads && this.#worthLooking(live, own.shipped)) {
      const started = Date.now();
      await attempt(this.#reportCounted(document, watermark, reported));
      await attempt(this.#reportCovered(document, watermark, reported));
      this.#looked = { ...this.#looked, tookMs: Date.now() - started };
    }
    const text = JSON.stringify(reported);
    if (text !== this.#saved) await writeJson(file, reported);
    this.#saved = text;
    if (failures.length === 0) return;
    this.#looked = { ...this.#looked, shipped: '' };
    throw failures[0];
  }

  /** A person has set the clock: what was passed before may be passed again. */
  #beginAnew(reported: Reported, { clock, watch }: EndpointDocument): void {
    if (clock === undefined) return;
    reported.epoch = clock.epoch;
    if (isCounted(watch.period)) delete reported.passed;
    else reported.passed = periodOf(watch.period, clock.at).from;
    reported.uncovered = [];
  }

  /**
   * Truth comes with what is shipped; every so often all the same, since another replica's truths may not show. Counting
   * large windows takes its time: it is never more than a twentieth of it.
   */
  #worthLooking(live: readonly ReplicaDocument[], own: number): boolean {
    const shipped = JSON.stringify([own, ...live.map(({ replica, shippedTo }) => [replica, shippedTo])]);
    const { at, tookMs, shipped: before } = this.#looked;
    const since = Date.now() - at;
    if (since < 20 * tookMs || (shipped === before && since < LOOK_AGAIN_MS)) return false;
    this.#looked = { at: Date.now(), tookMs, shipped };
    return true;
  }

  async #reportEdges(document: EndpointDocument, watermark: Date, first: number, reported: Reported) {
    const { period } = document.watch;
    if (isCounted(period)) return;
    const since = reported.passed ?? new Date(first).toISOString();
    for (const passed of periodEnds(period, since, watermark.toISOString(), MAX_EDGES)) {
      if (reported.leading) await this.#toMonitor(document, watermark, passed, 'passed');
      reported.passed = passed;
      reported.uncovered = [...reported.uncovered, windowBefore(period, passed)].slice(-MAX_UNCOVERED);
    }
  }

  /** The window by count after the last verdict. The monitor decides on its end by itself: this one only wakes it. */
  async #reportCounted(document: EndpointDocument, watermark: Date, reported: Reported): Promise<void> {
    const { period, knownBy } = document.watch;
    if (!isCounted(period)) return;
    const { stores, endpoint } = this.#options;
    const from = (await lastVerdict(stores, endpoint))?.body.period.to ?? knownBy;
    const to = await countedEnd(stores, endpoint, { from, rows: period.rows, watermark });
    if (to === undefined || to === reported.passed) return;
    await this.#toMonitor(document, watermark, to, 'passed');
    reported.passed = to;
    reported.uncovered = [{ from, to }];
  }

  async #reportCovered(document: EndpointDocument, watermark: Date, reported: Reported): Promise<void> {
    const { stores, endpoint } = this.#options;
    const { truthCoverage, truthDelayMs } = document.watch;
    for (const window of reported.uncovered) {
      const asOf = new Date(Date.parse(window.to) + truthDelayMs).toISOString();
      const { predictions, truths } = await coverage(stores, endpoint, window, asOf);
      if (predictions === 0 || truths < predictions * truthCoverage) continue;
      await this.#toMonitor(document, watermark, window.to, 'covered');
      reported.uncovered = reported.uncovered.filter((each) => each !== window);
    }
  }

  async #reportRollout(document: EndpointDocument, watermark: Date, reported: Reported): Promise<void> {
    const { id, state, until } = document.rollout;
    if (!reported.leading || state !== 'running') return;
    // Only where a candidate meets a champion does a step wait for its clock to start.
    if (until === undefined ? document.candidate === undefined : Date.parse(until) > watermark.getTime()) return;
    const step = tickOf(document);
    if (reported.rollout === step) return;
    const reason = until === undefined ? 'known' : 'passed';
    await this.#send(id, this.#message(watermark, until ?? watermark.toISOString(), reason));
    reported.rollout = step;
  }

  /** Where no monitor runs, as where somebody has cancelled it, the lifecycle starts one, which finds out by itself. */
  async #toMonitor(
    document: EndpointDocument,
    watermark: Date,
    edge: string,
    reason: WatermarkMessage['reason']
  ): Promise<void> {
    const message = this.#message(watermark, edge, reason);
    try {
      await this.#send(monitorId(document.project), message);
    } catch (error) {
      if (!isNotRunning(error)) throw error;
      await this.#send(lifecycleId(document.project), message);
    }
  }

  #send(workflowId: string, message: WatermarkMessage): Promise<void> {
    return this.#options.signal(workflowId, MESSAGES.watermark, message, SIGNAL_MS);
  }

  #message(watermark: Date, edge: string, reason: WatermarkMessage['reason']): WatermarkMessage {
    return { endpoint: this.#options.endpoint, watermark: watermark.toISOString(), edge, reason };
  }
}

function isNotRunning(error: unknown): boolean {
  return errorCodeOf(error) === 'MLOPS_NOT_FOUND';
}

/** A step, before its clock starts and then. */
function tickOf({ rollout }: EndpointDocument): string {
  return `${stepOf(rollout)} ${rollout.until}`;
}

/** The window that ends at this edge. */
function windowBefore(period: Period, edge: string): TimeRange {
  return { from: periodOf(period, new Date(Date.parse(edge) - 1).toISOString()).from, to: edge };
}
