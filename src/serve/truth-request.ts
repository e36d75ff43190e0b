/** What the world turned out to be: {id, value, eventTime?, revision?}, or {truths: [...]} of the same. */
import type { TruthRecord } from '../domain/endpoint';
import { MlopsError, type Where } from '../domain/errors';
import { parsePredictionId } from '../domain/ids';
import { BETWEEN_LABELS, labelReader, labelWords, MOST_LABELS, recordedLabel, type Target } from '../domain/task';
import type { ServeLimits } from './limits';
import { isObject, type JsonObject, timeOf, tooLarge } from './request-fields';

const MAX_REVISION = 1_000_000;

export interface TruthContext {
  readonly limits: ServeLimits;
  readonly receivedAt: Date;
  /** Of a truth that has no time of its own. */
  readonly knownAt: Date;
  /** The served versions'; undefined while nothing is served: then any number, text or list of names is taken, and windows set aside what isn't a label. */
  readonly target: Target | undefined;
}

/**
 * An id that this replica doesn't know is taken too: its prediction may be an older one, or another replica's.
 * @throws MlopsError MLOPS_TRUTH_INVALID, naming the field; MLOPS_REQUEST_TOO_LARGE
 */
export function parseTruths(body: unknown, context: TruthContext): readonly TruthRecord[] {
  const { limits } = context;
  if (!isObject(body)) throw invalid('The body is not a JSON object.', {});
  if (body.truths === undefined) return [truthOf(body, '', context)];
  if (!Array.isArray(body.truths) || body.truths.length === 0) {
    throw invalid('truths is not an array, or empty.', { field: 'truths' });
  }
  if (body.truths.length > limits.rows) {
    throw tooLarge('truths are too many.', { field: 'truths', truths: body.truths.length, limit: limits.rows });
  }
  return body.truths.map((truth: unknown, position) => {
    if (isObject(truth)) return truthOf(truth, `truths[${position}].`, context);
    throw invalid(`truths[${position}] is not an object.`, { field: `truths[${position}]` });
  });
}

function truthOf(truth: JsonObject, at: string, { receivedAt, knownAt, target }: TruthContext): TruthRecord {
  const { id, value } = truth;
  const revision = truth.revision ?? 0;
  if (typeof id !== 'string' || parsePredictionId(id) === undefined) {
    throw invalid(
      `${at}id is not a prediction's id.`,
      { field: `${at}id` },
      'Send one of parameters.predictions of the answer: the id of a request with one row, <id>/<row> of one with more.'
    );
  }
  const known = valueOf(target, value);
  if (known === undefined) {
    const where = { field: `${at}value`, id, found: (JSON.stringify(value) ?? 'nothing').slice(0, 80) };
    throw invalid(
      `${at}value is not a value of the label.`,
      where,
      `Send ${target === undefined ? "a number, a class's name, or a list of labels" : labelWords(target)}.`
    );
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
    value: known,
    knownAt: timeOf(truth.eventTime ?? undefined, `${at}eventTime`, knownAt, 'MLOPS_TRUTH_INVALID'),
    receivedAt,
  };
}

/** As records have it; undefined for what a label can't be. */
function valueOf(target: Target | undefined, value: unknown): TruthRecord['value'] | undefined {
  if (target === undefined) {
    if (Array.isArray(value)) return listOf(value);
    return isName(value) || Number.isFinite(value) ? (value as TruthRecord['value']) : undefined;
  }
  const label = labelReader(target)(value);
  return label === undefined ? undefined : recordedLabel(target, label);
}

/** As one text. A name that no label can have would be read there as another list. */
function listOf(values: readonly unknown[]): string | undefined {
  const names = values.map((value) => (Number.isFinite(value) ? String(value) : value));
  const isLabel = (name: unknown) => isName(name) && name !== '' && !name.includes(BETWEEN_LABELS);
  return names.length <= MOST_LABELS && names.every(isLabel) ? names.join(BETWEEN_LABELS) : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_NAME;
}

/** Characters of a class's or a label's name. */
const LONGEST_NAME = 100;

function invalid(what: string, where: Where, fix = ''): MlopsError {
  return new MlopsError('MLOPS_TRUTH_INVALID', what, where, fix);
}
