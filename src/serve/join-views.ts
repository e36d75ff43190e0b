/**
 * Inputs that a request leaves out and feature views give, by the entity that it names. By the same rule as in training: a
 * value counts from the instant after its moment on, and until it is older than the view's TTL.
 */
import type { ModelInput, ServedVersion, ServedView, ViewMark, ViewMarks } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import type { InputValue } from './input-values';
import type { Columns } from './merged-runs';
import { invalid } from './request-fields';

export interface ViewValue {
  /** Microseconds since 1970. */
  readonly moment: number;
  readonly values: Readonly<Record<string, InputValue>>;
}

/** An entity is named by strings, integers and booleans. */
type Scalar = Exclude<InputValue, readonly number[]>;

export interface EntityOfView {
  /** ServedView.id. */
  readonly view: string;
  readonly entity: readonly Scalar[];
}

/** The newest value of each, in the order of what is asked for: none, or not to be read now. */
export type ReadViews = (asked: readonly EntityOfView[]) => Promise<readonly (ViewValue | 'unknown' | 'unreadable')[]>;

export interface Joined {
  /** Input name → values [rows], sorted by name. */
  readonly columns: Columns;
  /** [rows]; absent where no view gave anything. */
  readonly marks?: readonly ViewMarks[];
}

/** What a view has to give to a request. */
interface Gap {
  readonly view: ServedView;
  readonly gives: readonly string[];
}

/**
 * The version's inputs: as sent, and from its views what is not sent.
 * @param at event time of the request
 * @throws MlopsError MLOPS_REQUEST_INVALID: neither the inputs nor the entity are sent; MLOPS_VIEW_MISSING,
 * MLOPS_VIEW_UNREADABLE: a value is missing where the view or the model needs one
 */
export async function joinViews(
  { views = [], inputs }: Pick<ServedVersion, 'views' | 'inputs'>,
  { columns, rows }: { readonly columns: Columns; readonly rows: number },
  at: Date,
  read: ReadViews
): Promise<Joined> {
  const gaps = views.flatMap((view): Gap[] => {
    const gives = view.gives.filter((name) => !columns.has(name));
    return gives.length === 0 ? [] : [{ view, gives }];
  });
  if (gaps.length === 0) return { columns };
  const asked = gaps.flatMap(({ view }) => entitiesOf(view, columns, rows));
  const found = await read(asked.filter(isNamed));
  const filled = new Map<string, InputValue[]>(gaps.flatMap(({ gives }) => gives.map((name) => [name, []])));
  const marks = Array.from({ length: rows }, (): Record<string, ViewMark> => ({}));
  let next = 0;
  asked.forEach((each, position) => {
    const { view, gives } = gaps[Math.floor(position / rows)] as Gap;
    const row = position % rows;
    const value = isNamed(each) ? (found[next++] as ViewValue | 'unknown' | 'unreadable') : 'unknown';
    const mark = markOf(value, view, gives, at.getTime());
    if (mark.missing !== undefined && (view.whenOld === 'refuse' || required(gives, inputs)))
      throw refused(mark, view, row);
    for (const name of gives) {
      const given = mark.missing === undefined ? ((value as ViewValue).values[name] ?? null) : null;
      if (given === null && required([name], inputs)) throw refused(mark, view, row);
      filled.get(name)!.push(given);
    }
    marks[row]![view.name] = mark;
  });
  const all = [...columns, ...filled].sort(([one], [other]) => (one < other ? -1 : 1));
  return { columns: new Map(all), marks };
}

/** For each row; one that lacks a part of its name has no value. */
function entitiesOf(view: ServedView, columns: Columns, rows: number): EntityOfView[] {
  const named = view.entity.map(({ name, datatype }) => {
    const values = columns.get(name);
    if (values !== undefined) return values;
    const fix = `Send it, or the inputs that ${view.name} gives: ${view.gives.join(', ')}.`;
    throw invalid(
      `Input ${name} is missing, which names the entity of the view ${view.name}.`,
      { input: name, datatype },
      fix
    );
  });
  return Array.from({ length: rows }, (_, row) => ({
    view: view.id,
    entity: named.map((values) => values[row] as Scalar),
  }));
}

function isNamed({ entity }: EntityOfView): boolean {
  return !entity.includes(null);
}

function markOf(
  value: ViewValue | 'unknown' | 'unreadable',
  { ttlMs }: ServedView,
  gave: readonly string[],
  atMs: number
): ViewMark {
  if (value === 'unknown' || value === 'unreadable') return { gave, missing: value };
  const ageMs = atMs - value.moment / 1_000;
  const found = { gave, moment: new Date(Math.floor(value.moment / 1_000)).toISOString(), ageMs };
  if (ageMs <= 0) return { ...found, missing: 'later' };
  return ttlMs !== undefined && ageMs > ttlMs ? { ...found, missing: 'old' } : found;
}

/** Where a row without it went to quarantine no model has learnt what that means. */
function required(names: readonly string[], inputs: readonly ModelInput[]): boolean {
  return inputs.some(({ name, required: needs }) => needs === true && names.includes(name));
}

const WHY = {
  old: 'is older than the view allows',
  later: 'is not of before the request',
  unknown: 'is not there: the view has none of this entity',
  unreadable: 'can not be read now',
} as const;

/** Without the entity: its column may be private. */
function refused({ missing, moment }: ViewMark, { name }: ServedView, row: number): MlopsError {
  const where = { view: name, row, ...(moment === undefined ? {} : { moment }) };
  if (missing === 'unreadable')
    return new MlopsError('MLOPS_VIEW_UNREADABLE', `A value of the view ${WHY.unreadable}.`, where, 'Send it again.');
  const why = missing === undefined ? 'is a missing value, and the model needs one' : WHY[missing];
  const fix = 'Send its inputs with the request, or materialize the view: mlops materialize.';
  return new MlopsError('MLOPS_VIEW_MISSING', `A value of the view ${why}.`, where, fix);
}
