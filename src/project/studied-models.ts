/**
 * The models that a study may choose: each space must hold something, and whatever is chosen must be a model. What a model's fields may
 * be are ranges, field by field, so that both ends of each space, a number between, and each option show all of it.
 */
import type { z } from 'zod';
import { type Choices, designed, entryPath, fieldPath, isSpace, optionPath, type Space } from '../domain/study/space';
import { excerptOf, type Path, problemsOf } from './mistakes';
import { MOST } from './schema-parts';

export interface StudyMistake {
  readonly path: Path;
  readonly problem: string;
}

export interface Studied {
  /** With the fields that were left out, and all fields in the order of their names: a study chooses in this order. */
  readonly of: unknown;
  readonly mistakes: readonly StudyMistake[];
}

/** @param schema of one model */
export function studied(template: unknown, schema: z.ZodType): Studied {
  const mistakes = spaceMistakes(template, []);
  if (mistakes.length > 0) return { of: template, mistakes };
  let of = template;
  let chosen = 0;
  const found = new Map<string, StudyMistake>();
  for (const { design, choices } of corners(template)) {
    chosen = Math.max(chosen, Object.keys(choices).length);
    const parsed = schema.safeParse(design, { reportInput: true });
    if (parsed.success) of = filled(of, choices, parsed.data, '');
    else
      for (const { path, problem } of problemsOf(parsed.error)) {
        const at = placeOf(template, choices, path);
        found.set(JSON.stringify(at), { path: at, problem });
      }
  }
  if (chosen === 0 && found.size === 0)
    return { of, mistakes: [{ path: [], problem: 'has no space: there is nothing to choose' }] };
  return { of, mistakes: [...found.values()] };
}

/** With all its spaces, wherever they are. */
function spaceMistakes(value: unknown, path: Path): StudyMistake[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isSpace(value)) {
    const [kind] = Object.keys(value) as [string];
    const problem = spaceProblem(value);
    if (problem !== undefined) return [{ path: [...path, kind], problem }];
    return 'oneOf' in value ? value.oneOf.flatMap((each, at) => spaceMistakes(each, [...path, kind, at])) : [];
  }
  if (Array.isArray(value)) return value.flatMap((each: unknown, at) => spaceMistakes(each, [...path, at]));
  return Object.entries(value).flatMap(([name, each]) => spaceMistakes(each, [...path, name]));
}

/** What was written may be anything. */
function spaceProblem(space: Space): string | undefined {
  if ('oneOf' in space) {
    const options: unknown = space.oneOf;
    if (!Array.isArray(options)) return `must be a list of options, is ${excerptOf(options)}`;
    if (options.length === 0) return 'is empty: it must have an option';
    return options.length > MOST ? `must have at most ${MOST} options, has ${options.length}` : undefined;
  }
  const ends: unknown = Object.values(space)[0];
  if (!Array.isArray(ends) || ends.length !== 2 || !ends.every((end) => Number.isFinite(end)))
    return `must be [low, high], two numbers, is ${excerptOf(ends)}`;
  const [low, high] = ends as [number, number];
  if (low >= high) return `is empty: its low, ${low}, is not below its high, ${high}`;
  if ('log' in space && low <= 0) return `must begin above 0, as 0 and less have no logarithm; begins at ${low}`;
  if ('int' in space && !ends.every((end) => Number.isSafeInteger(end)))
    return `must be of whole numbers, is ${low} to ${high}`;
  return undefined;
}

/** Designs that between them have each end of each space, a number between them, and each option. */
function* corners(template: unknown): Generator<{ readonly design: unknown; readonly choices: Choices }> {
  const seen = new Set<string>();
  const waiting: Choices[] = [{}];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    const fixed = from;
    const spaces = new Map<string, Space>();
    const found = designed(template, (path, space) => {
      spaces.set(path, space);
      return fixed[path] ?? valuesOf(space)[0]!;
    });
    yield found;
    for (const [path, space] of spaces) {
      if (seen.has(path)) continue;
      seen.add(path);
      for (const value of valuesOf(space).slice(1)) waiting.push({ ...found.choices, [path]: value });
    }
  }
}

/** Between 0 and 1, and whole in hardly any scale. */
const BETWEEN = 0.381966;

function valuesOf(space: Space): readonly number[] {
  if ('oneOf' in space) return space.oneOf.map((_, at) => at);
  const [low, high] = Object.values(space)[0] as readonly [number, number];
  return 'int' in space ? [low, high] : [low, high, low + BETWEEN * (high - low)];
}

/** The template with what the schema filled in along these choices. */
function filled(template: unknown, choices: Choices, parsed: unknown, path: string): unknown {
  if (isSpace(template)) {
    const chosen = choices[path];
    if (!('oneOf' in template) || chosen === undefined) return template;
    const into = (option: unknown, at: number): unknown =>
      at === chosen ? filled(option, choices, parsed, optionPath(path, at)) : option;
    return { oneOf: template.oneOf.map(into) };
  }
  if (Array.isArray(template))
    return template.map((each: unknown, at) =>
      filled(each, choices, (parsed as readonly unknown[])[at], entryPath(path, at))
    );
  if (typeof template !== 'object' || template === null) return template;
  const [given, made] = [template, parsed] as readonly Readonly<Record<string, unknown>>[];
  const names = [...new Set([...Object.keys(given!), ...Object.keys(made!)])].sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      name in given! ? filled(given![name], choices, made![name], fieldPath(path, name)) : made![name],
    ])
  );
}

/** Where in the template that lies which a design has at `path`. */
function placeOf(template: unknown, choices: Choices, path: Path): PropertyKey[] {
  const place: PropertyKey[] = [];
  let [at, name] = [template, ''];
  const enter = () => {
    while (isSpace(at)) {
      const chosen = choices[name];
      if (!('oneOf' in at) || chosen === undefined) return;
      place.push('oneOf', chosen);
      at = at.oneOf[chosen];
      name = optionPath(name, chosen);
    }
  };
  enter();
  for (const key of path) {
    place.push(key);
    at = (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
    name = typeof key === 'number' ? entryPath(name, key) : fieldPath(name, String(key));
    enter();
  }
  return place;
}
