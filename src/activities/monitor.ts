/** The monitor's effects: read how far event time and truth have come, and judge a window once. */
import type { Trigger, WatchMessage } from '../domain/messages';
import type { WindowBody } from '../domain/monitoring';
import { type Plan, planOf } from '../domain/plan';
import type { TimeRange } from '../domain/period';
import type { Ref } from '../domain/refs';
import { monitorId, windowId } from '../domain/ids';
import { newsOf, triggerMessages, windowLine } from '../domain/windows';
import { findEndpoint } from '../stores/endpoints';
import { lateHours } from '../stores/late';
import type { Stores } from '../stores/connect';
import { countUnmatchedSince } from '../stores/truths';
import { lastRevision, verdictBefore } from '../stores/windows';
import { ensureMonitorActivities } from './monitoring/ensure-monitor';
import { clockActivities } from './monitoring/set-clock';
import { correctionActivities, reviseWindow } from './monitoring/correct-window';
import { requireCaller } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { refusedSignalActivities } from './refused-signals';
import { judgeWindow } from './monitoring/judge-window';
import { type OfWindow, verdictDue } from './monitoring/due';
import { lateActivities } from './monitoring/late-windows';
import { type Readiness, readiness, type WindowReady } from './monitoring/readiness';

export interface Watched {
  readonly watched?: { readonly definition: Ref<'definition'>; readonly plan: Plan };
}

export interface Judged {
  readonly window: string;
  /** As it is recorded: windows go on from its end. */
  readonly period: TimeRange;
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

    /** Whether a window is over and has its truth; where it waits, whether records came late for an earlier one. */
    async mlopsWindowReady({ countedTo, ...of }: WindowReady): Promise<Readiness> {
      const stores = await deps.stores();
      const ready = await readiness(stores, of);
      if (ready.state !== 'waiting') return ready;
      const [late] = await lateHours(stores, of.project, { before: countedTo });
      return late === undefined ? ready : { ...ready, lateAt: late.from };
    },

    /**
     * Judges a window and records the verdict, once; a later attempt gets the recorded one.
     * @throws MlopsError MLOPS_NOT_AUTHORIZED unless the project's monitor asks, when the window is due
     */
    async mlopsJudgeWindow(judge: OfWindow): Promise<Judged> {
      requireCaller(monitorId(judge.project));
      const stores = await deps.stores();
      const id = windowId(judge.project, judge.period.from, 0);
      const epoch = (await findEndpoint(stores, judge.project))?.clock?.epoch ?? 0;
      const last = await lastRevision(stores, judge.project, judge.period.from);
      // Its verdict stays, and what it triggered: since the clock was set, the same window is over once more.
      if (last !== null && (last.body.clockEpoch ?? 0) < epoch) {
        const due = await verdictDue(stores, { ...judge, period: last.body.period });
        const body = await reviseWindow(deps, stores, last, { due, clockEpoch: epoch });
        return { window: id, period: body.period, line: windowLine(body), triggers: [], news: [] };
      }
      const verdict = await stores.facts.find('window', id);
      const first = async () =>
        judgeWindow(deps, stores, judge, { due: await verdictDue(stores, judge), clockEpoch: epoch });
      const body = verdict?.body ?? (await first());
      const news = [...newsOf(body), ...(await newsOfUnmatched(stores, body))];
      return { window: id, period: body.period, line: windowLine(body), triggers: triggerMessages(id, body), news };
    },
  };
}

/** Beside what one window has: more are not the slip of one caller. */
const MANY_UNMATCHED = 20;

/** Of those that came since the window before was judged: earlier ones were in its notice, or were few. */
async function newsOfUnmatched(stores: Stores, { endpoint, period, rows }: WindowBody): Promise<string[]> {
  const before = await verdictBefore(stores, endpoint, period.from);
  const unmatched = await countUnmatchedSince(stores, endpoint, before?.made.at ?? new Date(0));
  if (unmatched < Math.max(MANY_UNMATCHED, rows / 20)) return [];
  const since = before === null ? '' : ' since the window before';
  return [
    `${unmatched} truths${since} match no prediction, or contradict one: mlops ls truths ${endpoint} --unmatched`,
  ];
}
