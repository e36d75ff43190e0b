/** What differs between two definitions, in words; and which differences the policy in force must approve. Pure. */
import type { GateDefinition, ProjectDefinition, RegisteredUse } from './definition';

/** Lines with values: a page must stay one that people read. What follows is named all the same. */
const SHOWN_CHANGES = 40;
const SHOWN_CHARS = 80;

/** `whole`: what people approve by is never cut. */
interface Difference {
  readonly path: readonly string[];
  readonly whole: boolean;
  readonly text: string;
}

/**
 * Every difference by its path, as `approval.approversNeeded: 2 → 1`. Those of `approval` and `gates` come first, each
 * whole; of the others so many with their values, and the rest by their names.
 */
export function definitionChanges(before: ProjectDefinition, after: ProjectDefinition): string[] {
  const all = differencesAt(before, after, []);
  const others = all.filter(({ whole }) => !whole);
  return [
    ...all.filter(({ whole }) => whole),
    ...others.slice(0, SHOWN_CHANGES),
    ...byPlace(others.slice(SHOWN_CHANGES)),
  ].map(({ text }) => text);
}

/** `source.columns: also changed: a, b`: one line for each place, which names all that changed there. */
function byPlace(rest: readonly Difference[]): Pick<Difference, 'text'>[] {
  const places = new Map<string, Set<string>>();
  for (const { path } of rest) {
    const place = pathText(path.slice(0, 2));
    places.set(place, (places.get(place) ?? new Set()).add(path[2] ?? 'its value'));
  }
  return [...places].map(([place, names]) => ({ text: `${place}: also changed: ${[...names].join(', ')}` }));
}

/**
 * Why the policy in force must approve the change; empty where it need not. Any change of `approval`; a gate removed,
 * loosened, measured otherwise or made less severe.
 */
export function governedChanges(before: ProjectDefinition, after: ProjectDefinition): string[] {
  return [
    ...differences(before.approval, after.approval, 'approval'),
    ...before.gates.flatMap((gate) => {
      const now = after.gates.find(({ name }) => name === gate.name);
      if (now === undefined) return [`gate ${gate.name} is removed`];
      return [...loosened(gate, now), ...measuredOtherwise(gate, before.metrics, after.metrics)];
    }),
  ];
}

function loosened(before: GateDefinition, after: GateDefinition): string[] {
  const { atLeast: low, atMost: high, severity, ...meaning } = before;
  const { atLeast: lowNow, atMost: highNow, severity: severityNow, ...meaningNow } = after;
  const gate = `gate ${before.name}`;
  return [
    ...differences(meaning, meaningNow, gate),
    ...(low !== undefined && (lowNow === undefined || lowNow < low)
      ? [`${gate} is looser: at least ${low} → ${lowNow ?? 'anything'}`]
      : []),
    ...(high !== undefined && (highNow === undefined || highNow > high)
      ? [`${gate} is looser: at most ${high} → ${highNow ?? 'anything'}`]
      : []),
    ...(severity === 'blocking' && severityNow !== 'blocking'
      ? [`${gate} is less severe: ${severity} → ${severityNow}`]
      : []),
  ];
}

/** A registered metric under the same name computes something else by other parameters. */
function measuredOtherwise(
  { name, metric }: GateDefinition,
  before: readonly RegisteredUse[],
  after: readonly RegisteredUse[]
): string[] {
  const use = (all: readonly RegisteredUse[]) => all.find(({ registered }) => registered === metric)?.params;
  return differences(use(before), use(after), `gate ${name}: parameters of ${metric}`);
}

function differences(before: unknown, after: unknown, at: string): string[] {
  return differencesAt(before, after, [at], true).map(({ text }) => text);
}

/** Objects key by key, lists as sets; anything else whole. */
function differencesAt(
  before: unknown,
  after: unknown,
  path: readonly string[],
  whole = path[0] === 'approval' || path[0] === 'gates'
): Difference[] {
  if (sameJson(before, after)) return [];
  const at = (text: string): Difference => ({ path, whole, text: `${pathText(path)}: ${text}` });
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differencesAt(valueOf(before, key), valueOf(after, key), [...path, key], path.length > 0 ? whole : undefined)
    );
  }
  if (!Array.isArray(before) || !Array.isArray(after)) return [at(valuesText(before, after, whole))];
  const [former, latter] = [entriesOf(before), entriesOf(after)];
  const changed = [...former].flatMap(([name, entry]) =>
    latter.has(name) ? differencesAt(entry, latter.get(name), [...path, `[${name}]`], whole) : []
  );
  const words = (what: string, [name, entry]: readonly [string, unknown]): Difference => {
    const text = `${what} ${valueText(entry, whole)}`;
    return { path: [...path, `[${name}]`], whole, text: `${pathText(path)}: ${text}` };
  };
  const removed = [...former].filter(([name]) => !latter.has(name)).map((one) => words('removed', one));
  const added = [...latter].filter(([name]) => !former.has(name)).map((one) => words('added', one));
  if (changed.length + removed.length + added.length > 0) return [...removed, ...added, ...changed];
  return [at(`in another order: ${valuesText([...former.keys()], [...latter.keys()], whole)}`)];
}

/** The entries of a list by what identifies them: their name, else all that they are. The second of a kind is numbered. */
function entriesOf(list: readonly unknown[]): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const entry of list) {
    const name = nameOf(entry);
    let key = name;
    for (let times = 2; entries.has(key); times += 1) key = `${name} ${times}`;
    entries.set(key, entry);
  }
  return entries;
}

function nameOf(entry: unknown): string {
  if (!isObject(entry)) return typeof entry === 'string' ? entry : JSON.stringify(entry);
  const { name, registered, transform, column, columns } = entry;
  const reads = Array.isArray(columns) ? columns.join(', ') : column;
  const known = [name ?? registered ?? transform, reads].filter((part) => typeof part === 'string');
  return known.length > 0 ? known.join(' of ') : canonical(entry);
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

function pathText(path: readonly string[]): string {
  return path.join('.').replaceAll('.[', '[');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueOf(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Both are plain JSON in their normal form; keys may stand in another order. */
function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((entry, at) => sameJson(entry, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameJson(valueOf(a, key), valueOf(b, key)));
}

/** Where both are long, from where they differ: else two values could look alike. */
function valuesText(before: unknown, after: unknown, whole: boolean): string {
  const [former, latter] = [jsonText(before), jsonText(after)];
  if (whole || Math.max(former.length, latter.length) <= SHOWN_CHARS)
    return `${valueText(before, whole)} → ${valueText(after, whole)}`;
  let same = 0;
  while (same < former.length && former[same] === latter[same]) same += 1;
  const from = Math.max(0, same - SHOWN_CHARS / 4);
  const excerpt = (text: string): string => `${from > 0 ? '…' : ''}${cut(text.slice(from))}`;
  return `${excerpt(former)} → ${excerpt(latter)}`;
}

function valueText(value: unknown, whole: boolean): string {
  return whole ? jsonText(value) : cut(jsonText(value));
}

function jsonText(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

function cut(text: string): string {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS - 1)}…`;
}
