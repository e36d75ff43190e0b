import { shadowPairs } from '../../../src/activities/monitoring/shadow-pairs';
import type { PredictionRecord, TruthRecord } from '../../../src/domain/endpoint';
import type { RolloutDocument } from '../../../src/domain/rollout';
import { logLossOf } from '../../../src/engines/stats/tasks/binary';
import type { Stores } from '../../../src/stores/connect';
import { recordWriter } from '../../../src/stores/predictions';
import { dropStores, ownStores, served, versionRef } from '../../stores/served';

const DAY_MS = 86_400_000;
const FROM = '2001-05-10T18:00:00.000Z';

let stores: Stores;
beforeAll(async () => {
  stores = await ownStores('shadow');
});
afterAll(() => dropStores(stores));

const rollout: RolloutDocument = {
  _id: 'mlops/flights/2/deploy/run',
  v: 1,
  project: 'flights',
  endpoint: 'flights',
  workflowId: 'mlops/flights/2/deploy',
  kind: 'rollout',
  epoch: 2,
  version: versionRef('flights', 2),
  served: served('flights', 2),
  former: served('flights', 1),
  steps: [{ name: 'shadow', share: 0, shadow: true, for: { event: '3 days' } }],
  minReplicas: 1,
  replicasWithin: { wall: '1 second' },
  passed: 0,
  answered: { requests: 0, errors: 0 },
  reason: 'a test',
  revision: 5,
  from: FROM,
  until: '2001-05-13T18:00:00.000Z',
  startedAt: new Date(),
};

function prediction(id: string, day: number, changes: Partial<PredictionRecord> = {}): PredictionRecord {
  const eventTime = new Date(Date.parse(FROM) + day * DAY_MS);
  return {
    _id: id,
    v: 1,
    version: 1,
    route: 'champion',
    revision: 7,
    eventTime,
    inputs: {},
    score: 0.3,
    decision: 0,
    shadow: { version: 2, score: 0.2 },
    replica: 'r1',
    receivedAt: new Date(),
    ...changes,
  };
}

test('pairs are both answers to one request of this rollout; truth, where it is known, says who was nearer', async () => {
  expect(await shadowPairs(stores, rollout)).toBeUndefined();
  const pairs = [0, 1, 2].flatMap((day) => [
    prediction(`a${day}`, day, { shadow: { version: 2, score: 0.2 - day / 100 } }),
    prediction(`b${day}`, day),
  ]);
  const { shadow: _, ...alone } = prediction('alone', 0);
  await recordWriter(stores, 'flights').insertPredictions([
    ...pairs,
    alone,
    prediction('synthetic', 0, { synthetic: true }),
    prediction('earlier-rollout', 0, { revision: 4 }),
    prediction('other', 0, { shadow: { version: 3, score: 0.9 } }),
    prediction('earlier', -1),
  ]);
  const scored = await shadowPairs(stores, rollout);
  expect(scored).toMatchObject({ pairs: 6, score: { blocks: 3, confidence: 0.95 } });
  expect(scored?.score.estimate).toBeCloseTo(-(6 * 0.1 + 0.03) / 6, 12);
  expect(scored?.loss).toBeUndefined();

  const known = pairs.filter(({ _id }) => _id.startsWith('b'));
  const truths: TruthRecord[] = known.map(({ _id, eventTime }) => ({
    _id: `${_id}#0`,
    v: 1,
    prediction: _id,
    revision: 0,
    value: 0,
    knownAt: eventTime!,
    receivedAt: new Date(),
  }));
  await recordWriter(stores, 'flights').insertTruths(truths);
  const judged = await shadowPairs(stores, rollout);
  expect(judged?.loss).toMatchObject({ metric: 'logLoss', pairs: 3, blocks: 3 });
  expect(judged?.loss?.estimate).toBeCloseTo(logLossOf(0.2, 0) - logLossOf(0.3, 0), 12);
});

test('of classes it is how far their probabilities are apart, and the truth a name', async () => {
  const task = { kind: 'classes', classes: ['rain', 'snow', 'sun'] } as const;
  const ofClasses = { ...rollout, endpoint: 'weather', served: { ...served('weather', 2), task } };
  const pairs = [0, 1].map((day) => {
    const candidate = [0.6, 0.1, 0.3];
    return prediction(`w${day}`, day, {
      score: [0.5, 0.4, 0.1],
      decision: 'rain',
      shadow: { version: 2, score: candidate },
    });
  });
  const writer = recordWriter(stores, 'weather');
  await writer.insertPredictions(pairs);
  await writer.insertTruths(
    pairs.map(({ _id, eventTime }) => ({
      ...{ _id: `${_id}#0`, v: 1, prediction: _id, revision: 0, value: 'snow' },
      ...{ knownAt: eventTime!, receivedAt: new Date() },
    }))
  );
  const judged = await shadowPairs(stores, ofClasses);
  // (0.1 + 0.3 + 0.2) ÷ 2
  expect(judged).toMatchObject({ pairs: 2, score: { blocks: 2, estimate: expect.closeTo(0.3, 12) as number } });
  expect(judged?.loss).toMatchObject({ metric: 'logLoss', pairs: 2 });
  expect(judged?.loss?.estimate).toBeCloseTo(Math.log(0.4) - Math.log(0.1), 6);
});

test('of labels it is the mean of how far each one’s probabilities are apart, and the truth a text of names', async () => {
  const task = { kind: 'labels', labels: ['late', 'far'], decisionThreshold: 0.5 } as const;
  const ofLabels = { ...rollout, endpoint: 'trips', served: { ...served('trips', 2), task } };
  const pairs = [0, 1].map((day) =>
    prediction(`l${day}`, day, { score: [0.5, 0.4], decision: 'late', shadow: { version: 2, score: [0.6, 0.1] } })
  );
  const writer = recordWriter(stores, 'trips');
  await writer.insertPredictions(pairs);
  await writer.insertTruths(
    pairs.map(({ _id, eventTime }) => ({
      ...{ _id: `${_id}#0`, v: 1, prediction: _id, revision: 0, value: 'far' },
      ...{ knownAt: eventTime!, receivedAt: new Date() },
    }))
  );
  const judged = await shadowPairs(stores, ofLabels);
  // (0.1 + 0.3) ÷ 2
  expect(judged).toMatchObject({ pairs: 2, score: { blocks: 2, estimate: expect.closeTo(0.2, 12) as number } });
  expect(judged?.loss).toMatchObject({ metric: 'logLoss', pairs: 2 });
  expect(judged?.loss?.estimate).toBeCloseTo(
    (logLossOf(0.6, 0) + logLossOf(0.1, 1) - logLossOf(0.5, 0) - logLossOf(0.4, 1)) / 2,
    6
  );
});

test('a rollout whose clock never started, or without a champion, has none', async () => {
  const { from: _, ...unstarted } = rollout;
  expect(await shadowPairs(stores, unstarted)).toBeUndefined();
  const { former: __, ...first } = rollout;
  expect(await shadowPairs(stores, first)).toBeUndefined();
});
