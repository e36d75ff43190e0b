import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package's own folder, from `dist/src` and from `src` alike. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}

/** A file of the build: compute children and the workflow bundle run from there, whoever starts them. */
export function builtFile(...path: string[]): string {
  return join(packageRoot(), 'dist', ...path);
}
