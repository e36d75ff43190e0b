/**
 * A window is judged when most of its truth is there. Once event time is past all that was to be waited for, it is
 * counted again: a verdict stays, and what later truth changed is its next revision.
 */
import { digestOf } from '../../runtime/digest';
import { durationMs } from '../../domain/durations';
import type { WindowBody } from '../../domain/monitoring';
import type { Fact } from '../../domain/records';
import type { TimeRange } from '../../domain/period';
import { windowLine } from '../../domain/windows';
import type { Stores } from '../../stores/connect';
import { readWatermark } from '../../stores/replicas';
import { lastRevision, verdictsOf, verdictUpTo } from '../../stores/windows';
import { inAttemptFolder } from '../step/attempt-folder';
import { requireCaller } from '../caller';
import type { ActivityDeps } from '../deps';
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
      let next = from;
      const first = await verdictUpTo(stores, project, from);
      const since = first !== null && first.body.period.to > from ? first.body.period.from : from;
      for await (const verdict of verdictsOf(stores, project, { from: since })) {
        const { body } = (await lastRevision(stores, project, verdict.body.period.from)) ?? verdict;
        const { allowedLateness, truthDelay } = (await stores.facts.get(body.definition)).body.definition.monitoring;
        const asOf = Date.parse(body.period.to) + durationMs(truthDelay);
        if (Date.parse(body.asOf) < asOf) {
          const { watermark } = await readWatermark(stores, project, durationMs(allowedLateness));
          if (watermark === undefined || watermark.getTime() < asOf) return { from: body.period.from };
          return { from: body.period.to, due: { period: body.period, asOf: new Date(asOf).toISOString() } };
        }
        next = body.period.to;
      }
      return { from: next };
    },

    /** The window's line as corrected; none where its truth changed nothing. */
    async mlopsCorrectWindow({ project, period, asOf }: DueWindow & { readonly project: string }): Promise<Corrected> {
      requireCaller(monitorId(project));
      const stores = await deps.stores();
      const latest =
        (await lastRevision(stores, project, period.from)) ??
        (await stores.facts.get({ kind: 'window', id: windowId(project, period.from, 0) }));
      const { clockEpoch = 0 } = latest.body;
      const body =
        latest.body.asOf < asOf ? await reviseWindow(deps, stores, latest, { asOf, clockEpoch }) : latest.body;
      return body.revision === 0 ? {} : { line: windowLine(body) };
    },
  };
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
  { asOf, clockEpoch }: { readonly asOf: string; readonly clockEpoch: number }
): Promise<WindowBody> {
  const { endpoint, period } = latest;
  const { definition } = (await stores.facts.get(latest.definition)).body;
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
