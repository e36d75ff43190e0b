/** Workers and replicas that a script starts: processes of their own, which stay when it ends. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { builtFile } from '../../src/runtime/package-root';
import { say, waitFor } from './say';

const folder = join(process.env.MLOPS_STACK_DIR ?? '.stack', 'quickstart');

export interface Running {
  readonly name: string;
  readonly log: string;
  readonly pid: number;
}

/** Ends what an earlier quickstart left under this name, then starts `mlops <args>` with its output in a log. */
export async function startProcess(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Running> {
  mkdirSync(folder, { recursive: true });
  await endProcess(name);
  const log = join(folder, `${name}.log`);
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, [builtFile('src', 'cli', 'mlops.js'), ...args], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  if (child.pid === undefined) throw new Error(`${name} can't be started`);
  child.unref();
  writeFileSync(pidFile(name), `${child.pid}\n`);
  return { name, log, pid: child.pid };
}

export function logOf(running: Running): string {
  return readFileSync(running.log, 'utf8');
}

/** A process that is gone while others wait for it must be reported with its last words. */
export function requireAlive(running: Running): void {
  if (!isOurs(running.pid)) throw new Error(`${running.name} has ended:\n${logOf(running).slice(-2000)}`);
}

export async function endProcess(name: string): Promise<void> {
  const pid = Number(readText(pidFile(name)));
  if (!(pid > 0) || !isOurs(pid)) return;
  say(`ending the ${name} that runs`);
  process.kill(pid, 'SIGTERM');
  await waitFor(`the earlier ${name} to end`, () => (isOurs(pid) ? undefined : true), 30_000);
}

const pidFile = (name: string): string => join(folder, `${name}.pid`);

function isOurs(pid: number): boolean {
  return readText(`/proc/${pid}/cmdline`).includes('mlops.js');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer().once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
