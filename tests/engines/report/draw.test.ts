/** Charts as SVG, drawn in a process of its own as a compute child draws them: the same bytes twice, nothing loaded, nothing run. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chart } from '../../../src/engines/report/charts/chart';
import { chartVersions } from '../../../src/engines/report/charts/versions';
import { builtFile } from '../../../src/runtime/package-root';
import { binaryEvaluation, classesEvaluation, numberEvaluation, pagedEvaluation } from '../../support/evaluated';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-draw-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PAGES = `
  const { drawEvaluationPage } = require(process.argv[1]);
  const paged = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
  (async () => {
    const pages = [];
    for (const each of [...paged, ...paged]) pages.push(await drawEvaluationPage(each));
    process.stdout.write(JSON.stringify(pages));
  })();`;

const CHART = `
  const { drawCharts } = require(process.argv[1]);
  const charts = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
  drawCharts(charts).then((drawn) => process.stdout.write(JSON.stringify([...drawn.values()])), (error) => process.stdout.write(JSON.stringify([String(error)])));`;

function inChild(program: string, module: string, input: unknown): string[] {
  const file = join(folder, 'input.json');
  writeFileSync(file, JSON.stringify(input));
  const entry = builtFile('src', 'engines', 'report', ...module.split('/'));
  const printed = execFileSync(process.execPath, ['-e', program, entry, file], { encoding: 'utf8', maxBuffer: 1e8 });
  return JSON.parse(printed) as string[];
}

test('pages of each task, the same bytes however many were drawn before', () => {
  const all = [
    pagedEvaluation(binaryEvaluation()),
    pagedEvaluation(numberEvaluation()),
    pagedEvaluation(classesEvaluation(['fog', '<script>alert(1)</script>', 'sun'])),
  ];
  const pages = inChild(PAGES, 'draw-evaluation-page.js', all);
  expect(pages.slice(3)).toEqual(pages.slice(0, 3));
  for (const page of pages.slice(0, 3)) {
    expect(page).toContain('<svg ');
    // Every chart has a picture.
    expect(page.match(/<figure/g)?.length).toBe(page.match(/<svg /g)?.length);
    expect(page).not.toMatch(/<script|<image|<foreignObject|style="|href=|url\(|\son\w+=/i);
    // Colours are the page's: one picture for light and dark.
    expect(page).toContain('var(--bar)');
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  }
  expect(pages[2]).toContain('&lt;script&gt;');
});

test('a chart that would load data is not drawn', () => {
  const chart: Chart = {
    id: 'x',
    title: 'x',
    about: 'x',
    spec: { data: { url: 'file:///etc/hostname', format: { type: 'csv' } }, mark: 'point', encoding: {} },
  };
  const [said] = inChild(CHART, 'charts/draw.js', [chart]);
  expect(said).not.toContain('<path aria-label');
  expect(said).not.toMatch(/hostname/);
});

test('the versions of what draws are known without loading it', () => {
  expect(chartVersions()).toEqual({ vega: '6.4.0', 'vega-lite': '6.4.3' });
});
