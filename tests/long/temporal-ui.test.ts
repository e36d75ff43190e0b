/** Someone opens the Temporal UI and nothing else: what does a workflow that waits for approval tell, and can it be answered there? */
import { existsSync } from 'node:fs';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { ApproveInput } from '../../src/domain/phases';
import { askedAbout } from '../support/asked';
import { eventually } from '../support/eventually';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

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
const MODEL = `sha256:${'a'.repeat(64)}` as const;
/** Skipped by name where there is no browser. */
const withBrowser = existsSync(CHROMIUM) ? describe : describe.skip;

let system: TestSystem;
let browser: BrowserContext;
let worker: { stop(): Promise<void> };

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) return;
  system = await openSystem('browser');
  worker = await system.startWorker();
  browser = await chromium.launchPersistentContext(`${system.folder}/chromium`, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    viewport: { width: 1400, height: 1400 },
  });
  browser.setDefaultTimeout(240_000);
});
afterAll(async () => {
  await browser?.close();
  await system?.close();
});

async function openRequest(project: string): Promise<ApprovalRequest> {
  const request = askedAbout(
    { project, cycle: 1, model: MODEL },
    {
      causes: [{ kind: 'bias', detail: 'window 2001-05-03: mean prediction 0.201, mean truth 0.123' }],
      evidence: ['auc 0.6879 [0.6772, 0.6985]; champion 0.6436 [0.6372, 0.6499]'],
    }
  );
  await raw(system.stores).requests.insertOne(request);
  const input: ApproveInput = { v: 1, project, name: '1', waits: true, searchAttributes: true };
  await system.client.temporal.workflow.start('approve', {
    workflowId: request.workflowId,
    taskQueue: system.taskQueue,
    args: [input],
    staticSummary: `approve ${project}@1?`,
    staticDetails: 'Its current details say how to answer.',
  });
  // The page asks once, as it is opened: a workflow that has not done its first work yet has no details.
  await eventually('the details of the request', async () => {
    const { currentDetails } = await system.client.temporal.workflow
      .getHandle(request.workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return /waits for approval/.test(currentDetails) ? true : undefined;
  });
  return request;
}

/** The text of the page and of every frame in it: the details stand in one. */
async function textOf(page: Page): Promise<string> {
  const texts = await Promise.all(
    page.frames().map((frame) =>
      frame
        .locator('body')
        .innerText()
        .catch(() => '')
    )
  );
  return texts.join('\n');
}

async function untilShown(page: Page, wanted: RegExp): Promise<string> {
  const until = Date.now() + 240_000;
  for (;;) {
    const text = await textOf(page);
    if (wanted.test(text)) return text;
    if (Date.now() > until) throw new Error(`the page never showed ${String(wanted)}:\n${text.slice(0, 3000)}`);
    await page.waitForTimeout(100);
  }
}

async function runIdOf(workflowId: string): Promise<string> {
  return (await system.client.temporal.workflow.getHandle(workflowId).describe()).runId;
}

withBrowser('the Temporal UI', () => {
  test('the page of an approval says who is waited for, what is approved, and how; and the answer can be given there', async () => {
    const request = await openRequest(system.name.slice(0, 40));
    const ui = system.env.MLOPS_TEMPORAL_UI ?? 'http://127.0.0.1:8233';
    const page = await browser.newPage();
    const home = `${ui}/namespaces/default/workflows/${encodeURIComponent(request.workflowId)}/${await runIdOf(request.workflowId)}`;
    await page.goto(`${home}/user-metadata`);
    const text = await untilShown(page, /waits for approval/);
    expect(text).toContain('ana, ben');
    expect(text).toContain(MODEL);
    expect(text).toContain('auc 0.6879');
    expect(text).toContain('Send an Update');
    expect(text).toContain(`mlops decide ${request._id}`);

    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: 'Send an Update' }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByTestId('update-select-button').click();
    await dialog.getByRole('option', { name: /^decide/ }).click();
    const decision = { id: 'in-the-ui', by: 'ana', verdict: 'approve', digest: MODEL };
    await dialog.locator('.cm-content').click();
    await page.keyboard.insertText(JSON.stringify(decision));
    // Leaving the editor lays the JSON out anew, and the button moves: leave it first.
    await dialog.getByTestId('update-id').click();
    await dialog.locator('.cm-line').nth(5).waitFor();
    await dialog.getByRole('button', { name: 'Submit' }).click();

    expect(await system.client.temporal.workflow.getHandle(request.workflowId).result()).toMatchObject({
      state: 'approved',
    });
    const kept = await system.stores.facts.get({ kind: 'decision', id: `${request._id}/ana` });
    expect(kept.body).toMatchObject({ by: 'ana', verdict: 'approve', via: 'update' });
    await page.close();
  });

  test('with no worker up, the list still says who is waited for', async () => {
    const project = `${system.name.slice(0, 38)}-b`;
    const { workflowId } = await openRequest(project);
    // The page shows what the server has when it is opened.
    await eventually('the request waits for its approvers', async () => {
      const { searchAttributes } = await system.client.temporal.workflow.getHandle(workflowId).describe();
      return searchAttributes.MlopsWaitingFor === undefined ? undefined : true;
    });
    await worker.stop();
    const ui = system.env.MLOPS_TEMPORAL_UI ?? 'http://127.0.0.1:8233';
    const page = await browser.newPage();
    await page.goto(
      `${ui}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${await runIdOf(workflowId)}/search-attributes`
    );
    const text = await untilShown(page, /approver:ana/);
    expect(text).toContain('MlopsWaitingFor');
    expect(text).toContain('approver:ben');
    await page.close();
    await system.client.temporal.workflow.getHandle(workflowId).terminate();
  });
});
