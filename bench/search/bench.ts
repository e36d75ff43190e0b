/** A study of 100 trials beside Optuna's, on an objective that costs nothing: what suggesting, recording and a kill cost, and what is found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../options';
import { type BenchResult, resultsOf } from '../result';
import { median } from '../spread';
import { openOptuna } from './optuna';
import { openOurs, searchInMemory } from './ours';
import { type Searched, TRIALS } from './searched';

/** The best of one seed says little. */
const SEEDS = 20;
const MOST_OF_OPTUNA = 1.1;
const AIM = `no finished trial runs again after a kill, and the winner is that of a study never killed; a best loss of at most ${MOST_OF_OPTUNA} times Optuna's (median of ${SEEDS} seeds)`;

export async function benchSearch({ rounds }: BenchOptions): Promise<BenchResult> {
  const load = loadavg()[0] ?? 0;
  say(`load average ${load.toFixed(2)}${load > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const optuna = openOptuna(folder);
  const ours = await openOurs(folder);
  const figures = new Map<string, Map<string, number[]>>();
  const bests = new Map<string, number[]>();
  const keep = (name: string, point: string, { seconds, best }: Searched): void => {
    const points = figures.get(name) ?? new Map<string, number[]>();
    figures.set(name, points.set(point, [...(points.get(point) ?? []), TRIALS / seconds]));
    say(`${name} ${point}: ${(TRIALS / seconds).toFixed(1)} trials/s, best ${best.toFixed(4)}`);
  };
  try {
    for (let seed = 1; seed <= rounds; seed += 1) {
      keep('ours', 'recorded', await ours.durable(seed));
      keep('optuna', 'recorded', optuna.durable(seed));
    }
    for (let seed = 1; seed <= SEEDS; seed += 1)
      for (const [name, searched] of [
        ['ours', searchInMemory(seed)],
        ['optuna', optuna.inMemory(seed)],
      ] as const) {
        bests.set(name, [...(bests.get(name) ?? []), searched.best]);
        if (seed <= rounds) keep(name, 'in memory', searched);
      }
    const undisturbed = { ours: bests.get('ours')![0]!, optuna: bests.get('optuna')![0]! };
    const killed = { ours: await ours.killed(1), optuna: await optuna.killed(1) };
    const [own, others] = ['ours', 'optuna'].map((name) => median(bests.get(name)!)) as [number, number];
    const same = {
      ours: killed.ours.best === undisturbed.ours,
      optuna: killed.optuna.best === undisturbed.optuna,
    };
    return {
      ...resultsOf({
        ...{ bench: 'search', unit: 'trials per second', better: 'higher', aim: AIM, figures, load },
        holds: () => killed.ours.repeated === 0 && same.ours && own <= others * MOST_OF_OPTUNA,
      }),
      further: {
        'best of ours': Number(own.toPrecision(4)),
        'best of optuna': Number(others.toPrecision(4)),
        'repeated by ours': killed.ours.repeated,
        'repeated by optuna': killed.optuna.repeated,
        'same winner after a kill, ours': Number(same.ours),
        'same winner after a kill, optuna': Number(same.optuna),
      },
    };
  } finally {
    await ours.close();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
