/**
 * What comes behind the event clock is late, and counts all the same. Until its window is counted for the last time, that
 * count finds it; from then on its event time is marked, and the window gets a revision.
 */
import type { MonitoringDefinition, Period, WindowsOfRows } from '../../domain/definition';
import { durationMs } from '../../domain/durations';
import { isCounted, periodOf, type TimeRange } from '../../domain/period';
import type { Ref } from '../../domain/refs';
import { windowLine } from '../../domain/windows';
import type { Stores } from '../../stores/connect';
import { readClock } from '../../stores/clocks';
import { findEndpoint } from '../../stores/endpoints';
import { lateHours, takeMarks } from '../../stores/late';
import { lastRevision, verdictFrom, verdictUpTo } from '../../stores/windows';
import { requireCaller } from '../caller';
import { definitionOf } from '../definitions';
import type { ActivityDeps } from '../deps';
import { reviseWindow } from './correct-window';
import { allTruth, dueAt } from './due';
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

/** `line`: where the late records have changed it. `pending`: truth is waited for still, so it is to be counted again. */
export interface Recounted {
  readonly period: TimeRange;
  readonly line?: string;
  readonly pending?: true;
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
      const { line, pending } = (await count?.()) ?? {};
      await takeMarks(stores, marked, period.to);
      return { period, ...(line === undefined ? {} : { line }), ...(pending === true ? { pending } : {}) };
    },
  };
}

interface LateWindow {
  readonly period: TimeRange;
  /** Absent: no monitor has watched so far back. */
  readonly count?: () => Promise<{ readonly line?: string; readonly pending: boolean }>;
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
    const rules = (await definitionOf(stores, latest.body.definition)).monitoring;
    const all = allTruth(period, rules);
    const asOf = await truthSoFar(stores, project, rules, { all, least: latest.body.asOf });
    const count = async () => {
      const body = await reviseWindow(deps, stores, latest, { due: dueAt(asOf, period.to, rules), clockEpoch });
      return body.revision === revision
        ? { pending: asOf < all }
        : { line: windowLine(body), pending: body.asOf < all };
    };
    return { period, count };
  }
  const unjudged = await unjudgedAt(stores, project, monitoring.period, at, { after: verdict?.body.period.to, before });
  if (verdict === null) return { period: unjudged };
  // There were no requests in time: this is its first verdict.
  const all = allTruth(unjudged, monitoring);
  const asOf = await truthSoFar(stores, project, monitoring, { all, least: unjudged.to });
  const judge = { project, definition, period: unjudged };
  const due = dueAt(asOf, unjudged.to, monitoring);
  const count = async () => {
    const clockEpoch = (await findEndpoint(stores, project))?.clock?.epoch ?? 0;
    const body = await judgeWindow(deps, stores, judge, { clockEpoch, due, past: true });
    return { line: windowLine(body), pending: body.asOf < all };
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

/** Of all its truth what has come: what the clock has not passed yet nobody marks as late, so the window has to be counted again. */
async function truthSoFar(
  stores: Stores,
  project: string,
  { allowedLateness }: MonitoringDefinition,
  { all, least }: { readonly all: string; readonly least: string }
): Promise<string> {
  const clock = await readClock(stores, project);
  if (clock === undefined) return least;
  const watermark = new Date(clock.highest.getTime() - durationMs(allowedLateness)).toISOString();
  const reached = watermark > least ? watermark : least;
  return reached < all ? reached : all;
}
