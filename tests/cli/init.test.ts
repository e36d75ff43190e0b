/** `mlops init` as its users run it: a table goes in, a definition that passes `mlops check` comes out. No server is asked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { mlops, mlopsJson } from './mlops';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-init-'));
  await writeFile(join(folder, 'a.csv'), `Reading (°C);when;ok\n${row(1, 'yes')}${row(2, 'no')}${row(3, 'no')}`);
});
afterAll(() => rm(folder, { recursive: true }));

const row = (i: number, ok: string): string => `${i},5;0${i}.02.2024;${ok}\n`;

const WEATHER = 'node_modules/vega-datasets/data/seattle-weather.csv';

test('docs/init.md shows what the command prints today', async () => {
  const args = [WEATHER, '--target', 'weather = rain', '--name', 'rain', '--approver', 'ana', '--approver', 'ben'];
  const { stdout, code } = await mlops(['init', ...args]);
  expect(code).toBe(0);
  const page = await readFile(join(packageRoot(), 'docs', 'init.md'), 'utf8');
  expect(/```ts\n(.*?)```/s.exec(page)?.[1]).toBe(stdout);
});

test('the file that it writes passes check and reads the table as it is', async () => {
  const out = join(folder, 'project.mts');
  const args = [join(folder, 'a.csv'), '--data', folder, '--target', 'ok', '--approver', 'ana', '--out', out];
  const made = await mlopsJson<{ decide: unknown[] }>(['init', ...args]);
  expect(made).toMatchObject({
    out,
    decide: expect.arrayContaining([expect.objectContaining({ path: 'approval.approvers' })]),
  });
  const project = out.replace('.mts', '.ts');
  await writeFile(project, await withPackage(out));
  const { definition } = await mlopsJson<{ definition: { source: unknown; label: unknown } }>(['check', project]);
  expect(definition.source).toMatchObject({
    reader: { file: { path: 'a.csv', format: 'csv', csv: { delimiter: ';', decimal: ',' } } },
    columns: {
      Reading_C: { type: 'number', from: 'Reading (°C)' },
      when: { type: 'timestamp', format: ['%d.%m.%Y'] },
      ok: { type: 'string' },
    },
    eventTime: 'when',
  });
  expect(definition.label).toMatchObject({ labeler: { rule: { column: 'ok', op: '=', value: 'yes' } } });
});

/** The file lies outside of any folder that has the package. */
async function withPackage(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  return text.replace("'temporal-mlops'", JSON.stringify(join(packageRoot(), 'dist', 'src', 'index.js')));
}

test.each([
  ['a file that is not there', ['none.csv', '--target', 'x'], 1, 'MLOPS_SOURCE_MISSING'],
  [
    'a file outside of the data folder',
    ['/etc/hostname', '--format', 'csv', '--target', 'x'],
    1,
    'MLOPS_SOURCE_OUTSIDE',
  ],
  ['an ending that says nothing', ['README.md', '--target', 'x'], 2, 'MLOPS_USAGE'],
  ['a target of more texts than classes', [WEATHER, '--target', 'date'], 1, 'MLOPS_TARGET_INVALID'],
  ['a target that no row has', [WEATHER, '--target', 'wind > 1000'], 1, 'MLOPS_TARGET_INVALID'],
  ['no target', [WEATHER], 2, 'target'],
])('%s is refused', async (_, args, code, said) => {
  const ran = await mlops(['init', ...args]);
  expect(ran).toMatchObject({ code, stdout: '' });
  expect(ran.stderr).toContain(said);
});

test('a file that is there is not overwritten', async () => {
  const out = join(folder, 'kept.ts');
  await writeFile(out, 'mine');
  const { code, stderr } = await mlops(['init', WEATHER, '--target', 'weather = sun', '--out', out]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  expect(await readFile(out, 'utf8')).toBe('mine');
});
