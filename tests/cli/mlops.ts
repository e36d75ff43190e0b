/** The built `mlops` command, run as its users run it: as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Environment } from '../../src/runtime/environment';
import { builtFile, packageRoot } from '../../src/runtime/package-root';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function start(args: readonly string[], env: Environment = {}): ChildProcess {
  return spawn(process.execPath, [builtFile('src', 'cli', 'mlops.js'), ...args], {
    cwd: packageRoot(),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function mlops(args: readonly string[], env: Environment = {}): Promise<Ran> {
  const child = start(args, env);
  const stdout = textOf(child.stdout);
  const stderr = textOf(child.stderr);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: await stdout, stderr: await stderr };
}

/** The one JSON document of `--json`. */
export async function mlopsJson<T>(args: readonly string[], env: Environment = {}): Promise<T> {
  const { stdout, stderr } = await mlops([...args, '--json'], env);
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`mlops ${args.join(' ')} printed no JSON document: ${stdout}${stderr}`);
  }
}

/** Resolves with what the process has printed once it prints this; rejects where it ends before. */
export async function untilPrinted(child: ChildProcess, text: string): Promise<string> {
  let printed = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (printed.includes(text)) resolve(printed);
    };
    child.stderr?.on('data', hear);
    child.stdout?.on('data', hear);
    child.once('close', () => reject(new Error(`it ended before it said "${text}": ${printed}`)));
  });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
