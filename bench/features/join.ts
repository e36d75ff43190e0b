/** The point-in-time join: rows with the newest value of each view before them, from files to one file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ingestActivities } from '../../src/activities/ingest';
import { prepareActivities } from '../../src/activities/prepare';
import { partsOf } from '../../src/activities/registered/reader';
import { costing } from '../../src/activities/step/cost';
import type { Ref } from '../../src/domain/refs';
import { packageRoot } from '../../src/runtime/package-root';
import { pythonOf } from '../install';
import type { Cost } from '../ingest/peers';
import { openActivities } from '../own-activities';
import { FEAST } from './feast';
import { joinedProject, TTL_DAYS, VIEWS } from './tables';

export interface Joined extends Cost {
  /** Of the joined file. */
  readonly path: string;
  /** CPU seconds of what the figure is the sum of. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface OurJoin {
  join(): Promise<Joined>;
  close(): Promise<void>;
}

const AS_OF = '2030-01-01T00:00:00.000Z';

/** The four tables as snapshots, which isn't measured. */
export async function openOurJoin(folder: string): Promise<OurJoin> {
  const { deps, stores, run, recorded, close } = await openActivities(folder);
  const ingest = ingestActivities(deps);
  const prepare = prepareActivities(deps);
  const definition = await recorded(joinedProject(folder));
  const from: Record<string, Ref<'snapshot'>> = {};
  for (const source of ['rows', ...VIEWS]) {
    const observation = await run(() => ingest.mlopsObserve({ definition, asOf: AS_OF, source }));
    from[source] = await run(() => ingest.mlopsIngest({ definition, observation, source }));
  }
  return {
    async join() {
      const [cpu, at] = [process.cpuUsage(), performance.now()];
      const { parts, cost } = await costing(async (gathered) => ({
        parts: await run(() => prepare.mlopsPrepare({ definition, asOf: AS_OF, from })),
        cost: gathered(0),
      }));
      const { user, system } = process.cpuUsage(cpu);
      const seconds = (performance.now() - at) / 1_000;
      const { files } = await partsOf(deps, stores, parts);
      const path = join(folder, 'ours.parquet');
      rmSync(path, { force: true });
      await stores.artifacts.download(files[0]!.digest, path);
      const { cpuSeconds, peakBytes } = cost;
      const store = (user + system) / 1e6;
      return { cpuSeconds: cpuSeconds + store, seconds, peakBytes, path, parts: { job: cpuSeconds, store } };
    },
    close,
  };
}

/** @param offline Feast's offline store: its own default, or the one on DuckDB */
export async function feastJoin(folder: string, offline: 'dask' | 'duckdb'): Promise<Joined> {
  const out = join(folder, `feast-${offline}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const program = join(packageRoot(), 'bench', 'peers', 'feast_join.py');
  const work = JSON.stringify({ folder, out, offline, views: VIEWS, ttlDays: TTL_DAYS });
  const { status, stdout } = spawnSync(pythonOf(FEAST), [program, work], {
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1', FEAST_USAGE: 'False' },
  });
  if (status !== 0) throw new Error(`feast_join.py ended with ${status}; what it said is above.`);
  const cost = JSON.parse(stdout.trim().split('\n').at(-1)!) as Cost & Pick<Joined, 'parts'>;
  return { ...cost, path: join(out, 'joined.parquet') };
}
