/** Each arrow that ARCHITECTURE.md's table of rooms lacks is an error of lint, and each that it has is none. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';

interface Room {
  readonly name: string;
  readonly imports: ReadonlySet<string>;
  /** Of these rooms it may import types alone. */
  readonly types: ReadonlySet<string>;
}

const root = packageRoot();

/** The table's rows; those of entries (`client.ts`) name files, not rooms. */
function roomsOfTable(): Room[] {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const [, table = ''] = /\| folder \| what \| may import \|\n.*\n((?:\|.*\n)+)/.exec(page) ?? [];
  const rows = table
    .split('\n')
    .map((line) => /^\| `([a-z]+)\/` \| .* \| ([^|]+) \|$/.exec(line))
    .filter((row) => row !== null);
  const names = rows.map(([, name = '']) => name);
  const named = (text: string) => new Set(names.filter((name) => new RegExp(`\\b${name}\\b`).test(text)));
  return rows.map(([, name = '', cell = '']) => {
    const [, types = ''] = /types of ([a-z]+)/.exec(cell) ?? [];
    return { name, imports: named(cell.replace(`types of ${types}`, '')), types: named(types) };
  });
}

const ROOMS = roomsOfTable();
/** Rooms of which one part may be imported: what lies beside that part may not. */
const PARTS: Readonly<Record<string, string>> = { engines: 'train/thing' };

const folder = mkdtempSync(join(tmpdir(), 'rooms-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files that lint refuses because of what they import. */
function refused(files: ReadonlyMap<string, string>): Set<string> {
  copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'json', 'src'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  return new Set(
    diagnostics.filter(({ code }) => code.includes('no-restricted-imports')).map(({ filename }) => filename)
  );
}

test('lint refuses the arrows that the table lacks, and no other', () => {
  expect(ROOMS.length).toBeGreaterThanOrEqual(15);
  const files = new Map<string, string>();
  const wrong: string[] = [];
  for (const from of ROOMS)
    for (const to of ROOMS) {
      if (from.name === to.name) continue;
      const whole = from.imports.has(to.name);
      const part = from.name === 'cli' && to.name === 'engines' ? `${to.name}/${PARTS[to.name]}` : `${to.name}/thing`;
      for (const [place, up] of [
        [`src/${from.name}`, '../'],
        [`src/${from.name}/inner`, '../../'],
      ] as const) {
        if (from.name === 'domain' && place.endsWith('inner')) continue;
        const imported = `${up}${part}`;
        const forbidden = !whole || part.endsWith(PARTS.engines!);
        files.set(
          `${place}/${forbidden ? 'refused' : 'taken'}-${to.name}.ts`,
          `import { a } from '${imported}';\nexport const b = a;\n`
        );
        if (from.types.has(to.name))
          files.set(
            `${place}/taken-types-of-${to.name}.ts`,
            `import type { A } from '${imported}';\nexport type B = A;\n`
          );
      }
    }
  // The project's MongoDB and S3 belong to stores/; sources/ reads other people's.
  for (const { name } of ROOMS)
    for (const library of ['mongodb', 'minio']) {
      const may = ['stores', 'sources'].includes(name);
      files.set(
        `src/${name}/${may ? 'taken' : 'refused'}-${library}.ts`,
        `import { a } from '${library}';\nexport const b = a;\n`
      );
    }
  const found = refused(files);
  for (const file of files.keys()) if (found.has(file) !== file.includes('/refused-')) wrong.push(file);
  expect(wrong).toEqual([]);
});
