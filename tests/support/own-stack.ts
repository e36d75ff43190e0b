/** Servers of a test's own, to be killed and stopped while the shared ones stay up. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { packageRoot } from '../../src/runtime/package-root';

export type Server = 'temporal' | 'mongod' | 'minio';

export interface OwnStack {
  readonly env: Environment;
  /** Starts what isn't running, and returns when every server answers. */
  up(): Promise<void>;
  kill(server: Server, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends the servers and deletes all of theirs. */
  wipe(): Promise<void>;
}

/** @param portShift of the servers' default ports: another one for each stack */
export async function startOwnStack(portShift: number): Promise<OwnStack> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-stack-'));
  const others = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|S3|MONGODB|MLOPS)_/.test(name));
  const own = { ...Object.fromEntries(others), MLOPS_STACK_DIR: folder, MLOPS_PORT_SHIFT: String(portShift) };
  const stack = (...args: string[]) =>
    new Promise<void>((resolve, reject) => {
      execFile(join(packageRoot(), 'scripts', 'stack.sh'), args, { env: own }, (error, _stdout, stderr) =>
        error === null ? resolve() : reject(new Error(`stack.sh ${args.join(' ')}: ${stderr}`))
      );
    });
  const wipe = async () => {
    await stack('wipe', '--yes');
    await rm(folder, { recursive: true, force: true });
  };
  await stack('up').catch(async (error: unknown) => {
    await wipe();
    throw error;
  });
  return {
    env: readEnvironment(own),
    up: () => stack('up'),
    kill: (server, signal) => {
      const [pid] = readFileSync(join(folder, 'run', `${server}.pid`), 'utf8').split(' ');
      process.kill(Number(pid), signal);
    },
    wipe,
  };
}
