/** Trials as activities on the real stores: what each depends on, which rows it reads, what is recorded and what runs again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps, JobName } from '../../src/activities/deps';
import { ingestActivities } from '../../src/activities/ingest';
import { labelActivities } from '../../src/activities/label';
import { studyActivities } from '../../src/activities/study';
import { decideStudy, type Ended, type Study, studyIdOf, winnerOf } from '../../src/activities/study-records';
import { trainWhole } from '../../src/activities/study-training';
import { stepKey } from '../../src/activities/step/step';
import { trainActivities, trainStep } from '../../src/activities/train';
import type { StudySpec } from '../../src/domain/definition';
import { MlopsError } from '../../src/domain/errors';
import { foldsOf } from '../../src/domain/folds';
import { trialId } from '../../src/domain/ids';
import type { Fact } from '../../src/domain/records';
import type { Ref } from '../../src/domain/refs';
import type { Trial } from '../../src/domain/study/trial';
import { type Part, partOf, type RowFilter, splitAt } from '../../src/domain/split';
import { fitJob } from '../../src/engines/features/fit-job';
import { validateJob } from '../../src/engines/study/validate-job';
import { ingest } from '../../src/engines/tables/ingest';
import { label } from '../../src/engines/tables/label';
import { trainJob } from '../../src/engines/train/train-job';
import { treesJob } from '../../src/engines/trees/trees-job';
import { defineProject } from '../../src/project/define-project';
import { digestOf } from '../../src/runtime/digest';
import { changeCycle, openCycle } from '../../src/stores/cycles';
import { type OwnStores, openOwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';

type AnyJob = (input: never, context: never) => Promise<unknown>;
interface GivenRows {
  readonly where?: RowFilter;
  readonly validation?: { readonly where?: RowFilter };
  readonly calibrationRows?: { readonly where?: RowFilter };
  readonly epochs?: number;
  readonly resume?: string;
}
interface Ran {
  readonly job: JobName;
  readonly where: readonly (RowFilter | undefined)[];
}

const ASOF = '2024-03-01T00:00:00Z';
const PARALLELISM = 3;

let system: OwnStores;
let deps: ActivityDeps;
/** Jobs in the order in which they ran, with the rows that they were given. */
const ran: Ran[] = [];
/** Networks in the order in which they were trained: up to which epoch, from an earlier state or from the beginning. */
const networks: (readonly [epochs: number | undefined, from: 'state' | 'beginning'])[] = [];
const jobs: Partial<Record<JobName, AnyJob>> = {};

beforeAll(async () => {
  system = await openOwnStores('study');
  deps = {
    ...system.deps,
    runJob: (async (job: JobName, input: never, { folder }: { readonly folder: string }) => {
      const { where, validation, epochs, resume } = input as GivenRows;
      ran.push({ job, where: [where, validation?.where] });
      if (job === 'train') networks.push([epochs, resume === undefined ? 'beginning' : 'state']);
      return jobs[job]!(input, { folder, progress: () => undefined, checkpoint: () => undefined } as never);
    }) as never,
  };
  const rows = Array.from({ length: 600 }, (_, id) => {
    const celsius = 20 + ((id * 37) % 60);
    return `${id},${celsius},${(id * 13) % 50},${celsius > 55 !== (id % 7 === 0) ? 1 : 0}`;
  });
  await writeFile(join(system.folder, 'machines.csv'), `id,celsius,hours,failed\n${rows.join('\n')}\n`);
});
beforeEach(() => {
  ran.splice(0);
  networks.splice(0);
  Object.assign(jobs, { ingest, label, fit: fitJob, trainTrees: treesJob, validate: validateJob, train: diverges });
});
afterAll(() => system.close());

/** In place of a network that does. */
const diverges: AnyJob = () =>
  Promise.reject(new MlopsError('MLOPS_TRAINING_DIVERGED', 'The loss is not finite.', { epoch: 1 }, 'Lower it.'));

const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

const MIXED = {
  oneOf: [
    { trees: { rounds: { int: [2, 8] }, depth: { int: [1, 3] }, learningRate: { log: [0.05, 0.5] } } },
    { trees: { rounds: 5, l2: { float: [0, 5] } } },
    { trees: { rounds: 4, depth: 2 } },
    { network: { learningRate: { log: [0.001, 0.1] } } },
  ],
};

/** @param seed of the split: another one finds nothing that was made with the rows of this one */
function projectOf(name: string, study: Partial<StudySpec>, seed = 1, split: object = { validation: 0.2 }) {
  return defineProject({
    name,
    source: {
      name: 'machines',
      reader: { file: { path: 'machines.csv' } },
      columns: { id: 'integer', celsius: 'number', hours: 'number', failed: 'integer' },
      key: ['id'],
    },
    label: { name: 'fails', labeler: { rule: { column: 'failed', op: '=', value: 1 } } },
    features: [
      { transform: 'impute', column: 'celsius' },
      { transform: 'impute', column: 'hours' },
    ],
    model: { study: { of: MIXED, trials: 20, parallelism: PARALLELISM, ...study } },
    split: { by: 'hash', test: 0.2, seed, minTrainRows: 50, minTestRows: 20, ...split },
    approval: { approvers: ['ana'] },
  });
}

async function studyOf(name: string, spec: Partial<StudySpec> = {}, seed = 1, split?: object): Promise<Study> {
  const { definition } = await registeredDefinition(system.stores, projectOf(name, spec, seed, split));
  const ingesting = ingestActivities(deps);
  const observation = await run(() => ingesting.mlopsObserve({ definition, asOf: ASOF }));
  const snapshot = await run(() => ingesting.mlopsIngest({ definition, observation }));
  const labelSet = await run(() => labelActivities(deps).mlopsLabel({ definition, snapshot }));
  const cycle = { project: name, cycle: 1, definition, asOf: ASOF } as const;
  await openCycle(system.stores, { ...cycle, causes: [], triggers: [], appliedBy: 'ana' });
  return { ...cycle, snapshot, labelSet, attempt: 'first' };
}

const trial = (study: Study, number: number): Promise<Trial> =>
  run(() => studyActivities(deps).mlopsTrial({ ...study, number }));
const decide = (study: Study, ended: Ended) =>
  run(() => decideStudy(system.stores, study, ended, (model) => trainWhole(deps, study, model)));
const winner = async (study: Study, trials: number) => (await decide(study, { trials, ended: 'trials' })).body;
const recorded = (study: Study) =>
  raw(system.stores)
    .facts('trial')
    .find({ 'body.study': studyIdOf(study) } as never)
    .sort({ 'body.number': 1 })
    .toArray();

async function inOrder(study: Study, numbers: readonly number[]): Promise<Trial[]> {
  const ended: Trial[] = [];
  for (const number of numbers) ended.push(await trial(study, number));
  return ended.toSorted((a, b) => a.number - b.number);
}

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

test('whatever ends first, the same is chosen, and found: a trial sees those up to its number − parallelism alone', async () => {
  const study = await studyOf('orders');
  const first = await inOrder(study, upTo(20));
  // Each window from its end; the trials of another attempt, so that nothing of the first is seen.
  const backwards = [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10, 15, 14, 13, 18, 17, 16, 20, 19];
  expect(await inOrder({ ...study, attempt: 'second' }, backwards)).toEqual(first);
  const failed = first.filter(({ failure }) => failure !== undefined);
  expect(failed.length).toBeGreaterThan(0);
  // So many have a loss that the last ones are chosen by what the others came to.
  expect(first.slice(0, 16).filter(({ loss }) => loss !== undefined).length).toBeGreaterThanOrEqual(10);
  const best = Math.min(...first.flatMap(({ loss }) => loss ?? []));
  const { number, loss, run: chosen } = await winner(study, 20);
  expect([number, loss]).toEqual([first.find((each) => each.loss === best)!.number, best]);
  const { body } = (await recorded(study)).find((each) => each.body.number === number)!;
  expect(chosen).toEqual(body.run);
});

test('no test row is read: training rows fit and train, validation rows stop trees and give the loss', async () => {
  const study = await studyOf('parts', { of: MIXED.oneOf[0], trials: 2 }, 2);
  ran.splice(0);
  await inOrder(study, [1, 2]);
  const split = splitAt(projectOf('parts', {}, 2), ASOF);
  const part = (name: Part) => partOf(split, name);
  const wanted: Ran[] = [
    { job: 'fit', where: [part('train'), undefined] },
    { job: 'trainTrees', where: [part('train'), part('validation')] },
    { job: 'validate', where: [part('validation'), undefined] },
    { job: 'trainTrees', where: [part('train'), part('validation')] },
    { job: 'validate', where: [part('validation'), undefined] },
  ];
  expect(ran).toEqual(wanted);
});

test('a trial that is asked for before those that it must see have ended is refused', async () => {
  const study = await studyOf('early', { seed: 2 });
  await trial(study, 2);
  await expect(trial(study, 4)).rejects.toThrow(/^MLOPS_RECORD_MISSING: .*trial=1/);
  await expect(winner(study, 2)).rejects.toThrow(/^MLOPS_RECORD_MISSING: .*trial=1/);
  for (const number of [0, 10_001, 1.5]) await expect(trial(study, number)).rejects.toThrow(/^MLOPS_RECORD_MISSING/);
  expect(await recorded(study)).toHaveLength(1);
});

test('what a study chose, and of how many trials, is on record once: a later trial changes nothing of it', async () => {
  const study = await studyOf('decided', { of: MIXED.oneOf[0], seed: 12 });
  await expect(winnerOf(system.stores, study)).rejects.toThrow(/^MLOPS_RECORD_MISSING: The study has not ended/);
  const trials = await inOrder(study, upTo(3));
  const stopped = await decide(study, { trials: 2, ended: 'stopped' });
  const best = trials[0]!.loss! <= trials[1]!.loss! ? 1 : 2;
  expect(stopped.body).toMatchObject({ project: 'decided', trials: 2, ended: 'stopped', number: best });
  expect(stopped.inputs).toContainEqual(
    expect.objectContaining({ kind: 'trial', id: trialId(studyIdOf(study), best) })
  );
  expect((await decide(study, { trials: 3, ended: 'trials' })).body).toEqual(stopped.body);
  expect(await winnerOf(system.stores, study)).toEqual(stopped.body);
});

test('a trial of a cycle that nobody opened, that has ended, or that goes by something else, is refused', async () => {
  const study = await studyOf('closed', { seed: 8 });
  const other = (await studyOf('another', { seed: 8 })).definition;
  for (const change of [{ cycle: 2 }, { definition: other }, { asOf: '2024-04-01T00:00:00Z' }, { project: 'orders' }])
    await expect(trial({ ...study, ...change }, 1)).rejects.toThrow(/^MLOPS_NOT_AUTHORIZED/);
  await changeCycle(
    system.stores,
    { project: 'closed', cycle: 1, order: 1 },
    { state: 'finished', outcome: 'skipped' }
  );
  await expect(trial(study, 1)).rejects.toThrow(/^MLOPS_NOT_AUTHORIZED/);
  expect(await recorded(study)).toEqual([]);
});

test('an attempt that ends between training and the record trains nothing again', async () => {
  const study = await studyOf('cut', { of: MIXED.oneOf[0], seed: 3 });
  jobs.validate = () => Promise.reject(new MlopsError('MLOPS_COMPUTE_CRASHED', 'It ended.', { how: 'SIGTERM' }, ''));
  await expect(trial(study, 1)).rejects.toThrow(/^MLOPS_COMPUTE_CRASHED/);
  expect(await recorded(study)).toEqual([]);
  jobs.validate = validateJob as AnyJob;
  ran.splice(0);
  expect(await trial(study, 1)).toMatchObject({ number: 1, loss: expect.any(Number) as unknown });
  expect(ran.map(({ job }) => job)).toEqual(['validate']);
});

test('a trial on record runs nothing, and two attempts at once are one trial', async () => {
  const study = await studyOf('twice', { of: MIXED.oneOf[0], seed: 4 });
  const [one, other] = await Promise.all([trial(study, 1), trial(study, 1)]);
  expect(one).toEqual(other);
  ran.splice(0);
  expect(await trial(study, 1)).toEqual(one);
  expect(ran).toEqual([]);
  expect((await recorded(study)).map(({ _id }) => _id)).toEqual([trialId(studyIdOf(study), 1)]);
});

test('a failure that another choice may avoid is the trial’s, with its reason, and not run again by this attempt', async () => {
  const study = await studyOf('diverged', { of: { network: { batch: { int: [8, 64] } } }, trials: 2, seed: 5 });
  const [first] = await inOrder(study, [1, 2]);
  expect(first).toMatchObject({
    failure: { code: 'MLOPS_TRAINING_DIVERGED', reason: expect.stringContaining('epoch=1') as unknown },
  });
  ran.splice(0);
  expect(await trial(study, 1)).toEqual(first);
  expect(ran).toEqual([]);
  await expect(winner(study, 2)).rejects.toThrow(
    /^MLOPS_STUDY_FAILED: All trials of the study failed\..*trials=2, failures=MLOPS_TRAINING_DIVERGED: 2\] Change the spaces/
  );
  await trial({ ...study, attempt: 'second' }, 1);
  expect(ran.map(({ job }) => job)).toEqual(['train']);
});

const RUNGS: Partial<StudySpec> = {
  of: { network: { hidden: [4], batch: 64, epochs: 9, learningRate: { log: [0.001, 0.5] } } },
  rungs: { first: 1, eta: 3 },
  trials: 12,
};

test('a trial goes by rungs, each from where the one before ended, and is compared with named earlier trials', async () => {
  jobs.train = trainJob as AnyJob;
  const study = await studyOf('rungs', RUNGS, 9);
  const first = await inOrder(study, upTo(12));
  expect(networks.slice(0, 3)).toEqual([
    [1, 'beginning'],
    [3, 'state'],
    [undefined, 'state'],
  ]);
  const [one, ...others] = first;
  expect(one).toMatchObject({ rungs: [{ epochs: 1 }, { epochs: 3 }], loss: expect.any(Number) as unknown });
  expect(one!.stopped).toBeUndefined();
  const stopped = others.filter((each) => each.stopped);
  expect(stopped.length).toBeGreaterThan(0);
  expect(stopped.length).toBeLessThan(others.length);
  for (const { rungs, loss } of stopped) expect(loss).toBe(rungs!.at(-1)!.loss);
  const backwards = [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10];
  networks.splice(0);
  expect(await inOrder({ ...study, attempt: 'second' }, backwards)).toEqual(first);
  // Whichever trial asks for it: what was trained is found.
  expect(networks).toEqual([]);
});

test('the states of rungs are artifacts of what the trial was made of, and the winner is the run of its model as a whole', async () => {
  jobs.train = trainJob as AnyJob;
  const study = await studyOf('states', { ...RUNGS, trials: 4 }, 10);
  await inOrder(study, upTo(4));
  for (const { inputs, body } of await recorded(study)) {
    const runs = inputs.filter(({ kind }) => kind === 'run');
    expect(runs.length).toBe(body.rungs!.length + (body.stopped ? 0 : 1));
    for (const [at, ref] of runs.entries()) {
      const made = await system.stores.facts.get(ref as Ref<'run'>);
      expect(made.artifacts.some(({ name }) => name === 'state')).toBe(at < body.rungs!.length);
    }
  }
  const { number, run: chosen, features } = await winner(study, 4);
  const { model } = (await recorded(study)).find(({ body }) => body.number === number)!.body;
  const { request } = await trainStep(deps, { ...study, features }, { model });
  expect(chosen.id).toBe(stepKey(request));
});

function crashAtSecondJudging(): void {
  let validated = 0;
  jobs.validate = (async (input: never, context: never) => {
    validated += 1;
    if (validated === 2) throw new MlopsError('MLOPS_COMPUTE_CRASHED', 'It ended.', { how: 'SIGKILL' }, '');
    return validateJob(input, context);
  }) as AnyJob;
}

test('an attempt that ends between rungs trains none of them again', async () => {
  jobs.train = trainJob as AnyJob;
  const study = await studyOf('between', { ...RUNGS, trials: 1 }, 11);
  crashAtSecondJudging();
  await expect(trial(study, 1)).rejects.toThrow(/^MLOPS_COMPUTE_CRASHED/);
  expect(networks).toEqual([
    [1, 'beginning'],
    [3, 'state'],
  ]);
  networks.splice(0);
  await trial(study, 1);
  expect(networks).toEqual([[undefined, 'state']]);
});

const FOLDS: Partial<StudySpec> = { of: MIXED.oneOf[0], folds: 3, trials: 2 };
/** No row is set aside for validation. */
const NONE_ASIDE = { validation: 0 };

test('folds: features, model and loss of each are of its own rows, and the trial’s loss is their mean', async () => {
  const study = await studyOf('folds', { ...FOLDS, seed: 13 }, 4, NONE_ASIDE);
  ran.splice(0);
  const one = await trial(study, 1);
  const split = splitAt(projectOf('folds', FOLDS, 4, NONE_ASIDE), ASOF);
  const parts = foldsOf(split, { folds: 3, seed: 13 }, { every: 'week' });
  expect(ran).toEqual(
    parts.flatMap(({ train, validation }) => [
      { job: 'fit', where: [train, undefined] },
      { job: 'trainTrees', where: [train, validation] },
      { job: 'validate', where: [validation, undefined] },
    ])
  );
  const [{ body, inputs }] = (await recorded(study)) as [Fact<'trial'>];
  expect(body.folds).toHaveLength(3);
  const [a, b, c] = body.folds!.map(({ loss }) => loss) as [number, number, number];
  expect(one.loss).toBe((a + b + c) / 3);
  // Each training row is judged by once.
  const { body: fitted } = await system.stores.facts.get(body.folds![0]!.features);
  expect(body.rows).toBe(fitted.parts.train);
  for (const { features, run: made, rows } of body.folds!) {
    expect(inputs).toEqual(expect.arrayContaining([features, made]));
    const learned = (await system.stores.facts.get(made)).body;
    expect(learned.rows).toBe(fitted.parts.train - rows);
    expect(learned.fold).toEqual(parts.find(({ train }) => train.fold!.number === learned.fold!.train.fold!.number));
  }
});

test('folds: a curve is fitted on the split’s validation rows, so that none of its rows judges', async () => {
  const of = { trees: { rounds: { int: [3, 4] } }, calibration: 'temperature' };
  const study = await studyOf('fold-curves', { ...FOLDS, of, folds: 2, trials: 1, seed: 18 }, 8);
  const curves: (RowFilter | undefined)[] = [];
  jobs.trainTrees = (async (input: GivenRows, context: never) => {
    curves.push(input.calibrationRows?.where);
    return treesJob(input as never, context);
  }) as AnyJob;
  await trial(study, 1);
  const aside = partOf(splitAt(projectOf('fold-curves', FOLDS, 8), ASOF), 'validation');
  expect(aside).toBeDefined();
  expect(curves).toEqual([aside, aside]);
});

test('folds: an attempt that ends between them trains none of them again, and the winner is trained on all training rows', async () => {
  const study = await studyOf('fold-cut', { ...FOLDS, seed: 14 }, 5, NONE_ASIDE);
  crashAtSecondJudging();
  await expect(trial(study, 1)).rejects.toThrow(/^MLOPS_COMPUTE_CRASHED/);
  expect(await recorded(study)).toEqual([]);
  ran.splice(0);
  await trial(study, 1);
  expect(ran.map(({ job }) => job)).toEqual(['validate', 'validate', 'fit', 'trainTrees', 'validate']);
  await trial(study, 2);
  ran.splice(0);
  const { number, run: chosen, features } = await winner(study, 2);
  const all = partOf(splitAt(projectOf('fold-cut', FOLDS, 5, NONE_ASIDE), ASOF), 'train');
  expect(ran).toEqual([
    { job: 'fit', where: [all, undefined] },
    { job: 'trainTrees', where: [all, undefined] },
  ]);
  const { model, loss } = (await recorded(study)).find(({ body }) => body.number === number)!.body;
  expect(loss).toBe(Math.min(...(await recorded(study)).map(({ body }) => body.loss!)));
  const { request } = await trainStep(deps, { ...study, features }, { model });
  expect(chosen.id).toBe(stepKey(request));
});

test('folds: whichever trial ends first, the same is chosen; another seed of the study makes other folds', async () => {
  const of = { trees: { rounds: { int: [2, 3] } } };
  const study = await studyOf('fold-orders', { ...FOLDS, of, folds: 2, seed: 15 }, 6, NONE_ASIDE);
  const first = await inOrder(study, upTo(2));
  expect(await inOrder({ ...study, attempt: 'second' }, [2, 1])).toEqual(first);
  const other = await studyOf('fold-seeds', { ...FOLDS, of, folds: 2, seed: 16 }, 6, NONE_ASIDE);
  ran.splice(0);
  await trial(other, 1);
  // None of the other seed's is found.
  expect(ran.filter(({ job }) => job === 'fit')).toHaveLength(2);
});

test('folds: one with a failure ends the trial with its reason; features of a fold that the study lacks are refused', async () => {
  const of = { network: { batch: { int: [8, 64] } } };
  const study = await studyOf('fold-fails', { ...FOLDS, of, trials: 1, seed: 17 }, 7, NONE_ASIDE);
  expect(await trial(study, 1)).toMatchObject({ failure: { code: 'MLOPS_TRAINING_DIVERGED' } });
  const [{ body, inputs }] = (await recorded(study)) as [Fact<'trial'>];
  expect([body.folds, body.run, body.features]).toEqual([undefined, undefined, undefined]);
  expect(inputs).toHaveLength(3);
  const { definition, snapshot, labelSet } = study;
  const fit = { definition, snapshot, labelSet, asOf: ASOF, missing: 'kept' } as const;
  for (const fold of [3, -1, 0.5])
    await expect(run(() => trainActivities(deps).mlopsFitFeatures({ ...fit, fold }))).rejects.toThrow(
      /^MLOPS_DEFINITION_INVALID: .*folds=3/
    );
});

test('what every trial would fail with is no trial’s: it is thrown, and nothing recorded', async () => {
  const study = await studyOf('alike', { of: MIXED.oneOf[0], seed: 6 });
  jobs.trainTrees = () => Promise.reject(new MlopsError('MLOPS_ONE_CLASS', 'All labels are 0.', {}, 'Look.'));
  await expect(trial(study, 1)).rejects.toThrow(/^MLOPS_ONE_CLASS/);
  expect(await recorded(study)).toEqual([]);
});

test('a definition whose model is a study is not trained as one model, and the other way round', async () => {
  const study = await studyOf('other', { seed: 7 });
  const { definition, snapshot, labelSet } = study;
  const fit = run(() => trainActivities(deps).mlopsFitFeatures({ definition, snapshot, labelSet, asOf: ASOF }));
  await expect(fit).rejects.toThrow(/^MLOPS_DEFINITION_INVALID/);
  const plain = { ...projectOf('other', {}), model: { trees: {} } };
  const body = { definition: plain, appliedBy: 'ana' };
  const ref = { kind: 'definition', id: 'other/plain', digest: digestOf(plain) } as const;
  await system.stores.facts.commit({ _id: ref.id, ...ref, inputs: [], artifacts: [], body } as never);
  const of = { ...study, cycle: 2, definition: ref } as const;
  await openCycle(system.stores, { ...of, causes: [], triggers: [], appliedBy: 'ana' });
  await expect(trial(of, 1)).rejects.toThrow(/^MLOPS_DEFINITION_INVALID/);
});
