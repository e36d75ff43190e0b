/**
 * A window is judged when most of its truth is there. Once event time is past all that was to be waited for, it is
 * counted again: a verdict stays, and what later truth changed is its next revision.
 */
import { digestOf } from '../../runtime/digest';
import { durationMs } from '../../domain/durations';
import type { WindowBody } from '../../domain/monitoring';
import type { Fact } from '../../domain/records';
import type { TimeRange } from '../../domain/period';
import { windowId, windowLine } from '../../domain/windows';
import type { Stores } from '../../stores/connect';
import { liveReplicas, watermarkOf } from '../../stores/replicas';
import { inAttemptFolder } from '../step/attempt-folder';
import type { ActivityDeps } from '../deps';
import { judgeRows } from './window-numbers';

export interface OfEndpoint {
  readonly project: string;
  /** Start of the first window to look at. */
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
      for await (const { body } of verdicts(stores, project, from)) {
        const { allowedLateness, truthDelay } = (await stores.facts.get(body.definition)).body.definition.monitoring;
        const asOf = Date.parse(body.period.to) + durationMs(truthDelay);
        if (Date.parse(body.asOf) < asOf) {
          const watermark = watermarkOf(await liveReplicas(stores, project), durationMs(allowedLateness));
          if (watermark === undefined || watermark.getTime() < asOf) return { from: body.period.from };
          return { from: body.period.to, due: { period: body.period, asOf: new Date(asOf).toISOString() } };
        }
        next = body.period.to;
      }
      return { from: next };
    },

    /** The window's line as corrected; none where its truth changed nothing. */
    async mlopsCorrectWindow({ project, period, asOf }: DueWindow & { readonly project: string }): Promise<Corrected> {
      const stores = await deps.stores();
      const latest = await latestOf(stores, project, period);
      const body = latest.body.asOf < asOf ? await correct(deps, stores, latest, asOf) : latest.body;
      return body.revision === 0 ? {} : { line: windowLine(body) };
    },
  };
}

export interface Corrected {
  readonly line?: string;
}

function verdicts(stores: Stores, endpoint: string, from: string): AsyncIterable<Fact<'window'>> {
  return stores.facts
    .collection('window')
    .find({ 'body.endpoint': endpoint, 'body.revision': 0, 'body.period.from': { $gte: from } })
    .sort({ 'body.period.from': 1 });
}

async function latestOf(stores: Stores, endpoint: string, period: TimeRange): Promise<Fact<'window'>> {
  const [latest] = await stores.facts
    .collection('window')
    .find({ 'body.endpoint': endpoint, 'body.period.from': period.from })
    .sort({ 'body.revision': -1 })
    .limit(1)
    .toArray();
  return (
    (latest as Fact<'window'> | undefined) ??
    stores.facts.get({ kind: 'window', id: windowId(endpoint, period.from, 0) })
  );
}

async function correct(
  deps: ActivityDeps,
  stores: Stores,
  { body: latest }: Fact<'window'>,
  asOf: string
): Promise<WindowBody> {
  const { endpoint, period } = latest;
  const { definition } = (await stores.facts.get(latest.definition)).body;
  const { version, numbers } = await inAttemptFolder(deps.workFolder, 'window', (folder) =>
    judgeRows(deps, stores, { project: endpoint, definition, period, asOf, folder })
  );
  const kept = { endpoint, period, definition: latest.definition, triggers: latest.triggers };
  const counted: WindowBody = { ...kept, ...numbers, revision: latest.revision, asOf: latest.asOf };
  if (digestOf(counted) === digestOf(latest)) return latest;
  const revision = latest.revision + 1;
  const body: WindowBody = { ...counted, revision, asOf };
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
        detail: { window: id, asOf, truths: { before: latest.truths, now: body.truths } },
      },
    }
  );
  return fact.body;
}
