/** README's three files, as a user copies them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';

export const README_FILES = ['project.ts', 'workflows.ts', 'worker.ts'] as const;

/** Writes them to `.stack/<name>`: within the package, so that it finds itself by its own name. */
export function writeReadmeFiles(
  name: string,
  changed: (file: string, code: string) => string = (_, code) => code
): string {
  const folder = join(packageRoot(), '.stack', name);
  const blocks = [...readFileSync(join(packageRoot(), 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)];
  if (blocks.length !== README_FILES.length) throw new Error(`README has ${blocks.length} blocks of TypeScript`);
  mkdirSync(folder, { recursive: true });
  for (const [index, file] of README_FILES.entries())
    writeFileSync(join(folder, file), changed(file, blocks[index]?.[1] ?? ''));
  return folder;
}
