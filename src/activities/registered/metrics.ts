/** Metrics of the user's own, computed from the scores that the evaluation's child left in the folder. */
import type { RegisteredUse } from '../../domain/definition';
import type { Evaluation, Interval, Metrics } from '../../domain/evaluation';
import type { EvaluateJobOutput } from '../../engines/evaluate/evaluate-job';
import type { LoadRequest } from '../../engines/tables/load';
import type { ActivityDeps } from '../deps';
import { runWithHeartbeat } from '../step/compute-job';
import type { MeasureInput, MeasureOutput } from './jobs/measure';
import { codeVersion, registered, usedCode } from './user-code';

/** What of them an evaluation's key holds: another version is another metric. */
export async function versionedMetrics(deps: ActivityDeps, metrics: readonly RegisteredUse[]): Promise<unknown[]> {
  return Promise.all(
    metrics.map(async (use) => ({ ...use, version: codeVersion(await registered(deps, 'metric', use.registered)) }))
  );
}

/** The evaluation with the definition's own metrics beside the built-in ones; they have an estimate and no interval. */
export async function withRegisteredMetrics(
  deps: ActivityDeps,
  metrics: readonly RegisteredUse[],
  { evaluation, files }: EvaluateJobOutput,
  { request, folder }: { readonly request: LoadRequest; readonly folder: string }
): Promise<Evaluation> {
  if (metrics.length === 0) return evaluation;
  const { shards, columns, eventTime, where } = request;
  const rows: LoadRequest = { shards, columns, where, ...(eventTime === undefined ? {} : { eventTime }) };
  const scores = ['scores', 'champion-scores'].flatMap((name) => files.filter((file) => file.name === name));
  const uses = await Promise.all(metrics.map((use) => usedCode(deps, 'metric', use)));
  const measured = await runWithHeartbeat<MeasureInput, MeasureOutput>(
    deps,
    'measureCode',
    { uses, rows, scores: scores.map(({ file }) => file) },
    { folder }
  );
  const of = (name: string): Metrics => mapped(measured[scores.findIndex((file) => file.name === name)] ?? {}, plain);
  const candidate = of('scores');
  const champion = of('champion-scores');
  return {
    ...evaluation,
    candidate: { ...evaluation.candidate, ...candidate },
    ...(evaluation.champion === undefined ? {} : { champion: { ...evaluation.champion, ...champion } }),
    ...(evaluation.againstChampion === undefined
      ? {}
      : { againstChampion: { ...evaluation.againstChampion, ...differences(candidate, champion) } }),
  };
}

function differences(candidate: Metrics, champion: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(candidate).flatMap(([name, { estimate }]) =>
      champion[name] === undefined ? [] : [[name, plain(estimate - champion[name].estimate)]]
    )
  );
}

function mapped(values: Readonly<Record<string, number>>, use: (value: number) => Interval): Metrics {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, use(value)]));
}

function plain(estimate: number): Interval {
  return { estimate, low: estimate, high: estimate, blocks: 0, confidence: 0, method: 'registered, no interval' };
}
