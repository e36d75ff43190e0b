/**
 * A project's definition, from what a user writes to the checked normal form. Runs in project files, on the command line
 * and in tests; never in a workflow, which only reads the result.
 */
import { z } from 'zod';
import { canonicalJson } from '../runtime/digest';
import { MAX_DEFINITION_BYTES } from '../runtime/packed-definition';
import type { ProjectDefinition } from '../domain/definition';
import { errorCodeOf, MlopsError, type Where } from '../domain/errors';
import { checkColumns } from './check-columns';
import type { Report } from './check-parts';
import { checkDecisions } from './check-decisions';
import { checkCalibration } from './check-calibration';
import { checkModel } from './check-model';
import { checkOperation } from './check-operation';
import { checkStudy } from './check-study';
import { checkValidation } from './check-validation';
import { complete, type ParsedProject } from './complete';
import { type Mistake, mistakesOf, noSuchField, type Path, pathText, excerptOf } from './mistakes';
import { withRowsTimes } from './joined-rows';
import type { ProjectInput } from './project-input';
import { LISTS, type Parsed, SECTIONS } from './project-schema';
import { MOST } from './schema-parts';

export type { Mistake } from './mistakes';
export type { ProjectInput } from './project-input';

export type CheckedProject =
  | { readonly definition: ProjectDefinition; readonly mistakes: readonly [] }
  | { readonly definition?: undefined; readonly mistakes: readonly Mistake[] };

/**
 * Checks a definition and fills in its defaults. The result is plain JSON, complete, and an input again: it gives
 * itself. A relative path of a file source starts at the worker's data folder (`--data`, by default its working
 * directory), wherever the project file lies: a definition must mean the same on every machine.
 * @throws MlopsError MLOPS_DEFINITION_INVALID with all mistakes at once, each by its path and in words
 */
export function defineProject<const Column extends string, const Name extends string = never>(
  input: ProjectInput<Column, Name>
): ProjectDefinition {
  const { definition, mistakes } = checkProject(input);
  if (definition !== undefined) return definition;
  const name: unknown = (input as { readonly name?: unknown } | undefined)?.name;
  throw invalidDefinition(mistakes, { project: typeof name === 'string' ? name : undefined });
}

/** As many mistakes an error lists; the others it counts. */
const SHOWN_MISTAKES = 20;

/** Its mistakes are a list beside the one line: whoever shows them may be another copy of this module. */
class InvalidDefinition extends MlopsError {
  constructor(
    what: string,
    where: Where,
    readonly mistakes: readonly Mistake[]
  ) {
    super('MLOPS_DEFINITION_INVALID', what, where, '');
  }
}

/** The mistakes of a definition that `defineProject` has refused; undefined of any other error. */
export function mistakesIn(error: unknown): readonly Mistake[] | undefined {
  if (errorCodeOf(error) !== 'MLOPS_DEFINITION_INVALID') return undefined;
  const { mistakes } = error as Partial<InvalidDefinition>;
  return Array.isArray(mistakes) ? mistakes : undefined;
}

/** Mistakes in one error of one line. */
export function invalidDefinition(mistakes: readonly Mistake[], where: Where): MlopsError {
  const more = mistakes.length - SHOWN_MISTAKES;
  const shownOnes = mistakes
    .slice(0, SHOWN_MISTAKES)
    .map(({ path, problem }) => (path === '' ? problem : `${path}: ${problem}`));
  const list = [...shownOnes, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  const what = `${mistakes.length === 1 ? 'One mistake' : `${mistakes.length} mistakes`} in the definition: ${list}`;
  return new InvalidDefinition(what, where, mistakes);
}

/** The same without throwing, for whoever shows mistakes one by one. */
export function checkProject(input: unknown): CheckedProject {
  const mistakes: Mistake[] = [];
  const report: Report = (path, problem) => mistakes.push({ path: pathText(path), problem });
  if (!isPlainObject(input)) {
    return { mistakes: [{ path: '', problem: `a definition must be an object, not ${excerptOf(input)}` }] };
  }
  checkKeys(input, report);
  checkPrototypeKeys(input, [], report);
  const parsed = withRowsTimes(parse(input, mistakes));
  checkColumns(parsed, report);
  checkModel(parsed, report);
  checkDecisions(parsed, report);
  checkOperation(parsed, report);
  checkStudy(parsed, report);
  checkCalibration(parsed, report);
  checkValidation(parsed, report);
  if (mistakes.length > 0) return { mistakes };
  const definition = complete(parsed as ParsedProject);
  const bytes = Buffer.byteLength(canonicalJson(definition));
  if (bytes > MAX_DEFINITION_BYTES) {
    return {
      mistakes: [{ path: '', problem: `it has ${bytes} bytes as JSON; at most ${MAX_DEFINITION_BYTES} may be` }],
    };
  }
  return { definition, mistakes: [] };
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkKeys(input: Readonly<Record<string, unknown>>, report: Report): void {
  const known = [...Object.keys(SECTIONS), ...Object.keys(LISTS)];
  for (const key of Object.keys(input)) {
    if (!known.includes(key)) report([key], noSuchField(key, known));
  }
}

/** JSON may hold a key `__proto__`, which assignments drop: refused wherever it stands. */
function checkPrototypeKeys(value: unknown, path: Path, report: Report): void {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return;
  for (const key of Object.keys(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === '__proto__') report(at, 'is not allowed as a name');
    else checkPrototypeKeys((value as Readonly<Record<string, unknown>>)[key], at, report);
  }
}

const MAX_DEPTH = 100;

/** Section by section and entry by entry: what can't be read is undefined and listed in `mistakes`. */
function parse(input: Readonly<Record<string, unknown>>, mistakes: Mistake[]): Parsed {
  const read = (schema: z.ZodType, value: unknown, path: Path): unknown => {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return result.data;
    mistakes.push(...mistakesOf(result.error, path));
    return undefined;
  };
  const parsed: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(SECTIONS)) parsed[key] = read(schema, input[key], [key]);
  for (const [key, list] of Object.entries(LISTS)) {
    const most = 'atMost' in list ? list.atMost : MOST;
    const entries = read(z.array(z.unknown()).max(most), input[key] ?? defaultOf(list, input), [key]);
    parsed[key] = (entries as readonly unknown[] | undefined)?.map((entry, at) => read(list.entry, entry, [key, at]));
  }
  return parsed as Parsed;
}

function defaultOf(list: (typeof LISTS)[keyof typeof LISTS], input: Readonly<Record<string, unknown>>): unknown {
  return typeof list.default === 'function' ? list.default(input) : list.default;
}
