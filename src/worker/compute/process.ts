/** The process of a compute child: how it is started, and what the machine says of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { builtFile, packageRoot } from '../../runtime/package-root';

const MIB = 2 ** 20;

export interface ChildMemory {
  /** Bytes. V8's heap may grow up to it, so that memory, and not V8's own default, is the limit. */
  readonly memory: number;
  readonly databaseMemory: number;
  readonly sourceBytes: number;
  readonly sourceRows: number;
  readonly sourceLineBytes: number;
  readonly newNames: number;
}

export function startChild(
  { memory, databaseMemory, sourceBytes, sourceRows, sourceLineBytes, newNames }: ChildMemory,
  userCode: boolean,
  threads?: number
): ChildProcess {
  return fork(builtFile('src', 'worker', 'compute', 'child.js'), [], {
    // Not where the worker is: a child moves into its attempt's folder, and a spare one needs none.
    cwd: packageRoot(),
    // What user code prints belongs to its failure; engines print nothing.
    stdio: ['ignore', userCode ? 'pipe' : 'ignore', 'pipe', 'ipc'],
    serialization: 'json',
    env: {
      ...process.env,
      MLOPS_DATABASE_MEMORY: `${Math.ceil(databaseMemory / 1000)}KB`,
      MLOPS_SOURCE_BYTES: String(sourceBytes),
      MLOPS_SOURCE_ROWS: String(sourceRows),
      MLOPS_SOURCE_LINE_BYTES: String(sourceLineBytes),
      MLOPS_NEW_NAMES: String(newNames),
      ...(threads === undefined ? {} : { MLOPS_THREADS: String(threads) }),
    },
    execArgv: [
      ...(userCode ? loaders(process.execArgv) : []),
      '--enable-source-maps',
      `--max-old-space-size=${Math.max(64, Math.floor(memory / MIB))}`,
    ],
  });
}

const LOADING = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/;
const LOADING_WITH_VALUE = /^(--import|--require|--loader|--experimental-loader|--conditions)=/;

/** What this process was started with to load modules (`--import tsx`), for children that import the user's. */
export function loaders(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((argument, index) => {
    if (LOADING_WITH_VALUE.test(argument)) return [argument];
    const value = execArgv[index + 1];
    return LOADING.test(argument) && value !== undefined ? [argument, value] : [];
  });
}

/** Bytes of a process's resident memory; undefined where the system doesn't say (it has no /proc). */
export async function residentMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
