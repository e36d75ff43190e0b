/** The peers: each a program that does the work once, on one thread, and prints what it cost. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { type Installed, install, pythonOf } from '../install';
import type { BenchTable } from './tables';

export interface Cost {
  /** User and system time of all processes that did the work. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly peakBytes: number;
}

export interface Peer {
  readonly name: string;
  readonly run: (table: BenchTable, folder: string) => Cost;
}

const PYTHON: readonly Installed[] = [
  { name: 'polars', version: '2.1.0', packages: ['polars==2.1.0'] },
  { name: 'pandas', version: '3.1.1', packages: ['pandas==3.1.1', 'pyarrow==26.0.1', 'numpy==2.4.6'] },
];

/** Installs what isn't there. */
export function openPeers(): readonly Peer[] {
  for (const peer of PYTHON) install(peer);
  const script: Peer = {
    name: 'script',
    run: (table, folder) => costOf(process.execPath, [require.resolve('./duckdb-script')], table, folder),
  };
  const python = PYTHON.map((peer): Peer => {
    const program = join(packageRoot(), 'bench', 'peers', `${peer.name}_ingest.py`);
    return { name: peer.name, run: (table, folder) => costOf(pythonOf(peer), [program], table, folder) };
  });
  return [script, ...python];
}

function costOf(command: string, args: readonly string[], table: BenchTable, folder: string): Cost {
  const out = mkdtempSync(join(folder, 'peer-'));
  const work = JSON.stringify({ path: table.path, format: table.format, key: table.key, out });
  const { status, stdout } = spawnSync(command, [...args, work], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, POLARS_MAX_THREADS: '1', OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' },
  });
  rmSync(out, { recursive: true, force: true });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}; what it said is above.`);
  return JSON.parse(stdout) as Cost;
}
