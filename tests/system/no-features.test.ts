/** A definition without features, whose registered trainer takes columns: from the rows to answers, windows and the same bytes again. A story. */
import { join } from 'node:path';
import type { ReproduceResult } from '../../src/domain/reproduce';
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { mlops, mlopsJson } from '../cli/mlops';
import { judgedWindows } from '../support/judged-windows';
import { Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

const MACHINES = require.resolve('../support/registered/machines');
const HOT = 35;
const DAY = 86_400_000;
const AS_OF = Date.parse('2026-02-19T00:00:00Z');

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;

beforeAll(async () => {
  system = await openSystem('no-features');
  lifecycles = new Lifecycles(system, '');
  project = lifecycles.define().name;
  await system.startWorker({ registered: [MACHINES] });
  replica = await startReplica(system, project);
  const definition = defineProject({
    name: project,
    source: {
      reader: { registered: 'sensors' },
      columns: { at: 'timestamp', celsius: 'number', broke: 'integer', seconds_to_know: 'integer' },
      eventTime: 'at',
      knownAt: { eventTimePlus: { minutes: 1 } },
    },
    label: { name: 'fails', labeler: { rule: { column: 'broke', op: '=', value: 1 } } },
    model: { trainer: { registered: 'thermostat', params: { threshold: HOT } } },
    period: { every: '1 day' },
    split: { testPeriods: 14, minTrainRows: 100, minTestRows: 100 },
    gates: [{ metric: 'auc', against: 'baseline', atLeast: 0.2 }],
    monitoring: { minRows: 50, truthCoverage: 1 },
    approval: { approvers: ['ana'] },
    rollout: { steps: [{ name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } }] },
  });
  await lifecycles.start(definition, new Date(AS_OF).toISOString());
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

async function ask<T>(path: string, body?: object): Promise<{ readonly status: number; readonly answer: T }> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${replica.address}/v2/models/${project}${path}`, sent);
  return { status: answer.status, answer: (await answer.json()) as T };
}

/** A reading and, an hour later, whether the machine broke. */
async function serve(at: number, celsius: number): Promise<void> {
  const id = String(at);
  const eventTime = new Date(at).toISOString();
  const inputs = [{ name: 'celsius', datatype: 'FP64', shape: [1], data: [celsius] }];
  const { answer } = await ask<{ readonly outputs: readonly { readonly data: readonly number[] }[] }>('/infer', {
    ...{ id, parameters: { eventTime }, inputs },
  });
  const score = 1 / (1 + Math.exp(HOT - celsius));
  expect(answer.outputs[0]!.data[0]).toBeCloseTo(score, 5);
  expect(await ask('/truth', { id, value: celsius > HOT ? 1 : 0, eventTime })).toMatchObject({ status: 200 });
}

const windows = (count: number) => judgedWindows(system, project, count);

test('the version’s signature is what its graph reads, its evaluation shuffles those columns, and no feature is fitted', async () => {
  await lifecycles.request(project, 1);
  const { body } = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  expect(body.signature.inputs).toMatchObject([{ name: 'celsius', column: 'celsius', datatype: 'FP64', shape: [-1] }]);
  const { definition } = (await system.stores.facts.get(body.definition)).body;
  expect(definition.features).toEqual([]);
  const fitted = await system.stores.facts.get(body.features);
  expect(fitted.artifacts.map(({ name }) => name)).toEqual(['dependencies']);
  const evaluation = await raw(system.stores).facts('evaluation').findOne({});
  expect(evaluation!.body.evaluation.importance).toMatchObject([{ column: 'celsius' }]);
});

test('the endpoint says and checks the columns that the model reads, not those that are declared', async () => {
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const { answer } = await ask<{ readonly inputs: unknown }>('');
  expect(answer.inputs).toEqual([{ name: 'celsius', datatype: 'FP64', shape: [-1] }]);
  const input = (name: string, datatype: string, value: unknown) => ({ name, datatype, shape: [1], data: [value] });
  expect((await ask('/infer', { inputs: [input('celsius', 'BYTES', 'hot')] })).status).toBe(400);
  expect((await ask('/infer', { inputs: [input('at', 'INT64', 1)] })).status).toBe(400);
});

test('windows watch the columns that the model reads, beside its test rows', async () => {
  for (let n = 0; n < 192; n += 1) {
    const usual = 20 + ((n * 7919) % 61) / 2;
    await serve(AS_OF + n * (DAY / 96), n < 96 ? usual : usual + 15);
  }
  // Past the second day, and what may come late.
  await serve(AS_OF + 2.5 * DAY, 20);
  const [first, second] = await windows(2);
  expect(first!.body).toMatchObject({
    rows: 96,
    truths: 96,
    drift: [{ column: 'celsius', verdict: 'none' }],
    dataQuality: { verdict: 'passed' },
  });
  expect(second!.body).toMatchObject({ rows: 96, drift: [{ column: 'celsius', verdict: 'drift' }] });
});

test('it is made again from its record, to the same bytes', async () => {
  const { outcome, steps } = await mlopsJson<ReproduceResult>(['reproduce', `${project}@1`], system.env);
  expect([outcome, ...steps.map(({ step }) => step)]).toEqual(['identical', 'label', 'fit', 'train']);
});

test('its card, its report, its record and its comparison say so, and fail of nothing', async () => {
  const card = await mlops(['card', `${project}@1`], system.env);
  expect([card.code, card.stdout]).toEqual([0, expect.stringContaining('None are declared: the model reads columns')]);
  for (const command of [
    ['show', `version/${project}@1`],
    ['report', `${project}@1`, '--out', join(system.folder, 'page.html')],
    ['retrain', project, '--as-of', '2026-02-20T00:00:00Z', '--by', 'cem'],
  ])
    expect([command, await mlops(command, system.env)]).toEqual([command, expect.objectContaining({ code: 0 })]);
  await lifecycles.decide(project, 2, 'reject');
  await lifecycles.cycle(project, 2, 'finished');
  const compared = await mlops(['compare', `${project}@1`, `${project}@2`], system.env);
  expect([compared.code, compared.stderr]).toEqual([0, '']);
});
