/** What one message of a workflow may carry: history keeps each of them. */
import { MlopsError } from '../domain/errors';

const MAX_PAYLOAD_BYTES = 64 * 1024;

/** @throws MlopsError MLOPS_PAYLOAD_TOO_LARGE */
export function requirePayload(what: string, payload: unknown, fix: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload) ?? '');
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  throw new MlopsError('MLOPS_PAYLOAD_TOO_LARGE', what, { bytes, limit: MAX_PAYLOAD_BYTES }, fix);
}
