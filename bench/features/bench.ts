/** Feature views beside Feast: the point-in-time join of a table with three views, and one entity's values over HTTP at a fixed rate. */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../install';
import type { BenchOptions } from '../options';
import { type BenchResult, resultsOf } from '../result';
import { dropOwnStores } from '../steps/own-stores';
import { FEAST } from './feast';
import { feastJoin, type Joined, openOurJoin } from './join';
import { RATE, startOnline } from './online';
import { referenceOf, wrongIn } from './reference';
import { entities, writeTables } from './tables';

const ROWS = 1_000_000;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;
/** That are read online. */
const ENTITIES = 20_000;
const TIMES = 5;
const AIM = `${TIMES} times Feast's point-in-time join where it joins as the reference does, and at most its 99th percentile of online reads at ${RATE} a second`;

type Figures = Map<string, Map<string, number[]>>;

export async function benchFeatures(options: BenchOptions): Promise<BenchResult> {
  const { rounds, rows = ROWS } = options;
  install(FEAST);
  const load = loadavg()[0] ?? 0;
  say(`load average ${load.toFixed(2)}${load > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await writeTables(folder, rows);
  const figures: Figures = new Map();
  const { right, further } = await joins(folder, options, figures);
  const served = await online(folder, Math.min(ENTITIES, entities(rows)), rounds, figures);
  return {
    ...resultsOf({
      bench: 'features',
      unit: 'CPU seconds (join), seconds (join by the clock), ms (p99)',
      better: 'lower',
      aim: AIM,
      figures,
      load,
      holds: (ratio) =>
        right.length > 0 && right.every((name) => ratio[`${name} join`]! >= TIMES) && ratio['feast p99']! >= 1,
    }),
    further: { rows, ...further, ...served },
  };
}

function keep(figures: Figures, name: string, point: string, value: number): void {
  const points = figures.get(name) ?? new Map<string, number[]>();
  figures.set(name, points.set(point, [...(points.get(point) ?? []), value]));
}

interface Joins {
  /** Peers who gave the reference's values in every round. */
  readonly right: readonly string[];
  readonly further: Readonly<Record<string, number>>;
}

/** Feast's default store takes minutes and loses rows (bench/README.md): it joins once, with `all`. */
async function joins(folder: string, { rounds, all }: BenchOptions, figures: Figures): Promise<Joins> {
  const reference = await referenceOf(folder);
  const ours = await openOurJoin(folder);
  const further: Record<string, number> = { 'sampled rows': reference.size };
  const wrong = new Set<string>();
  const measured = async (name: string, run: () => Joined | Promise<Joined>): Promise<Joined> => {
    const joined = await run();
    const { lost, other } = await wrongIn(joined.path, reference);
    if (lost + other > 0) wrong.add(name);
    further[`${name} lost`] = lost;
    further[`${name} other values`] = other;
    const parts = Object.entries(joined.parts).map(([part, seconds]) => `${part} ${seconds.toFixed(2)}`);
    const cost = `${joined.cpuSeconds.toFixed(2)} s CPU (${parts.join(', ')}), ${joined.seconds.toFixed(2)} s, ${(joined.peakBytes / 2 ** 20).toFixed(0)} MiB`;
    say(`${name} join: ${cost}; of ${reference.size} sampled rows ${lost} are lost and ${other} have other values`);
    return joined;
  };
  const each = [
    { name: 'ours', run: () => ours.join() },
    { name: 'feast-duckdb', run: () => feastJoin(folder, 'duckdb') },
  ];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const { name, run } of round % 2 === 1 ? each : each.toReversed()) {
        const { cpuSeconds, seconds } = await measured(name, run);
        keep(figures, name, 'join', cpuSeconds);
        keep(figures, name, 'join by the clock', seconds);
      }
      if (wrong.has('ours')) throw new Error('Our join differs from the reference.');
    }
    if (all) {
      const { cpuSeconds, seconds } = await measured('feast-dask', () => feastJoin(folder, 'dask'));
      further['feast-dask join'] = rounded(cpuSeconds);
      further['feast-dask join by the clock'] = rounded(seconds);
    }
  } finally {
    await ours.close();
  }
  return { right: each.map(({ name }) => name).filter((name) => name !== 'ours' && !wrong.has(name)), further };
}

const rounded = (value: number) => Number(value.toPrecision(3));

async function online(
  folder: string,
  count: number,
  rounds: number,
  figures: Figures
): Promise<Record<string, number>> {
  const servers = await startOnline(folder, count);
  const last: Record<string, number> = {};
  try {
    for (const server of servers) await server.turn(WARM_UP_SECONDS);
    for (let round = 1; round <= rounds; round += 1) {
      for (const server of round % 2 === 1 ? servers : servers.toReversed()) {
        const { answered, failed, rate, p50, p99 } = await server.turn(SECONDS);
        keep(figures, server.name, 'p99', p99);
        last[`${server.name} answers a second`] = rounded(rate);
        last[`${server.name} failed`] = (last[`${server.name} failed`] ?? 0) + failed;
        say(
          `${server.name}: ${answered} answered, ${failed} failed, ${rate.toFixed(0)} a second, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms`
        );
      }
    }
  } finally {
    for (const server of servers) await server.end();
    await dropOwnStores();
  }
  return last;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
