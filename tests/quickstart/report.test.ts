/** What the quickstart ends with, on a recorded story: one line of JSON, a table, and nothing counted too early. */
import { parseOptions, type QuickstartOptions } from '../../scripts/quickstart/options';
import { type Result, report, type Reported } from '../../scripts/quickstart/report';
import { Traffic } from '../../scripts/quickstart/traffic';
import { digestOf } from '../../src/runtime/digest';
import type { PredictionRecord } from '../../src/domain/endpoint';
import type { FactBodies } from '../../src/domain/records';
import type { FactKind, Ref } from '../../src/domain/refs';
import { countStored, recordWriter } from '../../src/stores/predictions';
import { smallProject } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const PROJECT = 'flights-7';
const MODEL = digestOf('model');
const JANUARY = { from: '2001-01-25T00:00:00.000Z', to: '2001-02-01T00:00:00.000Z' };
const APRIL = { from: '2001-04-19T00:00:00.000Z', to: '2001-04-26T00:00:00.000Z' };

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem('report');
  await recordStory();
});
afterAll(() => system.close());

async function commit<K extends FactKind>(kind: K, _id: string, body: unknown): Promise<Ref<K>> {
  const digest = digestOf(body);
  await system.stores.facts.commit({
    _id,
    kind,
    digest,
    inputs: [],
    artifacts: [],
    body: body as FactBodies[K],
  });
  return { kind, id: _id, digest };
}

/** Two cycles, the second by a trigger; a week whose drift was suppressed, and corrected later; three predictions. */
async function recordStory(): Promise<void> {
  const stored = raw(system.stores);
  const window = (of: typeof APRIL) => `${PROJECT}/${of.from}/r0`;
  for (const number of [1, 2]) {
    const metric = { estimate: 0.64 + number / 100, low: 0, high: 1 };
    const evaluation = await commit('evaluation', digestOf(`evaluation ${number}`), {
      evaluation: { rows: 100 * number, candidate: { auc: metric, logLoss: metric } },
    });
    const split = { by: 'time', train: { to: JANUARY.from }, test: JANUARY, knownBy: JANUARY.to };
    const version = { project: PROJECT, number, model: { digest: MODEL }, split, trainRows: 1000 * number };
    const about = [await commit('version', `${PROJECT}/${number}`, version), evaluation];
    const request = { _id: `${PROJECT}/${number}`, project: PROJECT, about };
    await stored.requests.insertOne(request as never);
    const decision = { request: request._id, by: 'ana', verdict: 'approve', digest: MODEL, callerIdentity: '7@here' };
    await commit('decision', `${request._id}/ana`, decision);
    const cause = number === 1 ? { kind: 'start', detail: 'it began' } : { kind: 'bias', detail: 'too high' };
    const causes = [{ ...cause, ...(number === 2 ? { window: window(APRIL) } : {}) }];
    await stored.cycles.insertOne({ _id: request._id, project: PROJECT, cycle: number, causes } as never);
  }
  const gap = { estimate: 0.07, low: 0.01, high: 0.13 };
  for (const revision of [0, 1]) {
    await commit('window', `${PROJECT}/${APRIL.from}/r${revision}`, {
      endpoint: PROJECT,
      period: APRIL,
      revision,
      version: 1,
      rows: 280 + revision,
      coverage: 0.96,
      dataQuality: { verdict: 'failed' },
      drift: [
        { column: 'distance', verdict: 'drift' },
        { column: 'origin', verdict: 'none' },
      ],
      bias: { gap, verdict: 'above' },
      triggers: [
        { on: 'drift', detail: 'distance', outcome: 'suppressed: data quality' },
        { on: 'bias', detail: 'too high', outcome: 'fired' },
      ],
    });
  }
  const alias = { _id: `${PROJECT}/champion`, v: 1, revision: 1, version: `${PROJECT}/2`, number: 2, digest: MODEL };
  await stored.aliases.insertOne(alias as never);
  await recordWriter(system.stores, PROJECT).insertPredictions([prediction('a'), prediction('b')]);
  await recordWriter(system.stores, PROJECT).insertPredictions([{ ...prediction('p'), synthetic: true }]);
  const truth = { v: 1, prediction: '20010203-a', knownAt: new Date('2001-02-05'), receivedAt: new Date() } as const;
  await recordWriter(system.stores, PROJECT).insertTruths([{ ...truth, _id: '20010203-a#0', revision: 0, value: 1 }]);
}

function prediction(id: string): PredictionRecord {
  const answer = { version: 1, route: 'champion', revision: 1, score: 0.5, decision: 0, replica: 'one' } as const;
  const eventTime = new Date('2001-02-03T12:00:00Z');
  return { _id: `20010203-${id}`, v: 1, ...answer, eventTime, inputs: {}, receivedAt: new Date() };
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** @param sent what the driver has had an answer to */
async function reported(
  args: readonly string[],
  changes: Partial<Reported> = {},
  sent = { predictions: 2, truths: 1 }
): Promise<Said> {
  const traffic = new Traffic({ endpoint: 'http://127.0.0.1:1', model: PROJECT, flights: [] });
  Object.assign(traffic, sent);
  const said = { stdout: '', stderr: '' };
  const hear = (stream: 'stdout' | 'stderr') =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    });
  const spies = [hear('stdout'), hear('stderr')];
  try {
    await report({
      stores: system.stores,
      definition: smallProject(PROJECT, 'flights.parquet'),
      options: parseOptions(args) as QuickstartOptions,
      februaryAuc: Promise.resolve(0.6556),
      traffic,
      temporalUi: 'http://127.0.0.1:8233',
      endpoint: 'http://127.0.0.1:4000',
      ...changes,
    });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return said;
}

test('--json: standard output is one line, one object with all that it promises', async () => {
  const { stdout, stderr } = await reported(['--yes', '--json']);
  expect(stdout).toMatch(/^\{.*\}\n$/);
  const result = JSON.parse(stdout) as Result;
  const cycle = { trainedOn: { to: JANUARY.from }, testedOn: JANUARY, digest: MODEL };
  expect(result).toEqual({
    project: PROJECT,
    cycles: [
      {
        ...cycle,
        trainedOn: { to: JANUARY.from, rows: 1000 },
        testedOn: { ...JANUARY, rows: 100 },
        version: 1,
        auc: 0.65,
        logLoss: 0.65,
      },
      {
        ...cycle,
        trainedOn: { to: JANUARY.from, rows: 2000 },
        testedOn: { ...JANUARY, rows: 200 },
        version: 2,
        auc: 0.66,
        logLoss: 0.66,
      },
    ],
    februaryAuc: 0.6556,
    champion: { model: PROJECT, version: 2, digest: MODEL },
    decisions: [1, 2].map((number) => ({
      request: `${PROJECT}/${number}`,
      by: 'ana',
      verdict: 'approve',
      digest: MODEL,
      callerIdentity: '7@here',
    })),
    triggers: [
      { cycle: 1, cause: 'start', detail: 'it began', outcome: 'fired' },
      { cycle: 2, cause: 'bias', detail: 'too high', window: `${PROJECT}/${APRIL.from}/r0`, outcome: 'fired' },
      {
        cause: 'drift',
        detail: 'distance',
        window: `${PROJECT}/${APRIL.from}/r0`,
        outcome: 'suppressed: data quality',
      },
    ],
    windows: [
      {
        ...APRIL,
        version: 1,
        rows: 280,
        coverage: 0.96,
        dataQuality: 'failed',
        drifted: ['distance'],
        bias: 0.07,
        biasLow: 0.01,
        biasHigh: 0.13,
        biasVerdict: 'above',
      },
    ],
    shadow: null,
    predictions: 2,
    truths: 1,
    temporalUi: 'http://127.0.0.1:8233',
    endpoint: 'http://127.0.0.1:4000',
    seconds: expect.any(Number) as number,
  });
  expect(stderr).toContain('champion: version 2');
});

test('without --json the table is what standard output has, with the places to look and what stays open', async () => {
  const { stdout, stderr } = await reported(['--yes']);
  expect(stderr).toBe('');
  expect(stdout).not.toContain('{"');
  for (const line of [
    'version 1 on all flights of February: AUC 0.6556',
    'drift: distance (suppressed: data quality)',
    'windows: 1 judged; a feature drifted in 1 (2001-04-19)',
    '2 predictions and 1 truths stored',
    `http://127.0.0.1:8233/namespaces/default/workflows?query=MlopsProject%20%3D%20'${PROJECT}'`,
    `http://127.0.0.1:4000/v2/models/${PROJECT}`,
    `npx mlops show version/${PROJECT}@2`,
    `Lifecycle and monitor of ${PROJECT} stay open: npx mlops stop ${PROJECT} `,
    'it ends this worker and this endpoint',
  ]) {
    expect(stdout).toContain(line);
  }
});

test('with a server of one’s own no address of a UI is made up', async () => {
  const { stdout, stderr } = await reported(['--json'], { temporalUi: undefined });
  expect((JSON.parse(stdout) as Result).temporalUi).toBeNull();
  expect(stderr).toContain(
    `Temporal UI   of your server (MLOPS_TEMPORAL_UI makes this a link): MlopsProject = '${PROJECT}'`
  );
  expect(stderr).not.toContain('8233');
});

test('what was sent last is waited for while it is still in the spool', async () => {
  let told = false;
  const reporting = reported(['--json'], {}, { predictions: 3, truths: 1 }).finally(() => {
    told = true;
  });
  for (let look = 0; look < 20; look += 1) await countStored(system.stores, PROJECT);
  expect(told).toBe(false);
  await recordWriter(system.stores, PROJECT).insertPredictions([prediction('c')]);
  expect(JSON.parse((await reporting).stdout)).toMatchObject({ predictions: 3, truths: 1 });
});
