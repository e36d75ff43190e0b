/**
 * A study over folds of the training rows, by time: a worker that dies between folds repeats none that had ended, and the winner is that of a
 * study that nothing disturbed, to the bit.
 */
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Fact } from '../../src/domain/records';
import { defineProject, type ProjectInput } from '../../src/project/define-project';
import { Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

const FOLDS = 2;
const TRIALS = 3;
const changes: Partial<ProjectDefinition> = {
  model: {
    study: {
      of: { trees: { rounds: { int: [5, 20] }, depth: { int: [2, 4] }, learningRate: { log: [0.05, 0.5] } } },
      trials: TRIALS,
      parallelism: 2,
      sampler: 'tpe',
      seed: 4,
      folds: FOLDS,
    },
  },
  features: [
    { transform: 'datePart', column: 'date', part: 'hour' },
    { transform: 'impute', column: 'distance', with: 'median' },
  ],
  split: { by: 'time', testPeriods: 1, validationPeriods: 0, minTrainRows: 100, minTestRows: 50 },
};

const systems: TestSystem[] = [];
const all: Lifecycles[] = [];
const workers: WorkerProcess[] = [];
let file: string;

async function opened(name: string) {
  const system = await openSystem(name);
  systems.push(system);
  file ??= await writeSmallFlights(system.folder, 200);
  const lifecycles = new Lifecycles(system, file);
  all.push(lifecycles);
  return { system, lifecycles, definition: defineProject(lifecycles.define(changes) as ProjectInput) };
}
afterAll(async () => {
  for (const lifecycles of all) await lifecycles.end();
  for (const worker of workers) await worker.kill();
  for (const system of systems) await system.close();
});

function work(system: TestSystem, crashAt?: string): WorkerProcess {
  const worker = spawnWorker(system, crashAt === undefined ? {} : { crashAt });
  workers.push(worker);
  return worker;
}

const factsOf = ({ stores }: TestSystem, kind: 'trial' | 'run' | 'winner') =>
  raw(stores).facts(kind).find().sort({ _id: 1 }).toArray() as Promise<Fact[]>;

/** Trials and winner, without the ids of the project and of the attempt. */
async function cameTo(system: TestSystem) {
  const trials = (await factsOf(system, 'trial')) as Fact<'trial'>[];
  const winners = (await factsOf(system, 'winner')) as Fact<'winner'>[];
  return {
    trials: trials.map(({ body: { number, choices, loss, folds } }) => ({ number, choices, loss, folds })),
    winners: winners.map(({ body: { number, loss, features, run } }) => ({ number, loss, features, run })),
  };
}

test('killed between folds, and after a trial, it repeats no fold that had ended, and its winner is the undisturbed study’s', async () => {
  const killed = await opened('folds');
  const first = work(killed.system, 'trial:fold-judged#2');
  await first.ready;
  await killed.lifecycles.start(killed.definition, MARCH);
  expect(await first.ended).toBe('SIGKILL');
  const trained = await factsOf(killed.system, 'run');
  expect(trained.length).toBeGreaterThanOrEqual(2);
  expect(await work(killed.system, 'trial:recorded').ended).toBe('SIGKILL');
  await work(killed.system).ready;
  await killed.lifecycles.request(killed.definition.name, 1);
  const runs = await factsOf(killed.system, 'run');
  // To the moment and the process that made them; and one more, of the winner on all training rows.
  expect(runs).toEqual(expect.arrayContaining(trained));
  expect(runs).toHaveLength(TRIALS * FOLDS + 1);
  const undisturbed = await opened('folds-again');
  await undisturbed.system.startWorker({ dataFolder: killed.system.folder });
  await undisturbed.lifecycles.start(undisturbed.definition, MARCH);
  await undisturbed.lifecycles.request(undisturbed.definition.name, 1);
  expect(await cameTo(undisturbed.system)).toEqual(await cameTo(killed.system));
  const { refs } = (await raw(killed.system.stores).cycles.findOne({ _id: `${killed.definition.name}/1` }))!;
  const { winners } = await cameTo(killed.system);
  expect(winners).toMatchObject([{ run: refs.run }]);
});
