/** Requests per second of our endpoint, which keeps every record, and of servers that keep none. All take turns on one core. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../install';
import type { BenchOptions } from '../options';
import { type BenchResult, resultsOf } from '../result';
import { type Load, load } from './load';
import { benchModel, benchRequest } from './model';
import { FASTAPI, MLSERVER, MODEL_PATH, type Server, startServers } from './servers';

/** Connections × rows of each request; how many times FastAPI's throughput we want. */
const POINTS = [
  { name: '1', connections: 1, rows: 1, aim: 0.9 },
  { name: '16', connections: 16, rows: 1, aim: 1.7 },
  { name: '64', connections: 64, rows: 1, aim: 2.3 },
  { name: '4x1000', connections: 4, rows: 1_000, aim: 0.6 },
] as const;
const SECONDS = 2;
const WARM_UP_SECONDS = 1;
const AIM = `requests per second, records kept, as times FastAPI's without records: ${POINTS.map(({ name, aim }) => `${name}: ${aim}`).join(', ')}`;

export async function benchServe({ rounds }: BenchOptions): Promise<BenchResult> {
  for (const peer of [FASTAPI, MLSERVER]) install(peer);
  const start = loadavg()[0] ?? 0;
  say(`load average ${start.toFixed(2)}${start > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  spawnSync('taskset', ['-cp', '1', String(process.pid)]);
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const model = join(folder, 'model.onnx');
  writeFileSync(model, benchModel().bytes);
  const servers = await startServers(model, folder);
  try {
    const figures = await measure(servers, rounds);
    return resultsOf({
      bench: 'serve',
      unit: 'requests per second',
      better: 'higher',
      aim: AIM,
      figures,
      load: start,
      holds: (ratio) => POINTS.every(({ name, aim }) => ratio[`fastapi ${name}`]! >= aim),
    });
  } finally {
    for (const server of servers) await server.end();
  }
}

/** Server and point → requests per second, a figure a round. */
async function measure(servers: readonly Server[], rounds: number): Promise<Map<string, Map<string, number[]>>> {
  const figures = new Map(
    servers.map(({ name }) => [name, new Map(POINTS.map((point) => [point.name as string, [] as number[]]))])
  );
  for (const server of servers) for (const point of POINTS) await at(server, point, WARM_UP_SECONDS);
  for (let round = 1; round <= rounds; round += 1) {
    for (const point of POINTS) {
      const said: string[] = [];
      for (const server of round % 2 === 1 ? servers : [...servers].reverse()) {
        const { requestsPerSecond, p50, p99 } = await at(server, point, SECONDS);
        figures.get(server.name)!.get(point.name)!.push(requestsPerSecond);
        said.push(`${server.name} ${requestsPerSecond.toFixed(0)} (${p50.toFixed(2)}, ${p99.toFixed(1)} ms)`);
      }
      say(`round ${round} of ${rounds}, ${point.name}: ${said.join(' · ')}`);
    }
  }
  return figures;
}

function at(
  { port }: Server,
  { connections, rows }: { connections: number; rows: number },
  seconds: number
): Promise<Load> {
  return load({ port, path: MODEL_PATH, body: benchRequest(rows) }, connections, seconds);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
