import type { Notice } from '../domain/notice';

/** One JSON line on standard error, where a worker's log goes; standard output stays for results. */
export function logNotice(notice: Notice): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), notice })}\n`);
}
