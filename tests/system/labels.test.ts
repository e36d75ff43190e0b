/**
 * Tomorrow's weather, any of three labels at once: the example of docs/labels.md from its file to a version that people approve, to
 * answers, truths and judged windows. A story.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { packageRoot } from '../../src/runtime/package-root';
import { mlops, mlopsJson } from '../cli/mlops';
import { countStored } from '../../src/stores/predictions';
import { duckdbQuery } from '../support/duckdb-query';
import { eventually } from '../support/eventually';
import { evaluatedScores } from '../support/evaluated-scores';
import { judgedWindows } from '../support/judged-windows';
import { by, Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

const WEATHER = join(packageRoot(), 'node_modules/vega-datasets/data/seattle-weather.csv');
const LABELS = ['wet', 'warm', 'windy'];
const AS_OF = '2015-06-18T00:00:00Z';
/** The first days of windows of 28 days, and a day beyond the second by which it is over; in that no tomorrow turns out to be any of them. */
const [FIRST, SECOND, END] = ['2015-06-18', '2015-07-16', '2015-08-16'] as const;
const DAY_MS = 86_400_000;

interface Day {
  readonly us: number;
  readonly numbers: Readonly<Record<string, number>>;
  readonly tomorrow: readonly string[];
}

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;
let file: string;
let documented: ProjectDefinition;

beforeAll(async () => {
  system = await openSystem('labels');
  file = join(system.folder, 'weather.csv');
  await copyFile(WEATHER, file);
  documented = await exampleOf('labels.md');
  lifecycles = new Lifecycles(system, file);
  // Its name, and that it ends with the test.
  project = lifecycles.define().name;
  await system.startWorker();
  replica = await startReplica(system, project);
  await lifecycles.start(tomorrowProject(), AS_OF);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

async function exampleOf(page: string): Promise<ProjectDefinition> {
  const [, example] = /^# [^\n]+\n\n```ts\n(.*?)```/s.exec(await readFile(join(packageRoot(), 'docs', page), 'utf8'))!;
  const folder = await mkdtemp(join(tmpdir(), 'mlops-labels-'));
  try {
    const path = join(folder, 'project.ts');
    const inPackage = JSON.stringify(join(packageRoot(), 'dist', 'src', 'index.js'));
    await writeFile(path, example!.replace("'temporal-mlops'", inPackage));
    return ((await mlopsJson(['check', path])) as { definition: ProjectDefinition }).definition;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function tomorrowProject(changes: object = {}): ProjectDefinition {
  const days = documented.sources['days']!;
  return defineProject({
    ...documented,
    name: project,
    sources: { days: { ...days, reader: { file: { path: file, format: 'csv' } } } },
    approval: { approvers: ['ana', 'ben'] },
    monitoring: { period: { every: '28 days' }, allowedLateness: { event: '1 day' }, truthCoverage: 1, minRows: 20 },
    heartbeatWithin: { wall: '2 seconds' },
    ...changes,
  } as never);
}

const found = async (version: string) => (await system.stores.facts.find('version', version)) ?? undefined;

async function daysOf(from: string, to: string): Promise<Day[]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date::TIMESTAMP), precipitation, temp_max, temp_min, wind,
       (lead(precipitation) OVER day > 0)::INT, (lead(temp_max) OVER day > 18)::INT, (lead(wind) OVER day > 4)::INT
     FROM read_csv('${file}') WHERE date >= '${from}' AND date <= '${to}' WINDOW day AS (ORDER BY date) ORDER BY date`
  );
  return rows.slice(0, -1).map(([us, precipitation, high, low, wind, ...flags]) => ({
    us: Number(us),
    numbers: {
      ...{ precipitation: Number(precipitation), temp_max: Number(high), temp_min: Number(low), wind: Number(wind) },
    },
    tomorrow: LABELS.filter((_, place) => Number(flags[place]) === 1),
  }));
}

async function ask<T>(path: string, body?: object): Promise<{ readonly status: number; readonly answer: T }> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${replica.address}/v2/models/${project}${path}`, sent);
  return { status: answer.status, answer: (await answer.json()) as T };
}

interface Answered {
  readonly parameters: { readonly labels: readonly string[] };
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
}

/** Each day is asked about as it begins; its truth comes a day later. Returns how many answers had every label right. */
async function serve(days: readonly Day[], truthOf: (day: Day) => readonly string[]): Promise<number> {
  let right = 0;
  for (const day of days) {
    const input = (name: string, datatype: string, value: number) => ({ name, datatype, shape: [1], data: [value] });
    const id = `day-${day.us}`;
    const at = (ms: number) => new Date(day.us / 1000 + ms).toISOString();
    const { status, answer } = await ask<Answered>('/infer', {
      id,
      parameters: { eventTime: at(0) },
      inputs: [
        input('date', 'INT64', day.us),
        ...Object.entries(day.numbers).map(([name, value]) => input(name, 'FP64', value)),
      ],
    });
    expect([status, answer]).toMatchObject([
      200,
      {
        parameters: { labels: LABELS },
        outputs: [
          { name: 'probability', datatype: 'FP32', shape: [1, 3] },
          { name: 'prediction', datatype: 'INT64', shape: [1, 3] },
        ],
      },
    ]);
    const [probability, prediction] = answer.outputs;
    expect(prediction!.data).toEqual(probability!.data.map((p) => (p >= 0.5 ? 1 : 0)));
    const truth = truthOf(day);
    const decided = LABELS.filter((_, place) => prediction!.data[place] === 1);
    if (decided.join() === truth.join()) right += 1;
    const known = { id, value: truth.toReversed(), eventTime: at(DAY_MS) };
    expect(await ask('/truth', known)).toMatchObject({ status: 200 });
  }
  return right;
}

test('the evaluation has metrics of all labels and of each, beside the rates of the training rows', async () => {
  await lifecycles.request(project, 1);
  const { evaluation, evidence, scores } = await evaluatedScores(system, `${project}/1`);
  const { candidate, baseline, task, rows, classes, importance } = evaluation.evaluation;
  expect([task, scores.length]).toEqual(['labels', rows * LABELS.length]);
  expect(Object.keys(candidate).slice(0, 4)).toEqual(['logLoss', 'microF1', 'macroF1', 'subsetAccuracy']);
  expect(candidate['logLoss']!.estimate).toBeLessThan(baseline['logLoss']!);
  expect(candidate['f1:warm']).toMatchObject({ method: 'day jackknife' });
  expect(classes!.map(({ name }) => name)).toEqual(LABELS);
  expect(importance!.map(({ column }) => column)).toContain('temp_max');
  expect(evaluation.gates).toMatchObject([{ outcome: 'passed' }, { gate: 'auc-warm', outcome: 'passed' }]);
  for (const line of [
    /^microF1 0\./,
    /^subsetAccuracy 0\./,
    /^label `warm`: \d+ rows, rate 0\.\d+, mean probability 0\.\d+, precision [01]\.\d+/,
  ])
    expect(evidence).toContainEqual(expect.stringMatching(line));
});

test('a version of labels is approved, and the endpoint says their order', async () => {
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const { answer } = await ask<{ readonly outputs: unknown; readonly parameters: unknown }>('');
  expect(answer.outputs).toEqual([
    { name: 'probability', datatype: 'FP32', shape: [-1, 3] },
    { name: 'prediction', datatype: 'INT64', shape: [-1, 3] },
  ]);
  expect(answer.parameters).toEqual({ labels: LABELS, decision_threshold: 0.5 });
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  expect(version.body.task).toEqual({ kind: 'labels', labels: LABELS, decisionThreshold: 0.5 });
  const { counts } = (await system.stores.facts.get(version.body.labelSet)).body;
  expect(Object.keys(counts)).toEqual(['label wet', 'label warm', 'label windy', 'no label', 'missing']);
  // The last day is taken once the next one is known.
  expect(counts['missing']).toBe(0);
  expect(counts['no label']).toBeGreaterThan(0);
});

test('a truth that is no list of the labels is refused', async () => {
  for (const value of ['wet', ['sunny'], { wet: 1 }, 1])
    expect(await ask('/truth', { id: 'nobody', value })).toMatchObject({
      status: 400,
      answer: { error: expect.stringMatching(/MLOPS_TRUTH_INVALID.*any of the labels wet, warm, windy/) as unknown },
    });
});

test('a window has the metrics of its answers, and the label that holds less often than predicted is a bias', async () => {
  const first = await daysOf(FIRST, SECOND);
  const right = await serve(first, ({ tomorrow }) => tomorrow);
  await serve(await daysOf(SECOND, END), () => []);
  const [judged, cold] = await judgedWindows(system, project, 2);
  expect(judged!.body).toMatchObject({ rows: first.length, truths: first.length });
  expect(judged!.body.setAside).toBeUndefined();
  expect(Object.keys(judged!.body.quality)).toEqual([
    'logLoss',
    'microF1',
    'macroF1',
    'subsetAccuracy',
    'logLossAgainstBaseline',
  ]);
  expect(judged!.body.quality['subsetAccuracy']!.estimate).toBeCloseTo(right / first.length, 12);
  expect(judged!.body.scoreDrift).toBeDefined();
  // A summer in which no day is warm.
  expect(cold!.body.bias).toMatchObject({ verdict: 'above', class: 'warm', meanTruth: 0 });
});

test('people see its labels: shown, on its card and its page, and in rows that are exported', async () => {
  const version = `${project}@1`;
  expect((await mlops(['show', `version/${version}`], system.env)).stdout).toMatch(/labels +wet, warm, windy/);
  const card = await mlops(['card', version], system.env);
  expect(card.stdout).toContain('Labels: wet, warm, windy. From a probability of 0.5 on one is decided to hold.');
  const page = join(system.folder, 'page.html');
  await mlopsJson(['report', version, '--out', page], system.env);
  expect(await readFile(page, 'utf8')).toContain('Each label: from 0.5 on one is decided to hold');
  const rows = join(system.folder, 'rows.csv');
  await mlopsJson(['export', version, '--with', 'labels', '--out', rows], system.env);
  const wrong = await duckdbQuery(
    `SELECT count(*) FILTER (__label IS DISTINCT FROM tomorrow), count(*) FILTER (__label = 'wet;windy')
     FROM read_csv('${rows}', all_varchar = true, nullstr = 'NA')`
  );
  expect(wrong.map(([other, both]) => [Number(other), Number(both) > 0])).toEqual([[0, true]]);
});

test('a next cycle learns from the answers whose truths are known, where [] says that no label holds', async () => {
  const numbers = ['precipitation', 'temp_max', 'temp_min', 'wind'] as const;
  const learning = tomorrowProject({
    sources: {},
    source: {
      reader: { predictions: { project } },
      columns: {
        ...Object.fromEntries(numbers.map((name) => [name, 'number'])),
        decided: { type: 'string', from: 'prediction.decision', missing: [] },
        tomorrow: { type: 'string', from: 'truth.value', missing: [] },
        at: { type: 'timestamp', from: 'prediction.eventTime' },
        known: { type: 'timestamp', from: 'truth.knownAt' },
        id: { type: 'string', from: 'prediction.id' },
      },
      key: ['id'],
      eventTime: 'at',
      knownAt: { column: 'known' },
    },
    label: { ...documented.label, version: 2 },
    features: numbers.map((column) => ({ transform: 'standardize', column })),
    model: { linear: {} },
    period: { every: '7 days' },
    split: { by: 'time', testPeriods: 1, minTrainRows: 30, minTestRows: 5 },
  });
  const first = await daysOf(FIRST, SECOND);
  const second = (await daysOf(SECOND, END)).length;
  await eventually('all truths are shipped', async () => {
    const { truths } = await countStored(system.stores, project);
    return truths === first.length + second ? true : undefined;
  });
  expect(await system.client.apply(learning, by('cem'))).toMatchObject({ outcome: 'accepted' });
  await system.client.retrain(project, { ...by('cem'), asOf: `${END}T00:00:00Z` });
  const version = await eventually('the version', () => found(`${project}/2`));
  const { counts } = (await system.stores.facts.get(version.body.labelSet)).body;
  const having = (name: string) => first.filter(({ tomorrow }) => tomorrow.includes(name)).length;
  expect(counts).toEqual({
    'label wet': having('wet'),
    'label warm': having('warm'),
    'label windy': having('windy'),
    'no label': first.filter(({ tomorrow }) => tomorrow.length === 0).length + second,
    missing: 0,
  });
  const { parameters } = (await system.stores.facts.get(version.body.run)).body;
  expect(parameters).toMatchObject({ converged: true, layers: ['weights [4, 3]', 'biases [3]'] });
});

test('a project keeps its labels, and their order', async () => {
  const objective = { ...documented.objective, labels: LABELS.toReversed() };
  expect(await system.client.apply(tomorrowProject({ objective }), by('cem'))).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/objective\.labels: are not wet, warm, windy/) as unknown,
  });
});
