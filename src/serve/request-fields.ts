/** Fields of a request's body, checked by hand: each refusal names its field. */
import { type ErrorCode, MlopsError, type Where } from '../domain/errors';

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

/** ISO-8601 with its zone; without one nobody knows when it was. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** The year 10000 has no day of eight digits. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** The moment that a field names, or `otherwise` when it's absent. */
export function timeOf(
  value: unknown,
  field: string,
  otherwise: Date,
  code: ErrorCode = 'MLOPS_REQUEST_INVALID'
): Date {
  if (value === undefined) return otherwise;
  const ms = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN;
  if (ms >= 0 && ms < LAST_MS) return new Date(ms);
  throw new MlopsError(
    code,
    `${field} is not a time.`,
    { field },
    'Send ISO-8601 with a zone, from 1970 on: 2001-02-03T04:05:06Z.'
  );
}
