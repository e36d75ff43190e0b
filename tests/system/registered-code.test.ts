/** A project whose every exchangeable part is the user's own: reader, labeler, trainer, metric, notifier. */
import { randomUUID } from 'node:crypto';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';
import { eventually } from '../support/eventually';
import { type KeptNotices, keptNotices } from '../support/kept-notices';
import { cycleIn } from '../support/lifecycles';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const MACHINES = require.resolve('../support/registered/machines');

let system: TestSystem;
let project: string;
let notices: KeptNotices;
let worker: { stop(): Promise<void> };
let definition: ProjectDefinition;

beforeAll(async () => {
  system = await openSystem('own-code');
  project = system.name.slice(0, 40);
  notices = keptNotices(system.folder);
  worker = await system.startWorker({ registered: [MACHINES, notices.module] });
});
afterAll(async () => {
  await system.client.stop(project, { id: randomUUID(), by: 'operator' });
  await system.close();
});

test('from a reader’s rows to a trainer’s model, judged by a metric and told by a notifier', async () => {
  definition = defineProject({
    name: project,
    source: {
      // Some 600 parts: more than a workflow could carry.
      reader: { registered: 'sensors', params: { partRows: 2 } },
      columns: { at: 'timestamp', celsius: 'number', seconds_to_know: 'integer' },
      eventTime: 'at',
      knownAt: { eventTimePlus: { minutes: 1 } },
    },
    label: { name: 'fails', labeler: { registered: 'hot', params: { above: 35 } } },
    model: { trainer: { registered: 'thermostat', params: { threshold: 35, byBatch: true } } },
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
  const cycle = await cycleIn(system, { project, number: 1, state: 'waiting' });
  const [snapshot, labelSet, run, evaluation] = await Promise.all([
    system.stores.facts.get({ kind: 'snapshot', id: cycle.refs.snapshot!.id }),
    system.stores.facts.get({ kind: 'labelSet', id: cycle.refs.labelSet!.id }),
    system.stores.facts.get({ kind: 'run', id: cycle.refs.run!.id }),
    system.stores.facts.get({ kind: 'evaluation', id: cycle.refs.evaluation!.id }),
  ]);
  expect(snapshot.body.rows).toBe(49 * 24);
  expect(labelSet.body.counts['0']! + labelSet.body.counts['1']!).toBe(49 * 24);
  expect(run.body).toMatchObject({ trainer: 'thermostat 1', epochs: [{ epoch: 1, rows: run.body.rows, loss: 0.1 }] });
  // Its trainer takes columns: without features nothing is fitted.
  const fitted = await system.stores.facts.get({ kind: 'featureSet', id: cycle.refs.featureSet!.id });
  expect(fitted.body).toMatchObject({ trainRows: run.body.rows, denseWidth: 0, embeddings: [] });
  expect(fitted.artifacts.map(({ name }) => name)).toEqual(['dependencies']);
  // What depends on the batch is named from the run to the approver.
  expect(run.body.tolerance).toEqual(['Softplus']);
  expect((await system.stores.facts.get({ kind: 'version', id: cycle.refs.version!.id })).body.tolerance).toEqual([
    'Softplus',
  ]);
  const { evidence } = await eventually(
    'the request’s record',
    async () => (await raw(system.stores).requests.findOne({ _id: `${project}/1` })) ?? undefined
  );
  expect(evidence).toContain('scores may differ within rounding by the batch they are computed in: Softplus');
  expect(run.step?.version).toMatch(/^registered 1 [0-9a-f]{12}$/);
  expect(evaluation.body.evaluation.candidate.auc?.estimate).toBe(1);
  expect(evaluation.body.evaluation.candidate.shareHot).toMatchObject({
    estimate: expect.closeTo(0.508, 1) as unknown,
    method: 'registered, no interval',
  });
  expect(evaluation.body.gates).toMatchObject([{ gate: 'some-are-hot', outcome: 'passed' }]);
  await eventually('the notice', () => notices.all().find((notice) => notice.kind === 'approval-requested'));
});

test('the same version with other source is refused, in words', async () => {
  await worker.stop();
  const changed = require.resolve('../support/registered/changed');
  await system.startWorker({ registered: [changed, notices.module] });
  const answer = await system.client.apply(definition, { id: randomUUID(), by: 'cem' });
  expect(answer).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/MLOPS_CODE_CHANGED.*\/labeler\/hot\/1/) as unknown,
  });
});
