/** A version is made once more from its records: to the same bytes, or the command says what isn't as it was. */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reproduceId } from '../../src/domain/ids';
import type { ReproduceInput, ReproduceResult } from '../../src/domain/reproduce';
import { defineProject } from '../../src/project/define-project';
import { packageRoot } from '../../src/runtime/package-root';
import { mlops, mlopsJson } from '../cli/mlops';
import { by, cycleIn, Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker } from '../support/worker-process';

const MODULES = ['machines', 'restless'].map((name) => require.resolve(`../support/registered/${name}`));

let system: TestSystem;
let lifecycles: Lifecycles;
let worker: { stop(): Promise<void> };
let project: string;
let restless: string;

const work = () => system.startWorker({ registered: MODULES });

beforeAll(async () => {
  system = await openSystem('again');
  worker = await work();
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  project = await lifecycles.start(lifecycles.define());
  await lifecycles.request(project, 1);
});
afterAll(async () => {
  if (restless !== undefined) await system.client.stop(restless, by('operator'));
  await lifecycles.end();
  await system.close();
});

const again = (label: string) => mlopsJson<ReproduceResult>(['reproduce', label], system.env);

/** Documents of each collection that a cycle writes, but for the audit. */
async function stored(): Promise<Record<string, number>> {
  const { db } = raw(system.stores);
  const names = ['snapshots', 'labelSets', 'featureSets', 'runs', 'versions', 'artifacts', 'checkpoints', 'cycles'];
  const counts = names.map(async (name) => [name, await db.collection(name).countDocuments()] as const);
  return Object.fromEntries(await Promise.all(counts));
}

test('a version is made again to the same bytes, and nothing is stored', async () => {
  const before = await stored();
  expect(before).toMatchObject({ versions: 1, runs: 1, checkpoints: 0 });
  const { code, stdout, stderr } = await mlops(['reproduce', `${project}@1`, '--json'], system.env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    version: `${project}@1`,
    outcome: 'identical',
    steps: ['label', 'fit', 'train'].map((step) => ({
      step,
      outcome: 'identical',
      changed: [],
      artifacts: [],
      gone: [],
    })),
  });
  expect(await stored()).toEqual(before);
});

test('a worker that is killed in the middle of the training changes nothing of the outcome', async () => {
  await worker.stop();
  const before = await stored();
  const doomed = spawnWorker(system, { crashAt: 'train:mid-epoch#3', register: MODULES });
  await doomed.ready;
  const handle = await system.client.temporal.workflow.start<(input: ReproduceInput) => Promise<ReproduceResult>>(
    'reproduce',
    {
      workflowId: reproduceId(project, 1, randomUUID()),
      taskQueue: system.taskQueue,
      args: [{ v: 1, project, version: 1 }],
    }
  );
  expect(await doomed.ended).toBe('SIGKILL');
  worker = await work();
  const { outcome, steps } = await handle.result();
  expect([outcome, ...steps.map(({ step }) => step)]).toEqual(['identical', 'label', 'fit', 'train']);
  expect(await stored()).toEqual(before);
});

test('other code and another machine are named beside an outcome that they did not change', async () => {
  const runs = raw(system.stores).facts('run');
  const run = (await runs.findOne({}))!;
  const { node } = run.step!.environment!;
  await runs.updateOne(
    { _id: run._id },
    { $set: { 'step.version': 'sha256:older', 'step.environment.node': 'v18.0.0' } }
  );
  const { outcome, steps } = await again(`${project}@1`);
  await runs.replaceOne({ _id: run._id }, run);
  expect(outcome).toBe('identical');
  expect(steps.map(({ changed }) => changed)).toEqual([
    [],
    [],
    [
      { what: 'code', recorded: 'sha256:older', now: run.step!.version },
      { what: 'node', recorded: 'v18.0.0', now: node },
    ],
  ]);
});

test('a trainer that makes other bytes each time is found, and the audit keeps it', async () => {
  restless = `${project}-restless`;
  const definition = defineProject({
    name: restless,
    source: {
      reader: { registered: 'sensors' },
      columns: { at: 'timestamp', celsius: 'number', seconds_to_know: 'integer' },
      eventTime: 'at',
      knownAt: { eventTimePlus: { minutes: 1 } },
    },
    label: { name: 'fails', labeler: { registered: 'hot', params: { above: 35 } } },
    features: [{ transform: 'standardize', column: 'celsius' }],
    model: { trainer: { registered: 'restless' } },
    split: { minTrainRows: 100, minTestRows: 100 },
    approval: { approvers: ['ana'] },
  });
  await system.client.start({ definition, asOf: '2026-02-19T00:00:00Z', by: 'cem' });
  await cycleIn(system, { project: restless, number: 1, state: 'waiting' });
  const { code, stdout, stderr } = await mlops(['reproduce', `${restless}@1`], system.env);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `mlops: ${restless}@1 was not reproduced: train made other bytes\n`,
  });
  expect(stdout).toMatch(/^label +identical/m);
  expect(stdout).toMatch(/^train +differs/m);
  expect(stdout).toMatch(/^model +sha256:[0-9a-f]{64} +sha256:[0-9a-f]{64}$/m);
  const run = (await raw(system.stores).facts('version').findOne({ 'body.project': restless }))!.body.run;
  const found = await raw(system.stores)
    .db.collection('audit')
    .countDocuments({ what: 'MLOPS_STEP_NOT_REPRODUCIBLE', 'detail.key': run.id, 'detail.kept': run.digest });
  expect(found).toBe(1);
});

test('the program of docs/reproducing.md says the outcome', async () => {
  const [, program = ''] =
    /```ts\n(.*?)```/s.exec(readFileSync(join(packageRoot(), 'docs', 'reproducing.md'), 'utf8')) ?? [];
  const file = join(packageRoot(), '.stack', `reproducing-${process.pid}.ts`);
  writeFileSync(file, program.replace('temporal-mlops/client', join(packageRoot(), 'src', 'client')));
  const [before, log] = [{ ...process.env }, jest.spyOn(console, 'log').mockImplementation()];
  Object.assign(process.env, system.env);
  try {
    const { main } = require(file) as { main: (project: string) => Promise<void> };
    await main(project);
    expect(log.mock.calls.map(([line]) => String(line).replace(/, [0-9.]+ s$/, ''))).toEqual([
      `${project}@1: identical`,
      'label: identical',
      'fit: identical',
      'train: identical',
    ]);
  } finally {
    process.env = before;
    log.mockRestore();
    rmSync(file);
  }
});

test('bytes that are gone are named, and no step that reads them runs', async () => {
  const { body } = (await raw(system.stores).facts('version').findOne({ 'body.project': project }))!;
  const labels = await system.stores.facts.get(body.labelSet);
  const [{ name, digest }] = labels.artifacts as [(typeof labels.artifacts)[number]];
  await system.stores.artifacts.remove(digest);
  const { code, stdout, stderr } = await mlops(['reproduce', `${project}@1`, '--json'], system.env);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `mlops: ${project}@1 can't be reproduced: bytes that train reads are gone\n`,
  });
  const { outcome, steps } = JSON.parse(stdout) as ReproduceResult;
  expect(outcome).toBe('gone');
  expect(steps.at(-1)).toMatchObject({ step: 'train', gone: [{ record: `labelSet/${labels._id}`, name, digest }] });
});

test('only a workflow of the project has its steps run again', async () => {
  const { temporal } = system.client;
  const alone = (given: unknown) =>
    temporal.activity.execute('mlopsReproduceStep', {
      id: randomUUID(),
      taskQueue: system.taskQueue,
      args: [given],
      scheduleToCloseTimeout: '4 minutes',
      retry: { maximumAttempts: 1 },
    });
  const refused = { cause: { type: 'MLOPS_NOT_AUTHORIZED' } };
  await expect(alone({ project, version: 1, step: 'label' })).rejects.toMatchObject(refused);
  await expect(alone({ project: { $ne: '' }, version: 1, step: 'label' })).rejects.toMatchObject(refused);
  const other = temporal.workflow.execute<(input: ReproduceInput) => Promise<ReproduceResult>>('reproduce', {
    workflowId: reproduceId('somebody-elses', 1, randomUUID()),
    taskQueue: system.taskQueue,
    args: [{ v: 1, project, version: 1 }],
  });
  await expect(other).rejects.toMatchObject({ cause: { cause: { type: 'MLOPS_NOT_AUTHORIZED' } } });
});

test('a version that is not on record is refused', async () => {
  const { code, stderr } = await mlops(['reproduce', `${project}@7`], system.env);
  expect(code).toBe(1);
  expect(stderr).toContain('MLOPS_NOT_FOUND');
});
