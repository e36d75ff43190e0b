/**
 * The time of one durable step, beside the same ten-step pipeline in its peers; and what each does after a kill in
 * step 6. We and the peers take turns; every run has new inputs, so that nothing is reused.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../options';
import { type BenchResult, resultOf } from '../result';
import { install } from '../install';
import { HEARTBEAT_SECONDS, type OurRun, type Ours, openOurs } from './ours';
import { recoverPeer, runPeer } from './peer-runs';
import { PEERS, type Peer } from './peers';
import { partsOf, QUICK_HEARTBEAT_SECONDS, tableOf } from './table';

const AIM_MS = 40;
const AIM_ZENML = 2;
const AIM_METAFLOW = 10;
const AIM = `at most ${AIM_MS} ms a step; at least ${AIM_ZENML} times faster than ZenML, ${AIM_METAFLOW} times than Metaflow`;

export async function benchSteps({ rounds, all }: BenchOptions): Promise<BenchResult> {
  const peers = PEERS.filter(({ extra }) => all || !extra);
  for (const peer of peers) install(peer);
  const load = loadavg()[0] ?? 0;
  say(`load average ${load.toFixed(2)}${load > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  // Not `finally`: a benchmark that is interrupted leaves no files, either.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const ours = await openOurs(folder);
  try {
    return await measure(ours, peers, rounds, folder, load);
  } finally {
    await ours.close();
  }
}

async function measure(
  ours: Ours,
  peers: readonly Peer[],
  rounds: number,
  folder: string,
  load: number
): Promise<BenchResult> {
  const runs: OurRun[] = [];
  const figures = new Map(peers.map(({ name }) => [name, [] as number[]]));
  say('a first run of each, not counted');
  await ours.run();
  for (const peer of peers) await runPeer(peer, folder);
  for (let round = 1; round <= rounds; round += 1) {
    runs.push(await ours.run());
    for (const peer of peers) figures.get(peer.name)!.push(await runPeer(peer, folder));
    const lasts = [...figures].map(([name, values]) => `${name} ${values.at(-1)!.toFixed(1)}`);
    say(`round ${round} of ${rounds}, ms per step: ours ${runs.at(-1)!.perStep.toFixed(1)}, ${lasts.join(', ')}`);
  }
  say('a kill in step 6 of each');
  const perStep = runs.map((run) => run.perStep);
  const row = { name: 'ours', perStep, recovery: await ours.recover(HEARTBEAT_SECONDS) };
  const quick = await ours.recover(QUICK_HEARTBEAT_SECONDS);
  const rows = [];
  for (const peer of peers) {
    rows.push({ name: peer.name, perStep: figures.get(peer.name)!, recovery: await recoverPeer(peer, folder) });
  }
  say(`\n${tableOf(row, rows)}\n\n${partsOf(runs, quick)}\n`);
  return resultOf({
    bench: 'steps',
    unit: 'ms per step',
    better: 'lower',
    aim: AIM,
    ours: perStep,
    peers: figures,
    load,
    holds: (median, ratio) => median <= AIM_MS && ratio.zenml! >= AIM_ZENML && ratio.metaflow! >= AIM_METAFLOW,
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
