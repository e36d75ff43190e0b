/** The monitor's effects: read how far event time and truth have come, and judge a window once. */
import { durationMs } from '../domain/durations';
import { CLOCK_AGREEMENT, type EndpointClock, noReplica, type ReplicaDocument } from '../domain/endpoint';
import type { Trigger, WatchMessage } from '../domain/messages';
import type { WindowBody } from '../domain/monitoring';
import { type Plan, planOf } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { periodOf } from '../domain/period';
import { monitorId, windowId } from '../domain/ids';
import { newsOf, triggerMessages, windowLine } from '../domain/windows';
import { findEndpoint } from '../stores/endpoints';
import { coverage, nextPredicted } from '../stores/predictions';
import { countUnmatched, knownWhen } from '../stores/truths';
import { readWatermark } from '../stores/replicas';
import { lastRevision } from '../stores/windows';
import { withHeartbeat } from './step/heartbeat';
import { ensureMonitorActivities } from './monitoring/ensure-monitor';
import { clockActivities } from './monitoring/set-clock';
import { correctionActivities, reviseWindow } from './monitoring/correct-window';
import { requireCaller } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { refusedSignalActivities } from './refused-signals';
import { type JudgeWindow, judgeWindow, type OfWindow } from './monitoring/judge-window';
import { lateActivities } from './monitoring/late-windows';

/** Ready: `asOf` is the event time up to which truths count. */
export type Readiness =
  | { readonly state: 'waiting'; readonly waitsFor: string; readonly noReplica?: boolean }
  | { readonly state: 'ready'; readonly asOf: string }
  /** No requests until then: windows are looked at from `next` on. */
  | { readonly state: 'empty'; readonly next: string }
  /** A person has set the event clock since the monitor last looked. */
  | { readonly state: 'clock set'; readonly clock: EndpointClock };

export interface Watched {
  readonly watched?: { readonly definition: Ref<'definition'>; readonly plan: Plan };
}

export interface Judged {
  readonly window: string;
  readonly line: string;
  readonly triggers: readonly Trigger[];
  /** Everything that a person must know of it, a line each: triggers, suppressed ones too, and records that don't fit. */
  readonly news: readonly string[];
}

export function monitorActivities(deps: ActivityDeps) {
  return {
    ...refusedSignalActivities(deps),
    ...correctionActivities(deps),
    ...clockActivities(deps),
    ...ensureMonitorActivities(deps),
    ...lateActivities(deps),

    /** What to go by from now on: the definition that the watched version was made with. */
    async mlopsWatchedDefinition(watch: WatchMessage & { readonly project: string }): Promise<Watched> {
      const stores = await deps.stores();
      const version = await stores.facts.find('version', watch.version);
      if (version === null || version.body.project !== watch.project) return {};
      const { definition } = version.body;
      return { watched: { definition, plan: planOf(await definitionOf(stores, definition)) } };
    },

    /** Whether a window is over, and enough of its truth is there or need not be waited for any longer. */
    async mlopsWindowReady({
      project,
      definition,
      period,
      epoch,
    }: OfWindow & { readonly epoch: number }): Promise<Readiness> {
      const stores = await deps.stores();
      const {
        truthCoverage,
        truthDelay,
        allowedLateness,
        period: length,
      } = (await definitionOf(stores, definition)).monitoring;
      const { live, watermark, clock } = await readWatermark(stores, project, durationMs(allowedLateness));
      if (clock !== undefined && clock.epoch > epoch) return { state: 'clock set', clock };
      if (live.length === 0) return { state: 'waiting', waitsFor: noReplica(project), noReplica: true };
      if (watermark === undefined)
        return { state: 'waiting', waitsFor: 'predictions: no live replica has shipped any' };
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
    },

    /**
     * Judges a window and records the verdict, once; a later attempt gets the recorded one.
     * @throws MlopsError MLOPS_NOT_AUTHORIZED unless the project's monitor asks, after the window's end
     */
    async mlopsJudgeWindow(judge: JudgeWindow): Promise<Judged> {
      requireCaller(monitorId(judge.project));
      const stores = await deps.stores();
      const id = windowId(judge.project, judge.period.from, 0);
      const epoch = (await findEndpoint(stores, judge.project))?.clock?.epoch ?? 0;
      const last = await lastRevision(stores, judge.project, judge.period.from);
      // Its verdict stays, and what it triggered: since the clock was set, the same window is over once more.
      if (last !== null && (last.body.clockEpoch ?? 0) < epoch) {
        const body = await reviseWindow(deps, stores, last, { asOf: judge.asOf, clockEpoch: epoch });
        return { window: id, line: windowLine(body), triggers: [], news: [] };
      }
      const verdict = await stores.facts.find('window', id);
      const body = verdict?.body ?? (await judgeWindow(deps, stores, judge, epoch));
      const news = [...newsOf(body), ...unmatchedWords(body, await countUnmatched(stores, judge.project))];
      return { window: id, line: windowLine(body), triggers: triggerMessages(id, body), news };
    },
  };
}

/** In all, beside what one window has: more are not the slip of one caller. */
const MANY_UNMATCHED = 20;

function unmatchedWords({ endpoint, rows }: WindowBody, unmatched: number): string[] {
  if (unmatched < Math.max(MANY_UNMATCHED, rows / 20)) return [];
  return [`${unmatched} truths match no prediction, or contradict one: mlops ls truths ${endpoint} --unmatched`];
}

/** What may make the clock leap, where something may. */
function aheadWords(live: readonly ReplicaDocument[]): string {
  const [most] = live.flatMap(({ ahead }) => ahead ?? []).sort((one, other) => other.count - one.count);
  if (most === undefined) return '';
  const { count, lowest } = most;
  return `. ${count} of ${CLOCK_AGREEMENT} that must agree are set aside at ${lowest.toISOString()}, far ahead of it`;
}
