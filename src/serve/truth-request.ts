/** What the world turned out to be: {id, value, eventTime, revision?}, or {truths: [...]} of the same. */
import type { TruthRecord } from '../domain/endpoint';
import { MlopsError, type Where } from '../domain/errors';
import { isPredictionId } from '../domain/ids';
import type { ServeLimits } from './limits';
import { isObject, type JsonObject, timeOf, tooLarge } from './request-fields';

const MAX_REVISION = 1_000_000;

/**
 * An id that nobody knows is kept too: its prediction may come later, or from another replica.
 * @throws MlopsError MLOPS_TRUTH_INVALID, naming the field; MLOPS_REQUEST_TOO_LARGE
 */
export function parseTruths(body: unknown, limits: ServeLimits, receivedAt: Date): readonly TruthRecord[] {
  if (!isObject(body)) throw invalid('The body is not a JSON object.', {});
  if (body.truths === undefined) return [truthOf(body, '', receivedAt)];
  if (!Array.isArray(body.truths) || body.truths.length === 0) {
    throw invalid('truths is not an array, or empty.', { field: 'truths' });
  }
  if (body.truths.length > limits.rows) {
    throw tooLarge('truths are too many.', { field: 'truths', truths: body.truths.length, limit: limits.rows });
  }
  return body.truths.map((truth: unknown, position) => {
    if (isObject(truth)) return truthOf(truth, `truths[${position}].`, receivedAt);
    throw invalid(`truths[${position}] is not an object.`, { field: `truths[${position}]` });
  });
}

function truthOf(truth: JsonObject, at: string, receivedAt: Date): TruthRecord {
  const { id, value, revision = 0 } = truth;
  if (typeof id !== 'string' || !isPredictionId(id)) {
    throw invalid(
      `${at}id is not a prediction's id.`,
      { field: `${at}id` },
      'Send the id of the answer: 20010203-<id>.'
    );
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(`${at}value is not a finite number.`, { field: `${at}value`, id });
  }
  if (!Number.isSafeInteger(revision) || (revision as number) < 0 || (revision as number) > MAX_REVISION) {
    throw invalid(
      `${at}revision is not a count.`,
      { field: `${at}revision`, id },
      'Send 0, then 1, 2, … for corrections.'
    );
  }
  return {
    _id: `${id}#${revision as number}`,
    v: 1,
    prediction: id,
    revision: revision as number,
    value,
    eventTime: timeOf(truth.eventTime, `${at}eventTime`, receivedAt, 'MLOPS_TRUTH_INVALID'),
    receivedAt,
  };
}

function invalid(what: string, where: Where, fix = ''): MlopsError {
  return new MlopsError('MLOPS_TRUTH_INVALID', what, where, fix);
}
