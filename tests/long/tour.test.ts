/** `./scripts/tour.sh`: tables that nobody has described go from their file to a watched endpoint, without an edit. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseOptions } from '../../scripts/tour/options';
import { builtFile, packageRoot } from '../../src/runtime/package-root';
import { openSystem, type TestSystem } from '../support/system';

const run = promisify(execFile);
/** Within the package, whose name the definitions import. */
const FOLDER = join(packageRoot(), '.stack', `tour-${process.pid}`);

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem('tour');
});
afterAll(async () => {
  await system.close();
  rmSync(FOLDER, { recursive: true, force: true });
});

test('init, check, start, decide, predict, truth and window, for each table', async () => {
  const { stdout } = await run(process.execPath, [builtFile('scripts', 'tour', 'main.js'), '--yes', '--json'], {
    cwd: packageRoot(),
    env: { ...process.env, ...system.env, MLOPS_STACK_DIR: FOLDER },
  });
  const { tables } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { tables: Record<string, unknown>[] };
  const figures = tables.map(({ name, rows, quarantined, replaced, predictions }) => ({
    name,
    rows,
    quarantined,
    replaced,
    predictions,
  }));
  expect(figures).toEqual([
    { name: 'weather', rows: 1242, quarantined: 0, replaced: 0, predictions: 220 },
    // Titles such as 1776 are numbers in the file.
    { name: 'movies', rows: 2717, quarantined: 6, replaced: 0, predictions: 400 },
    // Of 53,940 rows 146 are equal to an earlier one.
    { name: 'diamonds', rows: 53_794, quarantined: 0, replaced: 146, predictions: 1_100 },
    { name: 'penguins', rows: 344, quarantined: 0, replaced: 0, predictions: 344 },
    { name: 'housing', rows: 7314, quarantined: 0, replaced: 0, predictions: 400 },
  ]);
  // Their sizes are 0: 20 rows of the file, of which one is there twice.
  expect(tables[2]).toMatchObject({ warned: { 'x above 0': 7, 'y above 0': 6, 'z above 0': 19 } });
  for (const { value, windows, digest } of tables) {
    expect(value).toBeGreaterThan(0.8);
    expect(windows).toBeGreaterThanOrEqual(1);
    expect(digest).toMatch(/^sha256:/);
  }
}, 300_000);

test('an unknown option is refused, beside how it is used', () => {
  expect(parseOptions(['--yes', '--json'])).toEqual({ yes: true, json: true });
  expect(parseOptions(['--fast'])).toMatch(/^unknown option --fast\n\nUsage: \.\/scripts\/tour\.sh /);
});
