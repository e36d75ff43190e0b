/** The page of a study: the same bytes twice, every trial in it, and texts of people as texts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { studyCharts } from '../../../src/engines/report/charts/study-charts';
import { spacesOf } from '../../../src/domain/study/space';
import { builtFile } from '../../../src/runtime/package-root';
import { pagedStudyOf } from '../../support/studied';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-study-page-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function pageOf(paged: unknown): string {
  const file = join(folder, 'paged.json');
  writeFileSync(file, JSON.stringify(paged));
  const program = `
    const { drawStudyPage } = require(process.argv[1]);
    const paged = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
    drawStudyPage(paged).then((page) => process.stdout.write(page));`;
  const entry = builtFile('src', 'engines', 'report', 'study', 'draw-study-page.js');
  return execFileSync(process.execPath, ['-e', program, entry, file], { encoding: 'utf8', maxBuffer: 1e8 });
}

test('the same bytes twice, with a picture for every chart and no script', () => {
  const paged = pagedStudyOf({ rungs: true, hostile: '<script>alert(1)</script>' });
  const page = pageOf(paged);
  expect(pageOf(paged)).toBe(page);
  for (const id of ['progress', 'parameter-importance', 'parallel', 'rungs']) expect(page).toContain(`chart-${id}`);
  expect(page.match(/<figure/g)?.length).toBe(page.match(/<svg /g)?.length);
  expect(page).not.toMatch(/<script|<image|<foreignObject|style="|href=|url\(|\son\w+=/i);
  expect(page).toContain('&lt;script>');
  expect(page).toContain('MLOPS_TRAINING_DIVERGED');
});

test('of a study that runs, that a person stopped, or whose trials all failed, there is a page that says so', () => {
  expect(pageOf({ ...pagedStudyOf({}), winner: undefined })).toContain('It has not chosen yet');
  const { winner, ...stopped } = pagedStudyOf({});
  const page = pageOf({ ...stopped, winner: { ...winner, ended: 'stopped' } });
  expect(page).toContain(`is trial ${winner!.number}, `);
  expect(page).toContain('a person stopped it');
  const { trials, ...rest } = pagedStudyOf({});
  const failed = trials.filter(({ failure }) => failure !== undefined);
  const none = pageOf({ ...rest, winner: undefined, trials: failed });
  expect(none).not.toMatch(/<figure|Charts/);
  expect(none).toContain(`All ${failed.length} trials that ended have failed, of 24`);
  expect(none).not.toContain('NaN');
  expect(none).toContain('MLOPS_TRAINING_DIVERGED');
});

test('ten thousand trials are a picture of bounded size', () => {
  const { spec, trials } = pagedStudyOf({});
  const many = Array.from({ length: 10_000 }, (_, at) => ({ number: at + 1, loss: 1 / (at + 1), choices: { a: at } }));
  const charts = studyCharts({ trials: many, spaces: new Map([['a', { int: [0, 10_000] as const }]]), loss: 'loss' });
  for (const { spec: drawn } of charts)
    expect((drawn['data'] as { values: unknown[] }).values.length).toBeLessThan(2000);
  // Spaces are found whichever option leads to them: each choice of a trial is of one.
  const spaces = spacesOf(spec.of);
  for (const { choices } of trials) for (const { space } of choices) expect([...spaces.keys()]).toContain(space);
});
