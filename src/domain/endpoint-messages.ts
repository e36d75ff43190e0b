/** Signals that monitors and rollouts get, read by hand: whoever sends one may send anything. A mistake comes back in words. */
import type { WatchMessage, WatermarkMessage } from './messages';
import { isWhen } from './operator-messages';

type Read<T> = { readonly message: T } | { readonly mistake: string };

export function readWatermark(value: unknown): Read<WatermarkMessage> {
  if (typeof value !== 'object' || value === null) return { mistake: 'watermark takes an object' };
  const { endpoint, watermark, edge, reason } = value as Record<string, unknown>;
  if (typeof endpoint !== 'string') return { mistake: 'endpoint: its name' };
  if (!isWhen(watermark)) return { mistake: 'watermark: event time as 2001-02-01T00:00:00Z' };
  if (!isWhen(edge)) return { mistake: 'edge: event time as 2001-02-01T00:00:00Z' };
  if (reason !== 'passed' && reason !== 'covered' && reason !== 'known')
    return { mistake: 'reason: passed, covered or known' };
  return { message: { endpoint, watermark, edge, reason } };
}

export function readWatch(value: unknown): Read<WatchMessage> {
  if (typeof value !== 'object' || value === null) return { mistake: 'watch takes an object' };
  const { version, number, since } = value as Record<string, unknown>;
  if (typeof version !== 'string' || version.length > 200) return { mistake: 'version: the id of a version' };
  if (typeof number !== 'number' || !Number.isInteger(number)) return { mistake: 'number: of the version' };
  if (!isWhen(since)) return { mistake: 'since: event time as 2001-02-01T00:00:00Z' };
  return { message: { version, number, since } };
}
