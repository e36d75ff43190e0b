/** Requests per second of our endpoint, which keeps every record, and of servers that keep none. All take turns on one core. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../install';
import { dropOwnStores } from '../steps/own-stores';
import type { BenchOptions } from '../options';
import { type BenchResult, resultsOf } from '../result';
import { requireSameScores } from './agree';
import { load } from './load';
import { benchModel, benchRequest } from './model';
import { FASTAPI, MLSERVER, MODEL_PATH, type Server, startServers } from './servers';
import { openStored } from './stored';
import { tableOf } from './table';

/** Connections × rows of each request; how many times FastAPI's throughput we want. */
const POINTS = [
  { name: '1', connections: 1, rows: 1, aim: 0.9 },
  { name: '16', connections: 16, rows: 1, aim: 1.7 },
  { name: '64', connections: 64, rows: 1, aim: 2.3 },
  { name: '4x1000', connections: 4, rows: 1_000, aim: 0.6 },
] as const;
type Point = Pick<(typeof POINTS)[number], 'connections' | 'rows'>;
const SECONDS = 2;
const WARM_UP_SECONDS = 1;
const AIM = `requests per second, records kept, as times FastAPI's without records: ${POINTS.map(({ name, aim }) => `${name}: ${aim}`).join(', ')}`;

export async function benchServe({ rounds }: BenchOptions): Promise<BenchResult> {
  for (const peer of [FASTAPI, MLSERVER]) install(peer);
  const start = loadavg()[0] ?? 0;
  say(`load average ${start.toFixed(2)}${start > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  pinSelf();
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const model = join(folder, 'model.onnx');
  writeFileSync(model, benchModel().bytes);
  await dropOwnStores().catch(() => undefined);
  const records = await openStored('bench');
  const servers = await startServers(model, folder, records);
  try {
    await requireSameScores(servers.filter(({ scores }) => scores));
    const { answered, stored } = await measure(servers, rounds);
    const words = { bench: 'serve', unit: 'requests per second', better: 'higher', aim: AIM, load: start } as const;
    const holds = (ratio: Readonly<Record<string, number>>) =>
      POINTS.every(({ name, aim }) => ratio[`fastapi ${name}`]! >= aim);
    const { ours, ratio, met } = resultsOf({ ...words, figures: stored, holds });
    const result = { ...resultsOf({ ...words, figures: answered, holds }), untilStored: { ours, ratio, met } };
    say(`\n${tableOf(result, POINTS)}\n`);
    return result;
  } finally {
    for (const server of servers) await server.end();
    await records.close();
    await dropOwnStores();
  }
}

/** Figures by server and point, one a round. */
type Figures = Map<string, Map<string, number[]>>;

async function measure(servers: readonly Server[], rounds: number): Promise<{ answered: Figures; stored: Figures }> {
  const empty = (): Figures =>
    new Map(servers.map(({ name }) => [name, new Map(POINTS.map((point) => [point.name, []]))]));
  const answered = empty();
  const stored = empty();
  for (const server of servers) for (const point of POINTS) await turn(server, point, WARM_UP_SECONDS);
  for (let round = 1; round <= rounds; round += 1) {
    for (const point of POINTS) {
      const said: string[] = [];
      for (const server of round % 2 === 1 ? servers : [...servers].reverse()) {
        const figures = await turn(server, point, SECONDS);
        answered.get(server.name)!.get(point.name)!.push(figures.answered);
        stored.get(server.name)!.get(point.name)!.push(figures.stored);
        said.push(`${server.name} ${figures.words}`);
      }
      say(`round ${round} of ${rounds}, ${point.name}: ${said.join(' · ')}`);
    }
  }
  return { answered, stored };
}

/** Ends when the server rests: what it still has to record is its own time, and not the next one's. */
async function turn({ port, stored }: Server, { connections, rows }: Point, seconds: number) {
  const target = { port, path: MODEL_PATH, body: benchRequest(rows) };
  const { requests, seconds: loaded, p50, p99 } = await load(target, connections, seconds);
  const ended = performance.now();
  await stored?.(requests * rows);
  const rest = (performance.now() - ended) / 1_000;
  const answered = requests / loaded;
  const words = `${answered.toFixed(0)} (${p50.toFixed(2)}, ${p99.toFixed(1)} ms${stored ? `; the rest stored in ${rest.toFixed(2)} s` : ''})`;
  return { answered, stored: requests / (loaded + rest), words };
}

/** The load comes from the second core, all threads of it. */
function pinSelf(): void {
  const { status } = spawnSync('taskset', ['-acp', '1', String(process.pid)]);
  if (status !== 0) throw new Error('taskset failed: this bench needs Linux and two cores');
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
