import { randomUUID } from 'node:crypto';

/** RFC 9562, version 7: ids of one replica sort by the time at which they were made. */
export function uuidV7(nowMs: number): string {
  const time = Math.floor(nowMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
