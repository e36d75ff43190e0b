/** Ids are made and read in src/domain/ids.ts: whoever changes one finds it there, and nobody makes it differently. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';

/** Files that join values by a slash to something else than an id: an object's key, a path. */
const NOT_IDS = ['stores/artifacts.ts', 'stores/audit-heads.ts', 'activities/registered/reader.ts'];

/** A value, `/` or `@`, another value; a project's prefix; a workflow's id. */
const MADE_BY_HAND = [/\}[/@]\$\{/, /\$\{project\}[/@]/, /['"`]mlops\//];

const src = join(packageRoot(), 'src');

function madeByHand(text: string): string[] {
  const code = text.split('\n').filter((line) => !/^\s*(\/\/|\/?\*)/.test(line));
  return code.filter((line) => MADE_BY_HAND.some((pattern) => pattern.test(line))).map((line) => line.trim());
}

test.each([
  'const id = `${project}@${number}`;',
  'const id = `${body.project}/${body.cycle}`;',
  'const id = `mlops/${project}`;',
  "if (id.startsWith('mlops/')) return;",
  'const prefix = `${project}/`;',
])('%s is made by hand', (line) => {
  expect(madeByHand(line)).toEqual([line]);
});

test('no file but domain/ids.ts makes an id by hand', () => {
  const files = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(100);
  const found = files
    .map((file) => [relative(src, file), madeByHand(readFileSync(file, 'utf8'))] as const)
    .filter(([name, lines]) => lines.length > 0 && name !== 'domain/ids.ts' && !NOT_IDS.includes(name));
  expect(found).toEqual([]);
});
