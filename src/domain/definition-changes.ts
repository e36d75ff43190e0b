/** What differs between two definitions, in words; and which differences the policy in force must approve. Pure. */
import type { GateDefinition, ProjectDefinition, RegisteredUse } from './definition';

/** A page must stay one that people read. */
const SHOWN_CHANGES = 40;
const SHOWN_CHARS = 80;

/** Every difference by its path, as `approval.approversNeeded: 2 → 1`; after so many only their number. */
export function definitionChanges(before: ProjectDefinition, after: ProjectDefinition): string[] {
  const changes = differences(before, after, '');
  const more = changes.length - SHOWN_CHANGES;
  return more <= 0 ? changes : [...changes.slice(0, SHOWN_CHANGES), `and ${more} more changes`];
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

/** Objects key by key; anything else whole, and lists entry by entry where they have as many. */
function differences(before: unknown, after: unknown, path: string): string[] {
  if (sameJson(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(valueOf(before, key), valueOf(after, key), path === '' ? key : `${path}.${key}`)
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((entry, at) => differences(entry, after[at], `${path}[${at}]`));
  return [`${path}: ${valueText(before)} → ${valueText(after)}`];
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

function valueText(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS - 1)}…`;
}
