/**
 * A study as the training of a cycle: its trials are chosen, trained and judged on validation rows, and the best one is the cycle's
 * version. A worker that dies in it costs no finished trial, and changes nothing of what is chosen. A story: each test goes on from the
 * one before.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelDefinition, ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, phaseId, reproduceId, studyWorkflowId } from '../../src/domain/ids';
import type { Fact } from '../../src/domain/records';
import { bestOf } from '../../src/domain/study/trial';
import { defineProject, type ProjectInput } from '../../src/project/define-project';
import type { ReproduceInput, ReproduceResult } from '../../src/domain/reproduce';
import { mlopsJson } from '../cli/mlops';
import { eventually } from '../support/eventually';
import { by, Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

const UNABLE = require.resolve('../support/registered/unable');
const TRIALS = 18;
const model: ModelDefinition = {
  study: {
    // A third of the first ones can't train.
    of: {
      oneOf: [
        { trees: { rounds: { int: [5, 20] }, depth: { int: [2, 4] }, learningRate: { log: [0.05, 0.5] } } },
        { network: { hidden: [{ int: [4, 16] }], epochs: 4, batch: 256, learningRate: { log: [0.0001, 0.1] } } },
        { trainer: { registered: 'unable' } },
      ],
    },
    trials: TRIALS,
    parallelism: 2,
    sampler: 'tpe',
    seed: 4,
    rungs: { first: 1, eta: 2 },
  },
};
const changes: Partial<ProjectDefinition> = {
  model,
  features: [
    { transform: 'datePart', column: 'date', part: 'hour' },
    { transform: 'impute', column: 'distance', with: 'median' },
  ],
  split: { by: 'time', testPeriods: 1, validationPeriods: 2, minTrainRows: 100, minTestRows: 50 },
};

let system: TestSystem;
let lifecycles: Lifecycles;
let file: string;
let definition: ProjectDefinition;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  system = await openSystem('study');
  file = await writeSmallFlights(system.folder, 200);
  lifecycles = new Lifecycles(system, file);
});
afterAll(async () => {
  await lifecycles.end();
  for (const worker of workers) await worker.kill();
  await system.close();
});

const trialsIn = ({ stores }: TestSystem): Promise<Fact<'trial'>[]> =>
  raw(stores).facts('trial').find().sort({ 'body.number': 1 }).toArray() as Promise<Fact<'trial'>[]>;

/** What a trial came to, without the ids of the project and of the attempt. */
const cameTo = ({ body }: Fact<'trial'>) => [
  body.number,
  body.choices,
  body.loss,
  body.run?.digest,
  body.failure?.code,
];

function work(crashAt?: string): WorkerProcess {
  const worker = spawnWorker(system, { register: [UNABLE], ...(crashAt === undefined ? {} : { crashAt }) });
  workers.push(worker);
  return worker;
}

/** With the defaults of each model that a study may choose. */
const complete = (given: ProjectDefinition): ProjectDefinition => defineProject(given as ProjectInput);

let before: Fact<'trial'>[];

test('killed while trials run, at rungs, before and after they are recorded, it goes on with those that had not ended', async () => {
  const first = work('trial:rung-judged#2');
  await first.ready;
  definition = complete(lifecycles.define(changes));
  await lifecycles.start(definition, MARCH);
  expect(await first.ended).toBe('SIGKILL');
  expect(await work('trial:judged#2').ended).toBe('SIGKILL');
  expect(await work('trial:recorded#3').ended).toBe('SIGKILL');
  before = await trialsIn(system);
  // Three by the last of them, and what the others had time for.
  expect(before.length).toBeGreaterThanOrEqual(3);
  expect(before.length).toBeLessThan(TRIALS);
  await work().ready;
  await lifecycles.request(definition.name, 1);
  const after = await trialsIn(system);
  expect(after).toHaveLength(TRIALS);
  // To the moment and the process that made them; a later one may have ended before an earlier one was cut off.
  const kept = new Set(before.map(({ _id }) => _id));
  expect(after.filter(({ _id }) => kept.has(_id))).toEqual(before);
});

test('each trial was asked for once, and the version is of the run with the least loss on validation rows', async () => {
  const events = (await lifecycles.handle(studyWorkflowId(definition.name, 1)).fetchHistory()).events ?? [];
  const asked = events.filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'mlopsTrial'
  );
  expect(asked).toHaveLength(TRIALS);
  const trials = await trialsIn(system);
  const best = bestOf(
    trials.map(({ body }) => body),
    'study'
  );
  const { refs } = (await raw(system.stores).cycles.findOne({ _id: `${definition.name}/1` }))!;
  expect(refs.run).toEqual(best.run);
  const { body } = await system.stores.facts.get({ kind: 'run', id: refs.run!.id });
  expect(body.split).toMatchObject({ by: 'time', validation: { from: expect.any(String) as unknown } });
  const shown = await mlopsJson(['study', definition.name], system.env);
  expect(shown).toMatchObject({
    of: TRIALS,
    ended: 'trials',
    best: { number: best.number, run: refs.run! },
    trials: { length: TRIALS },
  });
  const { study } = trials[0]!.body;
  expect(await mlopsJson(['show', `winner/${study}`], system.env)).toMatchObject({ body: { number: best.number } });
  expect(await mlopsJson(['show', `trial/${trials[0]!._id}`], system.env)).toMatchObject({ body: { number: 1 } });
  const page = join(system.folder, 'study.html');
  const written = await mlopsJson(['report', study, '--out', page], system.env);
  expect(written).toMatchObject({ file: page, study, trials: TRIALS });
  const html = await readFile(page, 'utf8');
  expect(html).toContain(`The best of ${TRIALS} is trial ${best.number}, loss `);
  expect(html).toContain(refs.run!.id);
  for (const id of ['progress', 'parameter-importance', 'rungs']) expect(html).toContain(`chart-${id}`);
  expect(trials.some(({ body: each }) => each.stopped)).toBe(true);
  const unable = trials.filter(({ body: each }) => each.failure !== undefined);
  expect(unable.length).toBeGreaterThan(0);
  for (const { body: each } of unable) {
    expect(each.failure).toMatchObject({ code: 'MLOPS_USER_CODE_FAILED' });
    expect(each.failure!.reason).toContain('unable to train');
    expect(each.model).toEqual({ trainer: { registered: 'unable', params: {} } });
  }
});

test('a study that nothing disturbed chooses and finds the same, to the bit', async () => {
  const other = await openSystem('study-again');
  const others = new Lifecycles(other, file);
  try {
    await other.startWorker({ dataFolder: system.folder, registered: [UNABLE] });
    const again = complete(others.define(changes));
    await others.start(again, MARCH);
    await others.request(again.name, 1);
    expect((await trialsIn(other)).map(cameTo)).toEqual((await trialsIn(system)).map(cameTo));
  } finally {
    await others.end();
    await other.close();
  }
});

test('the version is made again to the same bytes, by the model that its run names', async () => {
  const { outcome } = await system.client.temporal.workflow.execute<
    (input: ReproduceInput) => Promise<ReproduceResult>
  >('reproduce', {
    workflowId: reproduceId(definition.name, 1, 'test'),
    taskQueue: system.taskQueue,
    args: [{ v: 1, project: definition.name, version: 1 }],
  });
  expect(outcome).toBe('identical');
});

test('a person stops it, and the best of the trials that were run is the version', async () => {
  const of = { trees: { rounds: { int: [5, 20] }, depth: { int: [2, 4] } } };
  const study = { of, trials: 1000, parallelism: 2, sampler: 'random', seed: 3 } as const;
  const long = complete(lifecycles.define({ ...changes, model: { study } }));
  await lifecycles.start(long, MARCH);
  const run = () =>
    raw(system.stores)
      .facts('trial')
      .countDocuments({ _id: new RegExp(`^${long.name}/`) as never });
  await eventually('two trials have ended', async () => ((await run()) >= 2 ? true : undefined));
  expect(await mlopsJson(['study', long.name, '--stop', '--by', 'dan'], system.env)).toMatchObject({
    outcome: 'accepted',
    workflowId: studyWorkflowId(long.name, 1),
  });
  await lifecycles.request(long.name, 1);
  const [winner] = await raw(system.stores)
    .facts('winner')
    .find({ 'body.project': long.name } as never)
    .toArray();
  expect(winner!.body).toMatchObject({ ended: 'stopped', trials: await run() });
  const page = join(system.folder, 'stopped.html');
  await mlopsJson(['report', winner!._id, '--out', page], system.env);
  expect(await readFile(page, 'utf8')).toContain('a person stopped it');
  const { refs } = (await raw(system.stores).cycles.findOne({ _id: `${long.name}/1` }))!;
  expect(refs.run).toEqual(winner!.body.run);
  const stopped = (await system.stores.audit.list(long.name)).filter(({ what }) => what === 'study stopped');
  expect(stopped).toMatchObject([{ by: 'dan', detail: { answer: { outcome: 'accepted' } } }]);
});

test('where every trial fails the training does, with what to change, and waits; a retry tries each again', async () => {
  const of = { trainer: { registered: 'unable', params: { more: { int: [1, 9] } } } };
  const study = { of, trials: 3, parallelism: 2, sampler: 'random', seed: 1 } as const;
  const hopeless = complete(lifecycles.define({ ...changes, model: { study } }));
  await lifecycles.start(hopeless, MARCH);
  const { failure, revision } = await lifecycles.cycle(hopeless.name, 1, 'failed');
  expect(failure).toMatch(/MLOPS_STUDY_FAILED.*unable to train.*Change the spaces of model\.study\.of/s);
  const tried = await raw(system.stores).facts('trial').countDocuments();
  await system.client.retry(hopeless.name, by('dan'));
  await lifecycles.cycle(hopeless.name, 1, 'failed', revision);
  expect(await raw(system.stores).facts('trial').countDocuments()).toBe(tried + 3);
  const { status } = await lifecycles.handle(phaseId(hopeless.name, 1, 'train')).describe();
  expect(status.name).toBe('FAILED');
  await system.client.stop(hopeless.name, by('dan'));
  await lifecycles.handle(lifecycleId(hopeless.name)).result();
});
