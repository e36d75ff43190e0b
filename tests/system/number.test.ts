/** Flights whose minutes are predicted: from the file to a version that people approve, to answers, truths and judged windows. A story. */
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { judgedWindows } from '../support/judged-windows';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { by, FEBRUARY, Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

/** In the second week all flights take longer than the model has learned. */
const SLOWER = 30;
const [FIRST, SECOND, END] = ['2001-02-01', '2001-02-08', '2001-02-17'] as const;

interface Flight {
  readonly us: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
  readonly minutes: number;
}

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;
let file: string;

beforeAll(async () => {
  system = await openSystem('number');
  const minutes = 'round(35 + distance / 7.67 + hash(date) % 9, 1)::DOUBLE AS minutes';
  file = await writeSmallFlights(system.folder, 1000, 'flights.parquet', [minutes]);
  lifecycles = new Lifecycles(system, file);
  const flights = lifecycles.define();
  project = flights.name;
  await system.startWorker();
  replica = await startReplica(system, project);
  const { objective: _, gates: __, ...rest } = flights;
  const definition = defineProject({
    ...rest,
    source: { ...flights.source, columns: { ...flights.source.columns, minutes: 'number' } },
    objective: { task: 'number' },
    label: { name: 'minutes', labeler: { column: 'minutes' } },
    features: [
      { transform: 'standardize', column: 'distance' },
      { transform: 'embedding', column: 'origin', width: 4 },
      { transform: 'weekday', column: 'date' },
    ],
    model: { network: { hidden: [32], epochs: 60, batch: 64, learningRate: 0.005 } },
    monitoring: { ...flights.monitoring, minRows: 50, truthCoverage: 1 },
    triggers: [],
  } as never);
  await lifecycles.start(definition, FEBRUARY);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

async function flightsOf(from: string, to: string): Promise<Flight[]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date), distance, origin, destination, minutes FROM read_parquet('${file}')
     WHERE date >= '${from}' AND date < '${to}' AND delay >= -120 ORDER BY date, origin, destination`
  );
  return rows.map(([us, distance, origin, destination, minutes]) => ({
    us: Number(us),
    distance: Number(distance),
    origin: String(origin),
    destination: String(destination),
    minutes: Number(minutes),
  }));
}

interface Answered {
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly data: readonly number[] }[];
}

async function ask<T>(path: string, body?: object): Promise<{ readonly status: number; readonly answer: T }> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${replica.address}/v2/models/${project}${path}`, sent);
  return { status: answer.status, answer: (await answer.json()) as T };
}

/** Each flight is asked about when it departs; its truth comes when it has landed. */
async function serve(flights: readonly Flight[], slower: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const { us, distance, origin, destination, minutes } of flights) {
    const input = (name: string, datatype: string, value: unknown) => ({ name, datatype, shape: [1], data: [value] });
    const id = `${us}-${origin}-${destination}`;
    const departed = us / 1_000;
    const { answer } = await ask<Answered>('/infer', {
      id,
      parameters: { eventTime: new Date(departed).toISOString() },
      inputs: [input('date', 'INT64', us), input('distance', 'INT64', distance), input('origin', 'BYTES', origin)],
    });
    expect(answer.outputs).toMatchObject([{ name: 'prediction', datatype: 'FP32' }]);
    const value = minutes + slower;
    found.push(answer.outputs[0]!.data[0]! - Math.fround(value));
    const landed = new Date(departed + value * 60_000).toISOString();
    expect(await ask('/truth', { id, value, eventTime: landed })).toMatchObject({ status: 200 });
  }
  return found;
}

const windows = (count: number) => judgedWindows(system, project, count);

test('the evaluation says how far off it is, in minutes, beside the mean of the training rows', async () => {
  await lifecycles.request(project, 1);
  const { evaluation, evidence, scores } = await evaluatedScores(system, `${project}/1`);
  const { candidate, baseline, task, rows } = evaluation.evaluation;
  expect([task, scores.length]).toEqual(['number', rows]);
  expect(Object.keys(candidate)).toEqual(['rmse', 'mae', 'r2', 'mape', 'meanError']);
  expect(candidate['r2']!.estimate).toBeGreaterThan(0.9);
  expect(candidate['rmse']).toMatchObject({ method: 'day jackknife', blocks: 7 });
  expect(baseline['r2']).toBeLessThanOrEqual(0);
  expect(evaluation.gates).toMatchObject([
    { gate: 'rmse-against-baseline', outcome: 'passed' },
    { gate: 'rmse-against-champion', outcome: 'skipped: no champion' },
  ]);
  for (const line of [
    /^rmse \d/,
    /^mae \d/,
    /^r2 0\.9/,
    /^mean prediction \d.*, mean truth \d/,
    /^worst day of 7, .*mean absolute error \d/,
  ])
    expect(evidence).toContainEqual(expect.stringMatching(line));
});

test('a version of numbers is approved, and the endpoint answers predictions and no decisions', async () => {
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const { answer } = await ask<{ readonly outputs: unknown; readonly parameters: unknown }>('');
  expect(answer.outputs).toEqual([{ name: 'prediction', datatype: 'FP32', shape: [-1] }]);
  expect(answer.parameters).toEqual({});
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  expect(version.body.task).toEqual({ kind: 'number' });
  expect((await system.stores.facts.get(version.body.labelSet)).body.counts).toMatchObject({ missing: 0 });
});

test.each([['many'], [null], [1e300]])('a truth must be a number that a label can be: %j is refused', async (value) => {
  const { status, answer } = await ask<{ readonly error: string }>('/truth', { id: 'any', value });
  expect(status).toBe(400);
  expect(answer.error).toMatch(/MLOPS_TRUTH_INVALID: value is not a value of the label.*Send a finite number/);
});

test('a window has the metrics of its answers, and a level that moved is a bias', async () => {
  const errors = await serve(await flightsOf(FIRST, SECOND), 0);
  await serve(await flightsOf(SECOND, END), SLOWER);
  const [first, second] = await windows(2);
  expect(first!.body).toMatchObject({ rows: errors.length, truths: errors.length });
  expect(first!.body.setAside).toBeUndefined();
  expect(Object.keys(first!.body.quality)).toEqual(['rmse', 'mae', 'r2', 'rmseAgainstBaseline']);
  expect(first!.body.bias.verdict).toBe('none');
  const mae = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
  expect(first!.body.quality['mae']!.estimate).toBeCloseTo(mae, 4);
  expect(first!.body.quality['rmseAgainstBaseline']!.high).toBeLessThan(0);
  expect(second!.body.bias).toMatchObject({ verdict: 'below' });
  expect(Math.abs(second!.body.bias.gap.estimate + SLOWER)).toBeLessThan(10);
});

test('a project keeps its task', async () => {
  const flights = defineProject({ ...lifecycles.define(), name: project });
  expect(await system.client.apply(flights, by('cem'))).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/objective\.task: is binary, and that of the project is number/) as unknown,
  });
});
