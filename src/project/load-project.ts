/** A project from its file, as `mlops check` and `mlops start` take it. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { require as requireTypeScript } from 'tsx/cjs/api';
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { type CheckedProject, checkProject, invalidDefinition, mistakesIn } from './define-project';

/**
 * Runs a TypeScript or JavaScript file and takes its default export, or its export named `project`; a `.json` file is
 * the definition itself. It is checked and completed, whether or not the file called `defineProject`.
 *
 * The file may lie anywhere: relative paths of file sources start at the worker's data folder (`--data`, by default
 * its working directory), not at the project file, since the definition must mean the same on every machine.
 * @throws MlopsError MLOPS_NOT_FOUND: no such file; MLOPS_DEFINITION_INVALID: it fails to load, exports no definition,
 * or a definition with mistakes
 */
export async function loadProject(path: string): Promise<ProjectDefinition> {
  const { definition, mistakes, name } = await checkProjectFile(path);
  if (definition !== undefined) return definition;
  throw invalidDefinition(mistakes, { project: name, file: path });
}

/** The same, with the mistakes of a definition as a list; throws only where there is none to look at. */
export async function checkProjectFile(path: string): Promise<CheckedProject & { readonly name?: string }> {
  try {
    const value = await exportedBy(path);
    return { ...checkProject(value), ...named((value as { readonly name?: unknown }).name) };
  } catch (error) {
    // `defineProject` in the file has found them.
    const mistakes = mistakesIn(error);
    if (mistakes === undefined) throw error;
    return { mistakes, ...named((error as Partial<MlopsError>).where?.project) };
  }
}

function named(name: unknown): { readonly name?: string } {
  return typeof name === 'string' ? { name } : {};
}

async function exportedBy(path: string): Promise<object> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    const fix = 'Give the path of a project file, such as project.ts.';
    throw new MlopsError('MLOPS_NOT_FOUND', 'There is no such project file.', { file: path }, fix);
  }
  const value = await valueOf(file, path);
  if (typeof value === 'object' && value !== null) return value;
  throw new MlopsError(
    'MLOPS_DEFINITION_INVALID',
    'The project file exports no definition.',
    { file: path },
    'Write: export default defineProject({ … }), or: export const project = defineProject({ … }).'
  );
}

async function valueOf(file: string, path: string): Promise<unknown> {
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8')) as unknown;
    const exported = requireTypeScript(file, __filename) as { readonly default?: unknown; readonly project?: unknown };
    // An ES module's default export, seen from CommonJS, may be wrapped once more.
    const defaultExport = exported.default as { readonly default?: unknown } | undefined;
    return defaultExport?.default ?? defaultExport ?? exported.project;
  } catch (error) {
    if (mistakesIn(error) !== undefined) throw error;
    const reason = messageOf(error)
      .replace(/\nRequire stack:[^]*/, '')
      .trim()
      .replace(/\s*\n\s*/g, ' ');
    const fix = 'Fix the file.';
    throw new MlopsError(
      'MLOPS_DEFINITION_INVALID',
      `The project file can't be loaded: ${reason}`,
      { file: path },
      fix,
      { cause: error }
    );
  }
}

function messageOf(error: unknown): string {
  const message = (error as { readonly message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : String(error);
}
