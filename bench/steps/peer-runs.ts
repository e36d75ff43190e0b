/** Running a peer's program, and killing it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { millisecondsPerStep, type Recovery, readEvents, recoveryOf } from './events';
import { pythonOf } from '../install';
import type { Peer } from './peers';
import { untilSixthStep } from './sixth-step';

const LIMIT_MS = 180_000;

/** Milliseconds per step of one new pipeline. */
export async function runPeer(peer: Peer, folder: string): Promise<number> {
  const program = start(peer, folder, peer.run, { BENCH_SALT: randomUUID() });
  await succeeded(program);
  return millisecondsPerStep(readEvents(program.events));
}

/** SIGKILL in step 6, then the peer's own way to go on. */
export async function recoverPeer(peer: Peer, folder: string): Promise<Recovery> {
  const salt = randomUUID();
  const env = { BENCH_SALT: salt, BENCH_HANG: join(folder, `hang-${salt}`) };
  const killed = start(peer, folder, peer.run, env);
  const before = await untilSixthStep(killed.events, () => alive(killed)).catch((error: Error) => {
    throw new Error(`${peer.name}: ${error.message}`);
  });
  const gone = once(killed.process, 'exit');
  killAll(killed.process);
  await gone;
  const resumedAt = Date.now() / 1000;
  const resumed = start(peer, folder, peer.resume, env);
  await succeeded(resumed);
  return recoveryOf(before, readEvents(resumed.events), resumedAt);
}

interface Program {
  readonly peer: Peer;
  readonly process: ChildProcess;
  readonly events: string;
  readonly output: () => string;
}

/** In a process group of its own, so that a kill takes its children along. */
function start(peer: Peer, folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const home = join(folder, peer.name);
  prepareHome(home);
  const events = join(folder, `${peer.name}.events`);
  rmSync(events, { force: true });
  const program = join(packageRoot(), 'bench', 'peers', `${peer.name}_peer.py`);
  const started = spawn(pythonOf(peer), [program, ...args], {
    cwd: home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...peerEnvironment(home), BENCH_EVENTS: events, BENCH_FOLDER: home, ...env },
  });
  const endWithUs = (): void => killAll(started);
  process.once('exit', endWithUs);
  started.once('exit', () => process.off('exit', endWithUs));
  let output = '';
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-3000);
    });
  }
  return { peer, process: started, events, output: () => output };
}

async function succeeded(program: Program): Promise<void> {
  const limit = setTimeout(() => killAll(program.process), LIMIT_MS);
  const [code] = (await once(program.process, 'exit')) as [number | null];
  clearTimeout(limit);
  if (code === 0) return;
  process.stderr.write(`${program.output()}\n`);
  const how = code === null ? `was killed (it may take ${LIMIT_MS / 1000} s)` : `ended with ${code}`;
  throw new Error(`${program.peer.name} ${how}; what it said is above.`);
}

function alive({ process: { exitCode, signalCode } }: Program): boolean {
  return exitCode === null && signalCode === null;
}

function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function prepareHome(home: string): void {
  const dagster = join(home, 'dagster');
  mkdirSync(dagster, { recursive: true });
  writeFileSync(join(dagster, 'dagster.yaml'), 'telemetry:\n  enabled: false\n');
}

/** A home of its own, and nothing sent home. */
function peerEnvironment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    USER: 'bench',
    LANG: 'C.UTF-8',
    PYTHONWARNINGS: 'ignore',
    // pip compiled what it installed; the work tree stays clean.
    PYTHONDONTWRITEBYTECODE: '1',
    DO_NOT_TRACK: '1',
    ZENML_CONFIG_PATH: join(home, 'zenml'),
    ZENML_ANALYTICS_OPT_IN: 'false',
    ZENML_LOGGING_VERBOSITY: 'ERROR',
    METAFLOW_HOME: join(home, 'metaflow'),
    METAFLOW_DATASTORE_SYSROOT_LOCAL: join(home, 'metaflow'),
    METAFLOW_USER: 'bench',
    KEDRO_DISABLE_TELEMETRY: '1',
    PREFECT_HOME: join(home, 'prefect'),
    PREFECT_LOGGING_LEVEL: 'ERROR',
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    DAGSTER_HOME: join(home, 'dagster'),
    FLYTE_LOCAL_CACHE_DIR: join(home, 'flyte'),
  };
}
