/**
 * Trees of a number, from the file to the endpoint; and the same elsewhere, whose worker is killed in the middle of the trees, twice:
 * it goes on from its newest checkpoint, and ends with the very bytes. A story.
 */
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Fact } from '../../src/domain/records';
import type { CheckpointDocument } from '../../src/stores/mutable-records';
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { FEBRUARY, Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

const ROUNDS = 300;

let system: TestSystem;
let file: string;
let lifecycles: Lifecycles;
let replica: Replica;
let definition: ProjectDefinition;
let run: Fact<'run'>;

beforeAll(async () => {
  system = await openSystem('trees-number');
  const minutes = 'round(35 + distance / 7.67 + hash(date) % 9, 1)::DOUBLE AS minutes';
  file = await writeSmallFlights(system.folder, 20, 'flights.parquet', [minutes]);
  lifecycles = new Lifecycles(system, file);
  const { objective: _, gates: __, ...flights } = lifecycles.define();
  definition = defineProject({
    ...flights,
    source: { ...flights.source, columns: { ...flights.source.columns, minutes: 'number' } },
    objective: { task: 'number' },
    label: { name: 'minutes', labeler: { column: 'minutes' } },
    features: [
      { transform: 'impute', column: 'distance', with: 'median' },
      { transform: 'datePart', column: 'date', part: 'hour' },
      { transform: 'weekday', column: 'date' },
      { transform: 'targetMean', column: 'origin', smoothing: 20, minCount: 1, training: 'earlierRows' },
    ],
    model: { trees: { rounds: ROUNDS, depth: 4, learningRate: 0.1, rowShare: 0.8, columnShare: 0.8 } },
    triggers: [],
  } as never);
  await system.startWorker();
  replica = await startReplica(system, definition.name);
  await lifecycles.start(definition, FEBRUARY);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

async function runOf({ stores }: TestSystem, project: string): Promise<Fact<'run'>> {
  const cycle = await raw(stores).cycles.findOne({ _id: `${project}/1` });
  return stores.facts.get({ kind: 'run', id: cycle!.refs.run!.id });
}

test('trees of a number are approved and served: the endpoint answers what the evaluation judged', async () => {
  await lifecycles.request(definition.name, 1);
  run = await runOf(system, definition.name);
  expect(run.body).toMatchObject({ trainer: 'trees', parameters: { roundsRun: ROUNDS }, numerics: 'exact' });
  await lifecycles.decide(definition.name, 1, 'approve');
  await lifecycles.cycle(definition.name, 1, 'finished');
  const { evaluation, scores } = await evaluatedScores(system, `${definition.name}/1`);
  expect(evaluation.evaluation.candidate['r2']!.estimate).toBeGreaterThan(0.99);
  const flights = await firstTestFlights(evaluation.test.from!);
  expect(flights.length).toBeGreaterThan(4);
  expect(await predictions(flights)).toEqual(scores.slice(0, flights.length));
});

test('a worker that is killed in the middle of the trees costs time alone: the run is the same to the byte', async () => {
  const other = await openSystem('trees-killed');
  const others = new Lifecycles(other, file);
  const again = { ...definition, name: others.define().name };
  const checkpointed = async () =>
    (await raw(other.stores).db.collection<CheckpointDocument>('checkpoints').findOne())?.step;
  const workers: WorkerProcess[] = [];
  const killedAt = async (crashAt: string, meanwhile?: () => Promise<unknown>) => {
    const worker = spawnWorker(other, { crashAt, dataFolder: system.folder, args: ['--limit', 'checkpointEvery=1'] });
    workers.push(worker);
    await worker.ready;
    await meanwhile?.();
    expect(await worker.ended).toBe('SIGKILL');
  };
  try {
    await killedAt('train:checkpoint-saved', () => others.start(again, FEBRUARY));
    const first = await checkpointed();
    expect(first).toBeGreaterThan(0);
    await killedAt('train:mid-epoch#20');
    expect(await checkpointed()).toBeGreaterThanOrEqual(first!);
    await other.startWorker({ dataFolder: system.folder });
    await others.request(again.name, 1);
    const { _id, digest, artifacts, body } = await runOf(other, again.name);
    expect({ _id, digest, artifacts, body }).toEqual({
      ...{ _id: run._id, digest: run.digest, artifacts: run.artifacts, body: run.body },
    });
    expect(await checkpointed()).toBeUndefined();
  } finally {
    for (const worker of workers) await worker.kill();
    await others.end();
    await other.close();
  }
});

/** By the file itself, in the order of a snapshot's beginning: flights that share no moment. */
async function firstTestFlights(from: string): Promise<readonly (readonly unknown[])[]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date), distance, origin FROM read_parquet('${file}')
     WHERE date >= TIMESTAMP '${from}' AND delay BETWEEN -120 AND 2000 ORDER BY date LIMIT 30`
  );
  const flights = rows.map(([us, distance, origin]) => [Number(us), Number(distance), String(origin)] as const);
  // Of flights at one moment a snapshot goes by their keys.
  const shared = flights.findIndex(([us], i) => us === flights[i + 1]?.[0]);
  return shared < 0 ? flights.slice(0, -1) : flights.slice(0, shared);
}

async function predictions(flights: readonly (readonly unknown[])[]): Promise<Float32Array> {
  const columns = [
    ['date', 'INT64'],
    ['distance', 'INT64'],
    ['origin', 'BYTES'],
  ] as const;
  const inputs = columns.map(([name, datatype], at) => ({
    ...{ name, datatype, shape: [flights.length], data: flights.map((flight) => flight[at]) },
  }));
  const answer = await fetch(`${replica.address}/v2/models/${definition.name}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'some', parameters: { eventTime: FEBRUARY }, inputs }),
  });
  const { outputs } = (await answer.json()) as { outputs: { name: string; data: number[] }[] };
  return Float32Array.from(outputs.find(({ name }) => name === 'prediction')!.data);
}
