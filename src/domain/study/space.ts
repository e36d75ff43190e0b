/**
 * What a study may choose: a design, such as a model's spec, with a space in place of a value. Pure.
 *
 * ```ts
 * { oneOf: [{ network: { hidden: [{ int: [16, 256] }], learningRate: { log: [1e-4, 1e-1] } } }, { linear: {} }] }
 * ```
 *
 * An option may hold spaces of its own: they are chosen only where it is.
 */
export type Space =
  /** Between both ends, included. */
  | { readonly float: readonly [low: number, high: number] }
  /** The same, by its logarithm. */
  | { readonly log: readonly [low: number, high: number] }
  /** Whole numbers, both ends included. */
  | { readonly int: readonly [low: number, high: number] }
  | { readonly oneOf: readonly unknown[] };

/** Of each space on the way, by its path in the design: its number, or the place of its option. */
export type Choices = Readonly<Record<string, number>>;

export interface Designed {
  /** The design with a value in place of each space. */
  readonly design: unknown;
  readonly choices: Choices;
}

const KINDS: readonly string[] = ['float', 'log', 'int', 'oneOf'];

/** An object with the name of a kind of space as its only field. */
export function isSpace(value: unknown): value is Space {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields = Object.keys(value);
  return fields.length === 1 && KINDS.includes(fields[0]!);
}

/**
 * Chooses a value for each space that the choices before it lead to, in the order of the design's fields. The same walk draws at
 * random, asks a sampler, or repeats recorded choices: which spaces there are is decided in one place.
 * @param choose of a `oneOf` the place of an option
 */
export function designed(template: unknown, choose: (path: string, space: Space) => number): Designed {
  const choices: Record<string, number> = {};
  const walk = (value: unknown, path: string): unknown => {
    if (isSpace(value)) {
      const chosen = choose(path, value);
      choices[path] = chosen;
      return 'oneOf' in value ? walk(value.oneOf[chosen], optionPath(path, chosen)) : chosen;
    }
    if (Array.isArray(value)) return value.map((each: unknown, index) => walk(each, entryPath(path, index)));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each, fieldPath(path, name))]));
  };
  const design = walk(template, '');
  return { design, choices };
}

/** All spaces of a design, whichever options lead to them, by their paths. */
export function spacesOf(template: unknown): ReadonlyMap<string, Space> {
  const found = new Map<string, Space>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isSpace(value)) {
      found.set(path, value);
      if ('oneOf' in value) value.oneOf.forEach((option, at) => walk(option, optionPath(path, at)));
    } else if (Array.isArray(value)) value.forEach((each: unknown, at) => walk(each, entryPath(path, at)));
    else for (const [name, each] of Object.entries(value)) walk(each, fieldPath(path, name));
  };
  walk(template, '');
  return found;
}

/** Paths in a design, as `Choices` has them. */
export const fieldPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);
export const entryPath = (path: string, index: number): string => `${path}[${index}]`;
export const optionPath = (path: string, chosen: number): string => `${path}=${chosen}`;
