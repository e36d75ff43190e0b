/** A project whose model is trees: from its rows to an approved version that a replica serves, with the bits that were judged. */
import { decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { RunBody } from '../../src/domain/records';
import type { Replica } from '../../src/replica/run-replica';
import { Lifecycles, MARCH } from '../support/lifecycles';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { raw } from '../support/raw-records';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let file: string;
let lifecycles: Lifecycles;
let replica: Replica;
let definition: ProjectDefinition;

beforeAll(async () => {
  system = await openSystem('trees');
  file = await writeSmallFlights(system.folder, 200);
  lifecycles = new Lifecycles(system, file);
  await system.startWorker();
  const trees = { rounds: 60, depth: 4, learningRate: 0.1, minWeight: 1, l2: 1, rowShare: 0.8, columnShare: 0.8 };
  definition = lifecycles.define({
    model: { trees: { ...trees, patience: 10, seed: 5 } },
    features: [
      { transform: 'datePart', column: 'date', part: 'hour' },
      { transform: 'impute', column: 'distance', with: 'median' },
      { transform: 'targetMean', column: 'origin', smoothing: 20, minCount: 1, training: 'earlierRows' },
    ],
    split: { by: 'time', testPeriods: 1, validationPeriods: 1, minTrainRows: 100, minTestRows: 50 },
  });
  replica = await startReplica(system, definition.name);
  await lifecycles.start(definition, MARCH);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

test('the run says how many rounds were run, and which was the best on the validation rows', async () => {
  await lifecycles.request(definition.name, 1);
  const run = await runOf(definition.name);
  expect(run).toMatchObject({ trainer: 'trees', tolerance: [], numerics: 'exact', parameters: { depth: 4 } });
  const { roundsRun, bestRound } = run.parameters as Readonly<Record<string, number>>;
  expect(run.epochs).toHaveLength(roundsRun!);
  const losses = run.epochs.map(({ validationLoss }) => validationLoss!);
  expect(losses[bestRound! - 1]).toBe(Math.min(...losses));
});

test('trained anew, elsewhere, it is the same model to the bit', async () => {
  const other = await openSystem('trees-again');
  const others = new Lifecycles(other, file);
  try {
    await other.startWorker({ dataFolder: system.folder });
    const again = { ...definition, name: others.define().name };
    await others.start(again, MARCH);
    const [first, second] = [lifecycles.request(definition.name, 1), others.request(again.name, 1)];
    expect(decidedDigest((await second).subject)).toBe(decidedDigest((await first).subject));
  } finally {
    await others.end();
    await other.close();
  }
});

test('approved, it is served, and answers what the evaluation judged, alone and among others', async () => {
  await lifecycles.decide(definition.name, 1, 'approve');
  await lifecycles.cycle(definition.name, 1, 'finished');
  const { evaluation, scores } = await evaluatedScores(system, `${definition.name}/1`);
  const flights = await testFlights(evaluation.test);
  expect(flights).toHaveLength(scores.length);
  expect(scores.length).toBeGreaterThan(50);
  expect(new Set(scores).size).toBeGreaterThan(10);
  expect(await infer('all', flights)).toEqual(scores);
  expect(await infer('one', flights.slice(3, 4))).toEqual(scores.slice(3, 4));
});

async function runOf(project: string): Promise<RunBody> {
  const cycle = await raw(system.stores).cycles.findOne({ _id: `${project}/1` });
  return (await system.stores.facts.get({ kind: 'run', id: cycle!.refs.run!.id })).body;
}

async function infer(id: string, flights: readonly (readonly unknown[])[]): Promise<Float32Array> {
  const names = ['date', 'distance', 'origin'] as const;
  const types = { date: 'INT64', distance: 'INT64', origin: 'BYTES' };
  const inputs = names.map((name, at) => ({
    ...{ name, datatype: types[name], shape: [flights.length], data: flights.map((flight) => flight[at]) },
  }));
  const answer = await fetch(`${replica.address}/v2/models/${definition.name}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, parameters: { eventTime: MARCH }, inputs }),
  });
  const body = (await answer.json()) as { outputs: { name: string; data: number[] }[] };
  return Float32Array.from(body.outputs.find(({ name }) => name === 'probability')!.data);
}

/** By the file itself, in the order of a snapshot: event time, then row. Times in µs; landed by March: 35 minutes, then 7.67 miles a minute. */
async function testFlights({ from, to }: { readonly from?: string; readonly to?: string }): Promise<unknown[][]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date), distance, origin FROM read_parquet('${file}', file_row_number = true)
     WHERE date >= TIMESTAMP '${from}' AND date < TIMESTAMP '${to}' AND delay BETWEEN -120 AND 2000
       AND epoch_us(date) + 60e6 * (35 + distance / 7.67) <= epoch_us(TIMESTAMP '${MARCH}') ORDER BY date, file_row_number`
  );
  return rows.map(([date, distance, origin]) => [Number(date), Number(distance), String(origin)]);
}
