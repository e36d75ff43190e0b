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

/** What each table's model must come to. */
const GOOD: Readonly<Record<string, (value: number) => boolean>> = {
  'weather logLoss': (value) => value < 0.9,
  'diamonds r2': (value) => value > 0.97,
  'cuts logLoss': (value) => value < 0.7,
  'movies auc': (value) => value > 0.8,
  'penguins auc': (value) => value > 0.9,
  'housing auc': (value) => value > 0.9,
  'digits accuracy': (value) => value >= 0.96,
  'languages accuracy': (value) => value >= 0.945,
};

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
    { name: 'cuts', rows: 53_794, quarantined: 0, replaced: 146, predictions: 1_100 },
    { name: 'penguins', rows: 344, quarantined: 0, replaced: 0, predictions: 344 },
    // A month is known once it is over: of 46 cities the two months before asOf are not known yet.
    { name: 'housing', rows: 7222, quarantined: 0, replaced: 0, predictions: 400 },
    { name: 'digits', rows: 1797, quarantined: 0, replaced: 0, predictions: 1_100 },
    { name: 'languages', rows: 3561, quarantined: 0, replaced: 0, predictions: 1_100 },
  ]);
  // Their sizes are 0: 20 rows of the file, of which one is there twice.
  expect(tables[2]).toMatchObject({ warned: { 'x above 0': 7, 'y above 0': 6, 'z above 0': 19 } });
  const poor = tables.filter(
    ({ name, metric, value }) => GOOD[`${String(name)} ${String(metric)}`]?.(value as number) !== true
  );
  expect(poor.map(({ name, metric, value }) => ({ name, metric, value }))).toEqual([]);
  for (const { windows, digest } of tables) {
    expect(windows).toBeGreaterThanOrEqual(1);
    expect(digest).toMatch(/^sha256:/);
  }
}, 1_500_000);

test('an unknown option is refused, beside how it is used', () => {
  expect(parseOptions(['--yes', '--json'])).toEqual({ yes: true, json: true });
  expect(parseOptions(['--fast'])).toMatch(/^unknown option --fast\n\nUsage: \.\/scripts\/tour\.sh /);
});
