/** Imports the modules that a worker was given as paths; TypeScript is read as it is. */
import { MlopsError } from '../../../domain/errors';
import type { RegisteredCode } from '../../../project/registry';

type Group = Readonly<Record<string, unknown>>;

/**
 * All modules' code together.
 * @throws MlopsError MLOPS_CONFIGURATION: a module can't be imported, has no default export, or gives a name that another
 * one gave
 */
export async function loadModules(modules: readonly string[]): Promise<Partial<RegisteredCode>> {
  const merged: Record<string, Group> = {};
  for (const module of modules) {
    for (const [group, named] of Object.entries(await exportedBy(module))) {
      const twice = Object.keys(named).find(
        (name) => merged[group] !== undefined && Object.hasOwn(merged[group], name)
      );
      if (twice !== undefined) throw unfit(module, `${group}.${twice} is registered twice`, 'Give one another name.');
      merged[group] = { ...merged[group], ...named };
    }
  }
  return merged as Partial<RegisteredCode>;
}

async function exportedBy(module: string): Promise<Readonly<Record<string, Group>>> {
  let exported: { readonly default?: unknown };
  try {
    const { require: requireTypeScript } = await import('tsx/cjs/api');
    exported = requireTypeScript(module, __filename) as typeof exported;
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.slice(0, 500);
    throw unfit(module, why, 'Fix the module.', error);
  }
  // An ES module's default export, seen from CommonJS, may be wrapped once more.
  const outer = exported.default as { readonly default?: unknown } | undefined;
  const code = outer?.default ?? outer;
  if (typeof code === 'object' && code !== null) return code as Readonly<Record<string, Group>>;
  throw unfit(module, 'it has no default export', 'Write: export default { labelers: { … }, trainers: { … } }.');
}

function unfit(module: string, why: string, fix: string, cause?: unknown): MlopsError {
  const what = `Registered code can't be loaded: ${why.replace(/\.$/, '')}.`;
  return new MlopsError('MLOPS_CONFIGURATION', what, { file: module }, fix, { cause });
}
