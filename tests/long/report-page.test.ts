/** Pages in a browser: nothing that a text holds runs, nothing is fetched, and it fits a phone. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import type { PagedEvaluation } from '../../src/engines/report/evaluation-page';
import { builtFile } from '../../src/runtime/package-root';
import { batchPage } from '../../src/engines/report/batch-page';
import { classesEvaluation, binaryEvaluation, pagedEvaluation } from '../support/evaluated';
import { snapshotBody } from '../support/snapshot-body';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Skipped by name where there is no browser. */
const withBrowser = existsSync(CHROMIUM) ? describe : describe.skip;

const HOSTILE = [
  '<script>document.title="owned"</script>',
  '"><img src="http://127.0.0.1:9/x" onerror="document.title=\'owned\'">',
  '</style><style>@import "http://127.0.0.1:9/y";</style>',
  '<svg onload="document.title=\'owned\'"><base href="http://127.0.0.1:9/">',
  '\u202Eelbat a si siht',
  'عنوان طويل',
];

let folder: string;
let browser: BrowserContext;

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) return;
  folder = mkdtempSync(join(tmpdir(), 'mlops-report-'));
  browser = await chromium.launchPersistentContext(join(folder, 'chromium'), {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
  });
  browser.setDefaultTimeout(240_000);
});
afterAll(async () => {
  await browser?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function hostilePage(): string {
  const body = snapshotBody();
  const all = HOSTILE.join(' ');
  return batchPage({
    id: all,
    body: {
      ...body,
      source: all,
      files: HOSTILE.map((path) => ({ ...body.files[0]!, path })),
      validation: HOSTILE.map((rule) => ({ ...body.validation[0]!, rule, examples: [rule] }) as never),
      batches: body.batches.map((batch) => ({ ...batch, reasons: HOSTILE.map((rule) => ({ rule, rows: 1 })) })),
      profile: {
        ...body.profile,
        city: { ...body.profile['city']!, top: HOSTILE.map((value) => ({ value, count: 1 })) },
      },
    },
  });
}

/** Drawn in a process of its own, as a compute child draws it. */
function drawn(paged: PagedEvaluation): string {
  const file = join(folder, 'paged.json');
  writeFileSync(file, JSON.stringify(paged));
  const program = `
    const { drawEvaluationPage } = require(process.argv[1]);
    const paged = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8'));
    drawEvaluationPage(paged).then((page) => process.stdout.write(page));`;
  const entry = builtFile('src', 'engines', 'report', 'draw-evaluation-page.js');
  return execFileSync(process.execPath, ['-e', program, entry, file], { encoding: 'utf8', maxBuffer: 1e8 });
}

function hostileEvaluation(): string {
  const evaluation = classesEvaluation(HOSTILE);
  const named = { ...evaluation, slices: evaluation.slices.map((slice) => ({ ...slice, name: HOSTILE.join(' ') })) };
  return drawn(pagedEvaluation(named, { version: HOSTILE.join(' ') }));
}

withBrowser('in a browser', () => {
  test.each([
    ['a snapshot', hostilePage],
    ['an evaluation', hostileEvaluation],
  ])('hostile texts of %s are read, and do nothing', async (_, hostile) => {
    const file = join(folder, 'hostile.html');
    writeFileSync(file, hostile());
    const page = await browser.newPage();
    const asked: string[] = [];
    const said: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => said.push(message.text()));
    page.on('dialog', (dialog) => said.push(dialog.message()));
    await page.goto(`file://${file}`, { waitUntil: 'networkidle' });
    expect(asked).toEqual([`file://${file}`]);
    expect(said).toEqual([]);
    expect(await page.title()).toContain('<script>document.title="owned"</script>');
    expect(await page.getByText(HOSTILE[0]!, { exact: true }).count()).toBeGreaterThanOrEqual(2);
    expect(await page.locator('script, img, base, link, iframe').count()).toBe(0);
    await page.close();
  });

  test.each(['light', 'dark'] as const)(
    '%s, on a phone: nothing is wider than the screen but tables, which scroll',
    async (colorScheme) => {
      const file = join(folder, 'page.html');
      writeFileSync(file, batchPage({ id: `sha256:${'cd'.repeat(32)}`, body: snapshotBody() }));
      const page = await browser.newPage();
      await page.setViewportSize({ width: 375, height: 800 });
      await page.emulateMedia({ colorScheme });
      await page.goto(`file://${file}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(colorScheme === 'dark' ? 'rgb(18, 22, 27)' : 'rgb(255, 255, 255)');
      expect(await page.getByRole('img', { name: /^Histogram of value: 8 bins/ }).count()).toBe(1);
      await page.close();
    }
  );

  test.each(['light', 'dark'] as const)(
    'an evaluation, %s, on a phone: charts fit and have the page’s colours',
    async (colorScheme) => {
      const file = join(folder, 'evaluation.html');
      writeFileSync(file, drawn(pagedEvaluation(binaryEvaluation())));
      const page = await browser.newPage();
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      await page.setViewportSize({ width: 390, height: 800 });
      await page.emulateMedia({ colorScheme });
      await page.goto(`file://${file}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      expect(said).toEqual([]);
      expect(await page.getByRole('img', { name: /^ROC\./ }).count()).toBe(1);
      const line =
        'getComputedStyle(document.querySelector(\'#chart-roc .mark-line path[stroke="var(--bar)"]\')).stroke';
      expect(await page.evaluate(line)).toBe(colorScheme === 'dark' ? 'rgb(110, 168, 254)' : 'rgb(47, 111, 235)');
      await page.close();
    }
  );
});
