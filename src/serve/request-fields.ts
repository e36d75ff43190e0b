/** Fields of a request's body, checked by hand: each refusal names its field. */
import { type ErrorCode, MlopsError, type Where } from '../domain/errors';
import { momentMs } from '../domain/moment';

export function invalid(what: string, where: Where, fix = ''): MlopsError {
  return new MlopsError('MLOPS_REQUEST_INVALID', what, where, fix);
}

export function tooLarge(what: string, where: Where): MlopsError {
  return new MlopsError('MLOPS_REQUEST_TOO_LARGE', what, where, 'Send less at once.');
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A caller's value in a message: short, and never walked through (it may be 5,000 arrays deep). */
export function excerptOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** The year 10000 has no day of eight digits. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** The moment that a field names, or `otherwise` when it's absent or null. */
export function timeOf(
  value: unknown,
  field: string,
  otherwise: Date,
  code: ErrorCode = 'MLOPS_REQUEST_INVALID'
): Date {
  if (value === undefined || value === null) return otherwise;
  const ms = typeof value === 'string' ? momentMs(value) : undefined;
  if (ms !== undefined && ms >= 0 && ms < LAST_MS) return new Date(ms);
  throw new MlopsError(
    code,
    `${field} is not a time.`,
    { field },
    'Send ISO-8601 with a zone, from 1970 on: 2001-02-03T04:05:06Z.'
  );
}
