/** Code that a user registers on a worker: modules whose default export says it by kind and name. */
import { resolve } from 'node:path';
import { MlopsError } from '../domain/errors';
import { describeRegistered, type RegisteredCode } from '../project/registry';
import { oneLine } from './verb';

type Group = Readonly<Record<string, unknown>>;

/** All of them together; a name that two modules give is refused. */
export async function loadRegistered(files: readonly string[]): Promise<Partial<RegisteredCode>> {
  const merged: Record<string, Group> = {};
  for (const file of files) {
    for (const [kind, group] of Object.entries(await exportedBy(file))) {
      const twice = Object.keys(group).find((name) => merged[kind]?.[name] !== undefined);
      if (twice !== undefined) throw unfit(file, `${kind}.${twice} is registered twice`, 'Give one another name.');
      merged[kind] = { ...merged[kind], ...group };
    }
  }
  describeRegistered(merged as Partial<RegisteredCode>);
  return merged as Partial<RegisteredCode>;
}

async function exportedBy(file: string): Promise<Readonly<Record<string, Group>>> {
  const { require: requireTypeScript } = await import('tsx/cjs/api');
  let exported: { readonly default?: unknown };
  try {
    exported = requireTypeScript(resolve(file), __filename) as typeof exported;
  } catch (error) {
    throw unfit(file, oneLine(error instanceof Error ? error.message : String(error)), 'Mend the file.', error);
  }
  // An ES module's default export, seen from CommonJS, may be wrapped once more.
  const outer = exported.default as { readonly default?: unknown } | undefined;
  const code = outer?.default ?? outer;
  if (typeof code === 'object' && code !== null) return code as Readonly<Record<string, Group>>;
  throw unfit(file, 'it has no default export', 'Write: export default { labelers: { … }, trainers: { … } }.');
}

function unfit(file: string, why: string, fix: string, cause?: unknown): MlopsError {
  const what = `Registered code can't be loaded: ${why.replace(/\.$/, '')}.`;
  return new MlopsError('MLOPS_CONFIGURATION', what, { file }, fix, { cause });
}
