/** Metrics of the user's own: computed here, where user code lives, from the scores that the compute child left. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegisteredUse } from '../../domain/definition';
import type { Evaluation, Interval, Metrics } from '../../domain/evaluation';
import type { EvaluateJobOutput } from '../../engines/evaluate/evaluate-job';
import type { Metric } from '../../project/registry';
import { type LoadRequest, loadColumns } from '../../engines/tables/load';
import { withHeartbeat } from '../step/heartbeat';
import type { ActivityDeps } from '../deps';
import { registered, runUserCode } from './user-code';

/** What of them an evaluation's key holds: another version is another metric. */
export function versionedMetrics(deps: ActivityDeps, metrics: readonly RegisteredUse[]): unknown[] {
  return metrics.map((use) => ({ ...use, version: registered(deps, 'metric', use.registered).version }));
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
  return withHeartbeat('registered metrics', async () => {
    const { table, labels = new Float32Array() } = await loadColumns({ shards, columns, eventTime, where });
    const scoresOf = async (name: string): Promise<Float32Array | undefined> => {
      const file = files.find((one) => one.name === name)?.file;
      return file === undefined ? undefined : float32Of(await readFile(join(folder, file)));
    };
    const computed = async (scores: Float32Array): Promise<Metrics> => {
      const entries = metrics.map(
        async (use) => [use.registered, await compute(deps, use, { scores, labels, columns: table.columns })] as const
      );
      return Object.fromEntries(await Promise.all(entries));
    };
    const [own, rival] = await Promise.all([scoresOf('scores'), scoresOf('champion-scores')]);
    const candidate = own === undefined ? {} : await computed(own);
    const champion = rival === undefined ? {} : await computed(rival);
    return {
      ...evaluation,
      candidate: { ...evaluation.candidate, ...candidate },
      ...(evaluation.champion === undefined ? {} : { champion: { ...evaluation.champion, ...champion } }),
      ...(evaluation.againstChampion === undefined
        ? {}
        : { againstChampion: { ...evaluation.againstChampion, ...differences(candidate, champion) } }),
    };
  });
}

async function compute(
  deps: ActivityDeps,
  use: RegisteredUse,
  rows: Omit<Parameters<Metric['compute']>[0], 'params'>
): Promise<Interval> {
  const metric = registered(deps, 'metric', use.registered);
  return runUserCode(deps, 'metric', use.registered, async () => {
    const value = await metric.compute({ ...rows, params: use.params });
    if (!Number.isFinite(value)) throw new Error(`it answered ${value}`);
    return plain(value);
  });
}

function differences(candidate: Metrics, champion: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(candidate).flatMap(([name, { estimate }]) =>
      champion[name] === undefined ? [] : [[name, plain(estimate - champion[name].estimate)]]
    )
  );
}

function plain(estimate: number): Interval {
  return { estimate, low: estimate, high: estimate, blocks: 0, confidence: 0, method: 'registered, no interval' };
}

/** The file is little-endian, as its producer was: both run on the same machine. */
function float32Of(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
