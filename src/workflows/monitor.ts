/**
 * Judges an endpoint's windows, one after the other, each once: when event time has passed its end and its truth is
 * there; and counts it again when all its truth has had its time. It outlives cycles; the signal `watch` says what is
 * served, the endpoint's signal `watermark` wakes it, and it sends the lifecycle the signal `trigger`. All that it believes
 * it reads from MongoDB; a signal only wakes it.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Judged, Watched } from '../activities/monitor';
import type { BegunWindow } from '../activities/monitoring/readiness';
import { durationMs } from '../domain/durations';
import type { EndpointClock } from '../domain/endpoint';
import { readWatch, readWatermark } from '../domain/endpoint-messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import { lifecycleId, monitorId, versionLabel } from '../domain/ids';
import { type ClockMessage, MESSAGES, type OperatorAnswer, type Trigger, type WatchMessage } from '../domain/messages';
import type { Plan } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { firstWindow, isCounted, type TimeRange } from '../domain/period';
import { windowLineOf } from '../domain/windows';
import { io, light, lightQueue, untilPickedUp, waiting } from './activities';
import { reasonOf } from './failures';
import { setClock, watch, watermark } from './messages';
import { notify } from './notify';
import { UpdatesTaken } from './updates-taken';
import { show, type Visible } from './visible';
import { Wake } from './wake';

/** All that a monitor remembers from one run to the next. */
export interface MonitorState {
  readonly v: 1;
  readonly project: string;
  /** The watched version's; before there is one, the deploying cycle's. */
  readonly definition: Ref<'definition'>;
  readonly plan: Plan;
  readonly searchAttributes: boolean;
  /** Start of the next window to judge. */
  readonly next?: string;
  /** Its end, once that is decided: of a window by count, when its predictions are there. */
  readonly to?: string;
  /** No window before this time has truth that may still be coming. */
  readonly uncorrected?: string;
  readonly watched?: WatchMessage;
  /** How often a person had set the event clock when the monitor last looked. */
  readonly clockEpoch?: number;
  /** Lines of the last windows, newest first. */
  readonly recent?: readonly string[];
  /** Wall time after which MongoDB is read again without a signal. Default 10 minutes, doubling to an hour. */
  readonly rereadMs?: number;
  /** Windows after which the history starts anew. Default 50. */
  readonly windowsPerRun?: number;
}

const WINDOWS_PER_RUN = 50;
const SHOWN = 8;

export async function monitor(initial: MonitorState): Promise<never> {
  const watches: WatchMessage[] = [];
  const wake = new Wake(initial.rereadMs);
  setHandler(
    watch,
    (message) => {
      const read = readWatch(message);
      if ('mistake' in read) return wake.refuse(MESSAGES.watch, read.mistake);
      watches.push(read.message);
      wake.notify();
    },
    { description: 'From the lifecycle: {version, number, since}' }
  );
  setHandler(
    watermark,
    (message) => {
      const read = readWatermark(message);
      if ('mistake' in read) wake.refuse(MESSAGES.watermark, read.mistake);
      else wake.notify();
    },
    { description: 'From replicas: event time has passed a window, or its truth is there.' }
  );

  const windows = new Windows(initial);
  const taken = new UpdatesTaken('monitor');
  const clockSet = (message: ClockMessage): Promise<OperatorAnswer> => {
    taken.count(message.by);
    return windows.setClock(message).finally(() => wake.notify());
  };
  setHandler(setClock, clockSet, {
    validator: (message) => {
      refuseMalformed(message);
      taken.requireRoom(MESSAGES.setClock, message.by, false);
    },
    description: "{id, by, at}: sets the endpoint's event clock; windows after it are judged again",
  });
  for (;;) {
    const seen = wake.notified;
    await wake.recordRefused(initial.project);
    let watched = true;
    while (watched && watches[0] !== undefined) {
      const answer = await windows.watch(watches[0]);
      watched = answer !== 'failed';
      if (watched) watches.shift();
      if (answer !== undefined && watched) wake.refuse(MESSAGES.watch, answer);
    }
    const went = watched && ((await windows.judgeNext()) || (await windows.correctNext()));
    if (watches.length === 0 && wake.recorded && (windows.enough() || taken.full)) {
      taken.closing = true;
      await condition(allHandlersFinished);
      if (watches.length === 0) await continueAsNew<typeof monitor>(windows.state);
      taken.closing = false;
    }
    if (went) continue;
    if (watched && (await windows.countLate())) continue;
    await wake.after(seen);
  }
}

function refuseMalformed(message: unknown): void {
  const mistake = malformedOperatorMessage(MESSAGES.setClock, message);
  if (mistake !== undefined)
    throw ApplicationFailure.nonRetryable(`MLOPS_MESSAGE_INVALID: ${mistake}`, 'MLOPS_MESSAGE_INVALID');
}

class Windows {
  state: MonitorState;
  #counted = 0;
  /** The first event time that records came late for, as the last look found it. */
  #lateAt: string | undefined;
  /** Shows once more what is waited for, with the lines as they are then. */
  #shown: () => void = () => undefined;

  constructor(state: MonitorState) {
    this.state = state;
  }

  enough(): boolean {
    return workflowInfo().continueAsNewSuggested || this.#counted >= (this.state.windowsPerRun ?? WINDOWS_PER_RUN);
  }

  /** Recorded with who asked; the endpoint's document is what is then gone by. */
  setClock(message: ClockMessage): Promise<OperatorAnswer> {
    const { project, plan } = this.state;
    return io(plan).mlopsSetClock({ project, updateId: currentUpdateInfo()?.id ?? message.id });
  }

  /**
   * Why the message is refused, or undefined; `failed` where a person must fix something before it is taken. The first
   * one says where to begin; windows go on from there, in order.
   */
  async watch(message: WatchMessage): Promise<string | undefined> {
    const { project } = this.state;
    let watched: Watched['watched'];
    try {
      ({ watched } = await io(this.state.plan).mlopsWatchedDefinition({ project, ...message }));
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#show(`an operator: ${message.version} can't be watched. ${reasonOf(error)}`, undefined, ['operator']);
      await this.#notifyStuck(`version ${message.version} can't be watched`, error);
      return 'failed';
    }
    if (watched === undefined) return `${project} has no version ${message.version}`;
    const { definition, plan } = watched;
    const { period, truthDelay } = plan.monitoring;
    const next = this.state.next ?? firstWindow(period, message.since);
    // An earlier monitor may have left windows whose truth was still coming.
    const earlier = new Date(Date.parse(next) - durationMs(truthDelay)).toISOString();
    const uncorrected = this.state.uncorrected ?? earlier;
    this.state = { ...this.state, definition, plan, watched: message, next, uncorrected };
    return undefined;
  }

  /** Whether a window was judged; else the next one isn't ripe, and the details say what for. */
  async judgeNext(): Promise<boolean> {
    const { project, definition, plan, next, to, watched, uncorrected, clockEpoch: epoch = 0 } = this.state;
    this.#lateAt = undefined;
    if (next === undefined || watched === undefined) {
      this.#show('the first deployed version');
      return false;
    }
    let window: BegunWindow = { from: next, ...(to === undefined ? {} : { to }) };
    try {
      const countedTo = uncorrected ?? next;
      const ready = await waiting(plan).mlopsWindowReady({ project, definition, ...window, epoch, countedTo });
      if ('window' in ready) window = ready.window;
      if (isCounted(plan.monitoring.period) && window.to !== undefined) this.state = { ...this.state, to: window.to };
      if (ready.state === 'waiting') {
        this.#lateAt = ready.lateAt;
        this.#show(ready.waitsFor, window, ready.noReplica === true ? [`replica:${project}`] : []);
        return false;
      }
      if (ready.state === 'ready') await this.#judge(ready.window, ready.asOf);
      else if (ready.state === 'empty') this.#pass({ from: next, to: ready.next });
      else this.#followClock(ready.clock, ready.from);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      // Later windows would be judged without this one, so it is tried again with the next signal or look.
      this.#show(`an operator: judging this window failed. ${reasonOf(error)}`, window, ['operator']);
      await this.#notifyStuck(`judging the window ${window.from} failed`, error);
      return false;
    }
  }

  /** No requests: no windows are judged, however many they are. */
  #pass(empty: TimeRange): void {
    const recent = [`${windowLineOf(empty)} no requests`, ...(this.state.recent ?? [])].slice(0, SHOWN);
    this.#goOn({ next: empty.to, recent });
  }

  /** At the start of another window. */
  #goOn(changes: Pick<MonitorState, 'next' | 'clockEpoch' | 'recent'>): void {
    const { to: _, ...state } = this.state;
    this.state = { ...state, ...changes };
  }

  /** Windows that were judged by a clock that was ahead are over once more, later: each is a revision then. */
  #followClock({ epoch, at }: EndpointClock, from: string): void {
    const { next = from, plan } = this.state;
    this.#goOn({ clockEpoch: epoch, next: earlier(next, from) });
    // By the clock as it is now the truth of windows before that is waited for once more, too.
    const waitedFor = new Date(Date.parse(at) - durationMs(plan.monitoring.truthDelay)).toISOString();
    this.#correctFrom(earlier(waitedFor, from));
  }

  /** The window there is to be counted again once its truth has had its time. */
  #correctFrom(from: string): void {
    const { next = from, uncorrected = next } = this.state;
    this.state = { ...this.state, uncorrected: earlier(uncorrected, from) };
  }

  /** Whether a window was counted again, since all that its truth was waited for is over. */
  async correctNext(): Promise<boolean> {
    const { project, plan, uncorrected, next } = this.state;
    if (uncorrected === undefined || uncorrected === next) return false;
    try {
      const { from, due } = await io(plan).mlopsNextCorrection({ project, from: uncorrected });
      if (due !== undefined) {
        this.#show(`the truth of this window that came later, up to ${due.asOf}`, due.period);
        const visible = this.#visible('its numbers', due.period);
        const correcting = light(plan).mlopsCorrectWindow({ project, period: due.period });
        this.#replaceLine(due.period, (await untilPickedUp(this.state, visible, correcting, lightQueue())).line);
        this.#counted += 1;
      }
      this.state = { ...this.state, uncorrected: from };
      return due !== undefined;
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#show(`an operator: a judged window can't be corrected. ${reasonOf(error)}`, undefined, ['operator']);
      await this.#notifyStuck(`correcting a window from ${uncorrected} on failed`, error);
      return false;
    }
  }

  /**
   * Counts each window that records came late for, once: what comes meanwhile waits for the next look, so that a trickle
   * makes few revisions. True where the history has to start anew first.
   */
  async countLate(): Promise<boolean> {
    const { project, plan, definition, uncorrected, watched } = this.state;
    if (uncorrected === undefined || watched === undefined) return false;
    try {
      let at = this.#lateAt;
      while (at !== undefined && !this.enough()) {
        const counting = light(plan).mlopsCountLate({ project, definition, at, before: uncorrected });
        const visible = this.#visible(`records that came late for ${at}`);
        const { period, line, pending } = await untilPickedUp(this.state, visible, counting, lightQueue());
        this.#replaceLine(period, line);
        if (pending === true) this.#correctFrom(period.from);
        this.#shown();
        this.#counted += 1;
        ({ at } = await io(plan).mlopsNextLate({ project, before: uncorrected, from: period.to }));
      }
      return at !== undefined;
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#show(`an operator: late records can't be counted. ${reasonOf(error)}`, undefined, ['operator']);
      await this.#notifyStuck('late records can’t be counted', error);
      return false;
    }
  }

  async #judge(period: TimeRange, asOf: string): Promise<void> {
    const { project, definition, plan } = this.state;
    this.#show(`the numbers of this window, as known by ${asOf}`, period);
    const judging = light(plan).mlopsJudgeWindow({ project, definition, period });
    const visible = this.#visible('its numbers', period);
    const judged: Judged = await untilPickedUp(this.state, visible, judging, lightQueue());
    const unheard: string[] = [];
    for (const trigger of judged.triggers) {
      if (!(await this.#tellLifecycle(trigger)))
        unheard.push('the lifecycle is not running, so no cycle was triggered');
    }
    if (judged.news.length > 0) await this.#notify(`window ${period.from}`, judged.news[0] ?? '', judged.news);
    const line = [judged.line, ...unheard].join('; ');
    this.#counted += 1;
    this.#goOn({ next: judged.period.to, recent: [line, ...(this.state.recent ?? [])].slice(0, SHOWN) });
  }

  /** Once for what is stuck: it is tried again, and one notice is enough. */
  #notifyStuck(what: string, error: unknown): Promise<void> {
    return this.#notify(`waits for an operator: ${what}`, `the monitor waits for an operator: ${what}`, [
      reasonOf(error),
    ]);
  }

  #notify(kind: string, text: string, details: readonly string[]): Promise<void> {
    const { project } = this.state;
    const workflowId = monitorId(project);
    return notify(this.state, { id: `${workflowId} ${kind}`, kind, project, text, details, workflowId });
  }

  async #tellLifecycle(trigger: Trigger): Promise<boolean> {
    try {
      await getExternalWorkflowHandle(lifecycleId(this.state.project)).signal(MESSAGES.trigger, trigger);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  }

  #replaceLine(period: TimeRange, corrected: string | undefined): void {
    if (corrected === undefined) return;
    const recent = this.state.recent?.map((line) => (line.startsWith(windowLineOf(period)) ? corrected : line));
    this.state = { ...this.state, ...(recent === undefined ? {} : { recent }) };
  }

  #show(waitsFor: string, window?: BegunWindow, waitingFor: readonly string[] = []): void {
    this.#shown = () => show(this.state, this.#visible(waitsFor, window, waitingFor));
    this.#shown();
  }

  #visible(waitsFor: string, window?: BegunWindow, waitingFor: readonly string[] = []): Visible {
    return { phase: 'monitor', waitingFor, details: this.#details(waitsFor, window) };
  }

  #details(waitsFor: string, window?: BegunWindow): string {
    const { project, watched, recent } = this.state;
    return [
      `# Monitor of ${project}`,
      watched === undefined ? 'Watches nothing yet.' : `Watches ${versionLabel(project, watched.number)}.`,
      '',
      ...(window === undefined ? [] : [windowWords(window)]),
      `- waits for: ${waitsFor}`,
      '',
      '## Last windows',
      ...(recent === undefined || recent.length === 0 ? ['none yet'] : recent),
      '',
      `All of them: \`mlops ls windows ${project}\`. To end this workflow (${monitorId(project)}), cancel it or stop the lifecycle.`,
    ].join('\n');
  }
}

const earlier = (one: string, other: string): string => (one < other ? one : other);

function windowWords({ from, to }: BegunWindow): string {
  return `- window: **${from}** to ${to ?? 'the last of its predictions, which are not all there'}`;
}
