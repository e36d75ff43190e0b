/**
 * A window is judged when most of its truth is there. Once event time is past all that was to be waited for, it is
 * counted again: a verdict stays, and what later truth changed is its next revision.
 */
import { digestOf } from '../../runtime/digest';
import { durationMs } from '../../domain/durations';
import type { EndpointClock } from '../../domain/endpoint';
import type { WindowBody } from '../../domain/monitoring';
import type { Fact } from '../../domain/records';
import type { TimeRange } from '../../domain/period';
import { windowLine } from '../../domain/windows';
import type { Stores } from '../../stores/connect';
import { findEndpoint } from '../../stores/endpoints';
import { readWatermark } from '../../stores/replicas';
import { lastRevision, verdictsOf, verdictUpTo } from '../../stores/windows';
import { inAttemptFolder } from '../step/attempt-folder';
import { requireCaller } from '../caller';
import { definitionOf } from '../definitions';
import type { ActivityDeps } from '../deps';
import { allTruth, type Due, dueAt, onlyWhenDue } from './due';
import { judgeRows } from './window-numbers';
import { monitorId, windowId } from '../../domain/ids';

export interface OfEndpoint {
  readonly project: string;
  /** The window that has this time in it is the first one to look at. */
  readonly from: string;
}

/** `from`: where to look next time; `due`: a window whose truth has all had its time. */
export interface NextCorrection {
  readonly from: string;
  readonly due?: DueWindow;
}

export interface DueWindow {
  readonly period: TimeRange;
  /** Truths up to here count. */
  readonly asOf: string;
}

export function correctionActivities(deps: ActivityDeps) {
  return {
    /** The first judged window that later truth may have changed. Windows that waited for all of theirs are passed over. */
    async mlopsNextCorrection({ project, from }: OfEndpoint): Promise<NextCorrection> {
      const stores = await deps.stores();
      const clock = (await findEndpoint(stores, project))?.clock;
      let next = from;
      const first = await verdictUpTo(stores, project, from);
      const since = first !== null && first.body.period.to > from ? first.body.period.from : from;
      for await (const verdict of verdictsOf(stores, project, { from: since })) {
        const { body } = (await lastRevision(stores, project, verdict.body.period.from)) ?? verdict;
        const rules = (await definitionOf(stores, body.definition)).monitoring;
        const asOf = allTruth(body.period, rules);
        if (waitsForTruth(body, asOf, clock)) {
          const { watermark } = await readWatermark(stores, project, durationMs(rules.allowedLateness));
          if (watermark === undefined || watermark.getTime() < Date.parse(asOf)) return { from: body.period.from };
          return { from: body.period.to, due: { period: body.period, asOf } };
        }
        next = body.period.to;
      }
      return { from: next };
    },

    /**
     * The window's line as corrected; none where its truth changed nothing.
     * @throws MlopsError MLOPS_NOT_AUTHORIZED unless the project's monitor asks, when all the window's truth had its time
     */
    async mlopsCorrectWindow({ project, period }: Correct): Promise<Corrected> {
      requireCaller(monitorId(project));
      const stores = await deps.stores();
      const latest =
        (await lastRevision(stores, project, period.from)) ??
        (await stores.facts.get({ kind: 'window', id: windowId(project, period.from, 0) }));
      const rules = (await definitionOf(stores, latest.body.definition)).monitoring;
      const all = allTruth(latest.body.period, rules);
      const due = dueAt(all, all, rules);
      const clock = (await findEndpoint(stores, project))?.clock;
      const revise = () => reviseWindow(deps, stores, latest, { due, clockEpoch: clock?.epoch ?? 0 });
      const body = waitsForTruth(latest.body, all, clock) ? await revise() : latest.body;
      return body.revision === 0 ? {} : { line: windowLine(body) };
    },
  };
}

/** Whether truth may still have come since: it was counted before all of it had its time, or by a clock that was set back then. */
function waitsForTruth({ asOf, clockEpoch = 0 }: WindowBody, all: string, clock: EndpointClock | undefined): boolean {
  return asOf < all || (clock !== undefined && clockEpoch < clock.epoch && Date.parse(clock.at) < Date.parse(all));
}

export interface Correct {
  readonly project: string;
  readonly period: TimeRange;
}

export interface Corrected {
  readonly line?: string;
}

/** A body's field, left out for clocks that were never set. */
export const atEpoch = (clockEpoch: number): Pick<WindowBody, 'clockEpoch'> => (clockEpoch === 0 ? {} : { clockEpoch });

/** The window as counted now: its next revision, or the latest one where nothing has changed. What it triggered stays. */
export async function reviseWindow(
  deps: ActivityDeps,
  stores: Stores,
  { body: latest }: Fact<'window'>,
  { due, clockEpoch }: { readonly due: Due; readonly clockEpoch: number }
): Promise<WindowBody> {
  const { endpoint, period } = latest;
  const { asOf } = due;
  const definition = await definitionOf(stores, latest.definition);
  const { version, numbers } = await inAttemptFolder(deps.workFolder, 'window', (folder) =>
    judgeRows(deps, stores, { project: endpoint, definition, period, asOf, folder })
  );
  const kept = { endpoint, period, definition: latest.definition, triggers: latest.triggers };
  const { revision: before, asOf: asOfBefore, clockEpoch: epochBefore = 0 } = latest;
  const counted: WindowBody = { ...kept, ...numbers, ...atEpoch(epochBefore), revision: before, asOf: asOfBefore };
  if (digestOf(counted) === digestOf(latest)) return latest;
  const revision = latest.revision + 1;
  const body: WindowBody = { ...counted, revision, asOf, ...atEpoch(clockEpoch) };
  const id = windowId(endpoint, period.from, revision);
  const { fact } = await stores.facts.commit(
    {
      _id: id,
      kind: 'window',
      digest: digestOf(body),
      inputs: version === undefined ? [latest.definition] : [version, latest.definition],
      artifacts: [],
      body,
    },
    {
      also: onlyWhenDue(stores, endpoint, due),
      audit: {
        id: `window ${id}`,
        project: endpoint,
        what: 'window corrected',
        by: 'temporal-mlops',
        detail: {
          window: id,
          asOf,
          rows: { before: latest.rows, now: body.rows },
          truths: { before: latest.truths, now: body.truths },
        },
      },
    }
  );
  return fact.body;
}
