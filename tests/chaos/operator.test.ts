/** A phase that fails for good waits for the operator, who fixes the cause and goes on from there, or ends the cycle. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import type { CycleDocument } from '../../src/domain/records';
import { eventually } from '../support/eventually';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { raw } from '../support/raw-records';

let system: TestSystem;
let project: string;
let definition: ProjectDefinition;
let worker: WorkerProcess;

beforeAll(async () => {
  system = await openSystem('operator');
  project = system.name.slice(0, 40);
  definition = smallProject(project, await writeSmallFlights(system.folder), {
    label: { name: 'late', version: 1, labeler: { registered: 'late', params: { minutes: 15 } } },
  });
  worker = spawnWorker(system, { register: [await labeler('1', "throw new Error('no column arrival_delay')")] });
  await worker.ready;
});
afterAll(async () => {
  await system.client.stop(project, { id: 'stop', by: 'operator' }).catch(() => undefined);
  await worker.kill();
  await system.close();
});

/** A module of registered code, as a user writes one. */
async function labeler(version: string, body: string): Promise<string> {
  const file = join(system.folder, `labelers-${version}.ts`);
  const code = `label(rows, params) { ${body} }`;
  await writeFile(file, `export default { labelers: { late: { version: '${version}', ${code} } } };\n`);
  return file;
}

/** Another release of the user's worker takes over. */
async function release(version: string, body: string): Promise<void> {
  await worker.stop();
  worker = spawnWorker(system, { register: [await labeler(version, body)] });
  await worker.ready;
}

const FIXED = 'return rows.map((row) => (row.delay === null ? null : row.delay > params.minutes ? 1 : 0));';

const cycle = (number: number, state: CycleDocument['state']) =>
  eventually(
    `cycle ${number} is ${state}`,
    async () => (await raw(system.stores).cycles.findOne({ _id: `${project}/${number}`, state })) ?? undefined
  );
const lifecycle = () => system.client.temporal.workflow.getHandle(lifecycleId(project));
/** The lifecycle's, from Temporal's visibility: it is there with no worker up. */
const waitingFor = async () => {
  const description = await lifecycle().describe();
  return description.searchAttributes.MlopsWaitingFor;
};

test('a labeler that throws fails its phase at once, and the lifecycle waits for the operator', async () => {
  const started = await system.client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem' });
  expect(started).toMatchObject({ outcome: 'accepted' });
  expect(await cycle(1, 'failed')).toMatchObject({
    phase: 'label',
    failure: expect.stringContaining('The labeler failed: no column arrival_delay') as unknown,
  });
  expect(await waitingFor()).toEqual(['operator']);
  expect(await system.client.status(project)).toMatchObject({ phase: 'label', waitingFor: ['operator'], cycle: 1 });
  expect((await lifecycle().describe()).status.name).toBe('RUNNING');
});

test('its details in the Temporal UI say what failed, where, and how to go on', async () => {
  const { currentDetails } = await lifecycle().query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('label of cycle 1 failed');
  expect(currentDetails).toContain('MLOPS_USER_CODE_FAILED');
  expect(currentDetails).toContain('no column arrival_delay');
  expect(currentDetails).toContain('Fix it, give it a new version, start the worker again, and retry.');
  for (const way of [`mlops retry ${project}`, `mlops skip ${project}`, 'Send an Update'])
    expect(currentDetails).toContain(way);
});

test('retried before it was fixed, it fails again and still waits', async () => {
  const { revision } = await cycle(1, 'failed');
  expect(await system.client.retry(project, { id: 'too-early', by: 'cem' })).toMatchObject({ outcome: 'accepted' });
  const again = { _id: `${project}/1`, state: 'failed', revision: { $gt: revision } } as const;
  await eventually('label has failed again', async () => (await raw(system.stores).cycles.findOne(again)) ?? undefined);
  expect(await waitingFor()).toEqual(['operator']);
});

test('fixed without a new version, the code is refused', async () => {
  await release('1', FIXED);
  const { revision } = await cycle(1, 'failed');
  expect(await system.client.retry(project, { id: 'same-version', by: 'cem' })).toMatchObject({ outcome: 'accepted' });
  const refused = { _id: `${project}/1`, state: 'failed', revision: { $gt: revision }, failure: /MLOPS_CODE_CHANGED/ };
  await eventually(
    'label is refused',
    async () => (await raw(system.stores).cycles.findOne(refused as never)) ?? undefined
  );
});

test('retry after the fix goes on from there, with the new version, and what was finished is reused', async () => {
  const ingested = await system.client.temporal.workflow.getHandle(phaseId(project, 1, 'ingest')).describe();
  await release('2', FIXED);
  expect(await system.client.retry(project, { id: 'fixed', by: 'cem' })).toMatchObject({ outcome: 'accepted' });
  const { refs } = await cycle(1, 'waiting');
  const labels = await system.stores.facts.get({ kind: 'labelSet', id: refs.labelSet!.id });
  expect(labels.step?.version).toMatch(/^registered 2 /);
  expect(labels.body.counts['1']).toBeGreaterThan(500);
  expect(await raw(system.stores).facts('labelSet').countDocuments()).toBe(1);
  const now = await system.client.temporal.workflow.getHandle(phaseId(project, 1, 'ingest')).describe();
  expect(now.runId).toBe(ingested.runId);
  expect((await system.client.status(project)).failure).toBeUndefined();
});

test('skip ends a cycle whose phase fails, and the lifecycle goes on with the next trigger', async () => {
  const { subject } = (await eventually(
    'the request is open',
    async () => (await raw(system.stores).requests.findOne({ _id: `${project}/1` })) ?? undefined
  ))!;
  await system.client.decide(`${project}/1`, {
    id: 'no',
    by: 'ana',
    verdict: 'reject',
    digest: decidedDigest(subject),
  });
  expect(await cycle(1, 'finished')).toMatchObject({ outcome: 'rejected' });

  await release('3', 'return [];');
  await system.client.retrain(project, { id: 'two', by: 'cem', asOf: '2001-02-08T00:00:00Z' });
  const failed = await cycle(2, 'failed');
  expect(failed).toMatchObject({ phase: 'label', failure: expect.stringContaining('MLOPS_LABEL_INVALID') as unknown });
  expect(await system.client.skip(project, { id: 'skip', by: 'cem' })).toMatchObject({ outcome: 'accepted' });
  expect(await cycle(2, 'finished')).toMatchObject({ outcome: 'skipped' });

  await release('4', FIXED);
  await system.client.retrain(project, { id: 'three', by: 'cem', asOf: '2001-02-08T00:00:00Z' });
  expect(await cycle(3, 'waiting')).toMatchObject({ phase: 'approve' });
});

test('with nothing failed, retry and skip are refused with the reason', async () => {
  for (const refused of [
    await system.client.retry(project, { id: 'retry-nothing', by: 'cem' }),
    await system.client.skip(project, { id: 'skip-nothing', by: 'cem' }),
  ])
    expect(refused).toEqual({ outcome: 'refused', reason: 'no phase has failed' });
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});
