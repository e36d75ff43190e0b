/**
 * What comes behind the event clock is late, and counts all the same. Until its window is counted for the last time, that
 * count finds it; from then on its event time is marked, and the window gets a revision.
 */
import type { Period, WindowsOfRows } from '../../domain/definition';
import { durationMs } from '../../domain/durations';
import { isCounted, periodOf, type TimeRange } from '../../domain/period';
import type { Ref } from '../../domain/refs';
import { windowLine } from '../../domain/windows';
import type { Stores } from '../../stores/connect';
import { findEndpoint } from '../../stores/endpoints';
import { lateHours, takeMarks } from '../../stores/late';
import { lastRevision, verdictFrom, verdictUpTo } from '../../stores/windows';
import { requireCaller } from '../caller';
import { definitionOf } from '../definitions';
import type { ActivityDeps } from '../deps';
import { reviseWindow } from './correct-window';
import { judgeWindow } from './judge-window';
import { monitorId } from '../../domain/ids';

export interface NextLate {
  readonly project: string;
  /** Event times from here on; default: all. */
  readonly from?: string;
  /** Windows from here on are still to be counted. */
  readonly before: string;
}

export interface LateRecords {
  readonly project: string;
  /** By whose rules a window is judged that had no verdict. */
  readonly definition: Ref<'definition'>;
  /** The marked event time. */
  readonly at: string;
  readonly before: string;
}

/** `line`: where the late records have changed it. */
export interface Recounted {
  readonly period: TimeRange;
  readonly line?: string;
}

export function lateActivities(deps: ActivityDeps) {
  return {
    /** The first event time that records came late for. */
    async mlopsNextLate({ project, from, before }: NextLate): Promise<{ readonly at?: string }> {
      const range = { before, ...(from === undefined ? {} : { from }) };
      const [first] = await lateHours(await deps.stores(), project, range);
      return first === undefined ? {} : { at: first.from };
    },

    /** Counts the window there once more, with all that came late for it. Another time changes nothing. */
    async mlopsCountLate({ project, definition, at, before }: LateRecords): Promise<Recounted> {
      requireCaller(monitorId(project));
      const stores = await deps.stores();
      const marked = await lateHours(stores, project, { from: at, before });
      const { period, count } = await windowAt(deps, stores, { project, definition, at, before });
      const line = await count?.();
      await takeMarks(stores, marked, period.to);
      return { period, ...(line === undefined ? {} : { line }) };
    },
  };
}

interface LateWindow {
  readonly period: TimeRange;
  /** The window's line, where that has changed. Absent: no monitor has watched so far back. */
  readonly count?: () => Promise<string | undefined>;
}

async function windowAt(
  deps: ActivityDeps,
  stores: Stores,
  { project, definition, at, before }: LateRecords
): Promise<LateWindow> {
  const { monitoring } = await definitionOf(stores, definition);
  const verdict = await verdictUpTo(stores, project, at);
  if (verdict !== null && at < verdict.body.period.to) {
    const latest = (await lastRevision(stores, project, verdict.body.period.from)) ?? verdict;
    const { period, clockEpoch = 0, revision } = latest.body;
    const { truthDelay } = (await definitionOf(stores, latest.body.definition)).monitoring;
    const asOf = allTruth(period, durationMs(truthDelay));
    const count = async () => {
      const body = await reviseWindow(deps, stores, latest, { asOf, clockEpoch });
      return body.revision === revision ? undefined : windowLine(body);
    };
    return { period, count };
  }
  const unjudged = await unjudgedAt(stores, project, monitoring.period, at, { after: verdict?.body.period.to, before });
  if (verdict === null) return { period: unjudged };
  // There were no requests in time: this is its first verdict.
  const asOf = allTruth(unjudged, durationMs(monitoring.truthDelay));
  const judge = { project, definition, period: unjudged, asOf };
  const count = async () => {
    const epoch = (await findEndpoint(stores, project))?.clock?.epoch ?? 0;
    return windowLine(await judgeWindow(deps, stores, judge, epoch, true));
  };
  return { period: unjudged, count };
}

/** What is in no judged window there: of its period, or by count all. */
async function unjudgedAt(
  stores: Stores,
  project: string,
  length: Period | WindowsOfRows,
  at: string,
  { after, before }: { readonly after: string | undefined; readonly before: string }
): Promise<TimeRange> {
  const own = isCounted(length) ? { from: after ?? at, to: before } : periodOf(length, at);
  const next = (await verdictFrom(stores, project, at))?.body.period.from ?? own.to;
  return {
    from: after !== undefined && after > own.from ? after : own.from,
    to: next < own.to ? next : own.to,
  };
}

/** Event time up to which a window's truth is waited for. */
const allTruth = ({ to }: TimeRange, delayMs: number): string => new Date(Date.parse(to) + delayMs).toISOString();
