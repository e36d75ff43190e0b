import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface ComputeProcess {
  readonly pid: number;
  /** The worker that started it. */
  readonly parent: number;
}

/** Compute processes of the workers with this work folder, by the attempt's folder that each is in. */
export async function computeProcesses(workFolder: string): Promise<ComputeProcess[]> {
  const attempts = join(workFolder, 'attempts');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      if (!folder.startsWith(attempts)) return [];
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return [{ pid: Number(pid), parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) }];
    })
  );
  return found.flat();
}

/** Compute children of this process. */
export function computeChildren(): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return Number(parent) === process.pid && command.includes('compute/child.js');
    } catch {
      return false;
    }
  });
}
