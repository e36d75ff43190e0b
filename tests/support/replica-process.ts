/** `mlops serve` as a process of its own, to be killed: it runs the build, as users do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import type { TestSystem } from './system';

export interface ReplicaProcess {
  readonly address: string;
  /** Ends it hard, if it is still there. */
  kill(): Promise<void>;
  /** Tells it to end: it ships what it has. */
  drain(): Promise<void>;
}

/** Resolves when it listens. @param folder where its spool and models outlive it */
export async function spawnReplica(
  { env }: Pick<TestSystem, 'env'>,
  endpoint: string,
  folder: string
): Promise<ReplicaProcess> {
  const command = join(packageRoot(), 'dist', 'src', 'cli', 'mlops.js');
  const options = ['--port', '0', '--replica', 'one', '--folder', folder, '--log-level', 'error', '--json'];
  const child = spawn(process.execPath, [command, 'serve', endpoint, ...options], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'exit');
  const line = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)]);
  if (line === undefined) throw new Error(`the replica ended before it listened:\n${said}`);
  const { address } = JSON.parse(String(line[0])) as { address: string };
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return { address, kill: () => end('SIGKILL'), drain: () => end('SIGTERM') };
}
