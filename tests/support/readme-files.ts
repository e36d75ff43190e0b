/** README's three files, as a user copies them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';

export const README_FILES = ['project.ts', 'workflows.ts', 'worker.ts'] as const;

type Change = (file: string, code: string) => string;

/** Writes them to `.stack/<name>`: within the package, so that it finds itself by its own name. */
export function writeReadmeFiles(name: string, changed?: Change): string {
  const folder = join(packageRoot(), '.stack', name);
  writeReadmeFilesTo(folder, changed);
  return folder;
}

export function writeReadmeFilesTo(folder: string, changed: Change = (_, code) => code): void {
  const blocks = [...readFileSync(join(packageRoot(), 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)];
  if (blocks.length !== README_FILES.length) throw new Error(`README has ${blocks.length} blocks of TypeScript`);
  mkdirSync(folder, { recursive: true });
  for (const [index, file] of README_FILES.entries())
    writeFileSync(join(folder, file), changed(file, blocks[index]?.[1] ?? ''));
}

/** The change that a comment in README's worker names for ES modules. */
export function asEsModule(code: string): string {
  const [line, expression] = /^ *\/\/ In an ES module: (.*)\n/m.exec(code) ?? [];
  if (line === undefined || expression === undefined)
    throw new Error('README’s worker doesn’t say how in an ES module');
  const changed = code.replace(line, '').replace("require.resolve('./workflows')", expression);
  if (!changed.includes(expression)) throw new Error('README’s worker has another workflowsPath');
  return `import { fileURLToPath } from 'node:url';\n${changed}`;
}
