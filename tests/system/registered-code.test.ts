/** A project whose every exchangeable part is the user's own: reader, labeler, trainer, metric, notifier. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { CycleDocument } from '../../src/domain/records';
import type { Notice } from '../../src/notify';
import { defineProject } from '../../src/project/define-project';
import type { RegisteredCode, Row } from '../../src/project/registry';
import { eventually } from '../support/eventually';
import { openSystem, type TestSystem } from '../support/system';
import { thermometer } from '../support/thermometer';

const notices: Notice[] = [];
let trainedRows = 0;

/** 60 days of sensor readings: hot ones fail. */
function readings(asOf: string): Row[] {
  const rows = Array.from({ length: 60 * 24 }, (_, hour) => ({
    at: new Date(Date.UTC(2026, 0, 1, hour)),
    celsius: 20 + ((hour * 7919) % 61) / 2,
    seconds_to_know: 60,
  }));
  return rows.filter((row) => row.at.getTime() <= Date.parse(asOf));
}

const registered: Partial<RegisteredCode> = {
  readers: {
    sensors: {
      version: '1',
      async *read({ asOf }) {
        const rows = readings(asOf);
        for (let from = 0; from < rows.length; from += 500) yield { rows: rows.slice(from, from + 500) };
      },
    },
  },
  labelers: {
    hot: {
      version: '1',
      label: (rows, params) => rows.map((row) => ((row.celsius as number) > (params.above as number) ? 1 : 0)),
    },
  },
  trainers: {
    thermostat: {
      version: '1',
      async train({ rows, folder, params }) {
        for await (const batch of rows) trainedRows += batch.rows.length;
        await writeFile(join(folder, 'thermostat.onnx'), thermometer(params.threshold as number));
        return { model: 'thermostat.onnx', epochs: [{ epoch: 1, rows: trainedRows, loss: 0.1 }] };
      },
    },
  },
  metrics: {
    shareHot: {
      version: '1',
      compute: ({ scores }) => scores.reduce((sum, score) => sum + Number(score > 0.5), 0) / scores.length,
    },
  },
  notifiers: { kept: { version: '1', notify: (notice) => void notices.push(notice) } },
};

let system: TestSystem;
let project: string;
let worker: { stop(): Promise<void> };
let definition: ProjectDefinition;

beforeAll(async () => {
  system = await openSystem('own-code');
  project = system.name.slice(0, 40);
  worker = await system.startWorker({ registered });
});
afterAll(async () => {
  await system.client.stop(project, { id: randomUUID(), by: 'operator' });
  await system.close();
});

test('from a reader’s rows to a trainer’s model, judged by a metric and told by a notifier', async () => {
  definition = defineProject({
    name: project,
    source: {
      reader: { registered: 'sensors' },
      columns: { at: 'timestamp', celsius: 'number', seconds_to_know: 'integer' },
      eventTime: 'at',
      knownAt: { eventTimePlus: { minutes: 1 } },
    },
    label: { name: 'fails', labeler: { registered: 'hot', params: { above: 35 } } },
    features: [{ transform: 'standardize', column: 'celsius' }],
    model: { trainer: { registered: 'thermostat', params: { threshold: 35 } } },
    split: { minTrainRows: 100, minTestRows: 100 },
    metrics: [{ registered: 'shareHot' }],
    gates: [
      { name: 'some-are-hot', metric: 'shareHot', against: 'value', atLeast: 0.2, atMost: 0.8, severity: 'blocking' },
    ],
    approval: { approvers: ['ana'] },
    notifiers: [{ registered: 'kept' }],
  });
  expect(await system.client.start({ definition, asOf: '2026-02-19T00:00:00Z', by: 'cem' })).toMatchObject({
    outcome: 'accepted',
  });
  const cycle = await eventually('the request', async (): Promise<CycleDocument | undefined> => {
    const found = await system.stores.moving.cycles.findOne({ _id: `${project}/1` });
    if (found?.state === 'failed') throw new Error(found.failure);
    return found?.state === 'waiting' ? found : undefined;
  });
  const [snapshot, labelSet, run, evaluation] = await Promise.all([
    system.stores.facts.get({ kind: 'snapshot', id: cycle.refs.snapshot!.id }),
    system.stores.facts.get({ kind: 'labelSet', id: cycle.refs.labelSet!.id }),
    system.stores.facts.get({ kind: 'run', id: cycle.refs.run!.id }),
    system.stores.facts.get({ kind: 'evaluation', id: cycle.refs.evaluation!.id }),
  ]);
  expect(snapshot.body.rows).toBe(49 * 24);
  expect(labelSet.body.counts['0']! + labelSet.body.counts['1']!).toBe(49 * 24);
  expect(run.body).toMatchObject({ trainer: 'thermostat 1', rows: trainedRows, epochs: [{ epoch: 1, loss: 0.1 }] });
  expect(run.step?.version).toBe('registered 1');
  expect(evaluation.body.evaluation.candidate.auc?.estimate).toBe(1);
  expect(evaluation.body.evaluation.candidate.shareHot).toMatchObject({
    estimate: expect.closeTo(0.508, 1) as unknown,
    method: 'registered, no interval',
  });
  expect(evaluation.body.gates).toMatchObject([{ gate: 'some-are-hot', outcome: 'passed' }]);
  await eventually('the notice', () => notices.find((notice) => notice.kind === 'approval-requested'));
}, 120_000);

test('the same version with other source is refused, in words', async () => {
  await worker.stop();
  const changed = {
    ...registered,
    labelers: { hot: { version: '1', label: (rows: readonly Row[]) => rows.map(() => null) } },
  };
  await system.startWorker({ registered: changed });
  const answer = await system.client.apply(definition, { id: randomUUID(), by: 'cem' });
  expect(answer).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/MLOPS_CODE_CHANGED.*labeler\/hot\/1/) as unknown,
  });
});
