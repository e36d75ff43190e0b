/** Seattle's weather, one of five kinds: from the file to a version that people approve, to answers, truths and judged windows. A story. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { packageRoot } from '../../src/runtime/package-root';
import { judgedWindows } from '../support/judged-windows';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { by, Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

/** 1,461 days of 2012 to 2015: 53 of drizzle, 101 of fog, 641 of rain, 26 of snow, 640 of sun. */
const WEATHER = join(packageRoot(), 'node_modules/vega-datasets/data/seattle-weather.csv');
const CLASSES = ['drizzle', 'fog', 'rain', 'snow', 'sun'];
const AS_OF = '2015-06-18T00:00:00Z';
/** The first days of windows of 28 days, and a day beyond the second by which it is over; in that all days turn out as fog. */
const [FIRST, SECOND, END] = ['2015-06-18', '2015-07-16', '2015-08-16'] as const;

interface Day {
  readonly us: number;
  readonly precipitation: number;
  readonly temp_max: number;
  readonly temp_min: number;
  readonly wind: number;
  readonly weather: string;
}

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;
let file: string;

beforeAll(async () => {
  system = await openSystem('classes');
  file = join(system.folder, 'weather.csv');
  await copyFile(WEATHER, file);
  lifecycles = new Lifecycles(system, file);
  // Its name, and that it ends with the test.
  project = lifecycles.define().name;
  await system.startWorker();
  replica = await startReplica(system, project);
  await lifecycles.start(weatherProject(CLASSES), AS_OF);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

function weatherProject(classes: readonly string[]) {
  return defineProject({
    name: project,
    source: {
      reader: { file: { path: file, format: 'csv' } },
      columns: {
        date: 'timestamp',
        precipitation: 'number',
        temp_max: 'number',
        temp_min: 'number',
        wind: 'number',
        weather: 'string',
      },
      key: ['date'],
      eventTime: 'date',
    },
    objective: { task: 'classes', classes },
    label: { name: 'weather', labeler: { column: 'weather' } },
    features: [
      { transform: 'datePart', column: 'date', part: 'dayOfYear', as: 'day_of_year' },
      { transform: 'cycle', column: 'day_of_year', period: 365.25, harmonics: 2 },
      { transform: 'standardize', column: 'precipitation' },
      { transform: 'standardize', column: 'temp_max' },
      { transform: 'standardize', column: 'temp_min' },
      { transform: 'standardize', column: 'wind' },
    ],
    model: { trees: { rounds: 30, depth: 3 } },
    period: { every: '28 days' },
    split: { by: 'time', testPeriods: 6, minTrainRows: 500, minTestRows: 100 },
    gates: [
      { metric: 'logLoss', against: 'baseline', atMost: 0 },
      { metric: 'f1:rain', atLeast: 0.7 },
    ],
    approval: { approvers: ['ana', 'ben'] },
    monitoring: { period: { every: '28 days' }, allowedLateness: { event: '1 day' }, truthCoverage: 1, minRows: 20 },
    heartbeatWithin: { wall: '2 seconds' },
  } as never);
}

async function daysOf(from: string, to: string): Promise<Day[]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date::TIMESTAMP), precipitation, temp_max, temp_min, wind, weather FROM read_csv('${file}')
     WHERE date >= '${from}' AND date < '${to}' ORDER BY date`
  );
  return rows.map(([us, precipitation, high, low, wind, weather]) => ({
    us: Number(us),
    precipitation: Number(precipitation),
    temp_max: Number(high),
    temp_min: Number(low),
    wind: Number(wind),
    weather: String(weather),
  }));
}

async function ask<T>(path: string, body?: object): Promise<{ readonly status: number; readonly answer: T }> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${replica.address}/v2/models/${project}${path}`, sent);
  return { status: answer.status, answer: (await answer.json()) as T };
}

interface Answered {
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly data: readonly (number | string)[];
  }[];
}

/** Each day is asked about as it begins; its truth comes an hour later. Returns how many answers were right. */
async function serve(days: readonly Day[], truthOf: (day: Day) => string): Promise<number> {
  let right = 0;
  for (const day of days) {
    const input = (name: string, datatype: string, value: number) => ({ name, datatype, shape: [1], data: [value] });
    const { precipitation, temp_max, temp_min, wind } = day;
    const numbers = Object.entries({ precipitation, temp_max, temp_min, wind });
    const id = `day-${day.us}`;
    const { status, answer } = await ask<Answered>('/infer', {
      id,
      parameters: { eventTime: new Date(day.us / 1000).toISOString() },
      inputs: [input('date', 'INT64', day.us), ...numbers.map(([name, value]) => input(name, 'FP64', value))],
    });
    expect([status, answer]).toMatchObject([
      200,
      { outputs: [{ name: 'probability' }, { name: 'prediction', datatype: 'BYTES' }] },
    ]);
    if (answer.outputs[1]!.data[0] === truthOf(day)) right += 1;
    const eventTime = new Date(day.us / 1000 + 3_600_000).toISOString();
    expect(await ask('/truth', { id, value: truthOf(day), eventTime })).toMatchObject({ status: 200 });
  }
  return right;
}

const windows = (count: number) => judgedWindows(system, project, count);

test('the evaluation has log loss, accuracy and each class’s own metrics, beside the shares of the training rows', async () => {
  await lifecycles.request(project, 1);
  const { evaluation, evidence, scores } = await evaluatedScores(system, `${project}/1`);
  const { candidate, baseline, task, rows, classes } = evaluation.evaluation;
  expect([task, scores.length]).toEqual(['classes', rows * CLASSES.length]);
  expect(Object.keys(candidate).slice(0, 6)).toEqual([
    'logLoss',
    'accuracy',
    'macroF1',
    'macroPrecision',
    'macroRecall',
    'auc',
  ]);
  expect(candidate['accuracy']!.estimate).toBeGreaterThan(0.7);
  expect(candidate['logLoss']!.estimate).toBeLessThan(baseline['logLoss']!);
  expect(candidate['f1:rain']).toMatchObject({ method: 'day jackknife' });
  expect(classes!.map(({ name }) => name)).toEqual(CLASSES);
  expect(evaluation.gates).toMatchObject([
    { gate: 'log-loss-against-baseline', outcome: 'passed' },
    { gate: 'f1-rain', outcome: 'passed' },
  ]);
  for (const line of [
    /^logLoss \d/,
    /^accuracy 0\./,
    /^macroF1 0\./,
    /^class `rain`: \d+ rows, rate 0\.\d+, mean probability 0\.\d+, precision [01]\.\d+/,
  ])
    expect(evidence).toContainEqual(expect.stringMatching(line));
});

test('a version of classes is approved, and the endpoint says their order', async () => {
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const { answer } = await ask<{ readonly outputs: unknown; readonly parameters: unknown }>('');
  expect(answer.outputs).toEqual([
    { name: 'probability', datatype: 'FP32', shape: [-1, 5] },
    { name: 'prediction', datatype: 'BYTES', shape: [-1] },
  ]);
  expect(answer.parameters).toEqual({ classes: CLASSES });
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  expect(version.body.task).toEqual({ kind: 'classes', classes: CLASSES });
  const { counts } = (await system.stores.facts.get(version.body.labelSet)).body;
  expect(Object.keys(counts)).toEqual([...CLASSES.map((name) => `class ${name}`), 'missing']);
});

test('a window has the metrics of its answers, and the class of which there is more than predicted is a bias', async () => {
  const first = await daysOf(FIRST, SECOND);
  const right = await serve(first, ({ weather }) => weather);
  await serve(await daysOf(SECOND, END), () => 'fog');
  const [judged, foggy] = await windows(2);
  expect(judged!.body).toMatchObject({ rows: first.length, truths: first.length });
  expect(judged!.body.setAside).toBeUndefined();
  expect(Object.keys(judged!.body.quality)).toEqual(['logLoss', 'accuracy', 'macroF1', 'logLossAgainstBaseline']);
  expect(judged!.body.quality['accuracy']!.estimate).toBeCloseTo(right / first.length, 12);
  expect(foggy!.body.bias).toMatchObject({ verdict: 'below', class: 'fog', meanTruth: 1 });
});

test('a project keeps its classes, and their order', async () => {
  const other = weatherProject([...CLASSES.slice(1), CLASSES[0]!]);
  expect(await system.client.apply(other, by('cem'))).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/objective\.classes: are not/) as unknown,
  });
});
