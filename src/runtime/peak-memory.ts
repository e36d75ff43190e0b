import { readFileSync } from 'node:fs';

/**
 * Bytes of this process's largest resident memory since its program began. Not `getrusage`: what Linux counts there outlives `exec`, so
 * a small child of a large worker would be as large as the worker was when it started it. Where there is no /proc it is the best there is.
 */
export function peakMemory(): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kib !== undefined) return Number(kib) * 1024;
  } catch {
    // No /proc: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
