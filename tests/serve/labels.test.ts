/** An endpoint of labels: a probability for each, which of them are decided to hold, and truths that are lists of names. */
import { request } from 'undici';
import type { PredictionRecord } from '../../src/domain/endpoint';
import { flightRequest, labelsVersion } from './flights-model';
import { openServing } from './serving';
import { openTwoVersions, type OutputTensor, threeFlights, type TwoVersions } from './two-versions';

const LABELS = ['late', 'far away', '7', 'full'];

let endpoint: TwoVersions;

beforeEach(async () => {
  endpoint = await openTwoVersions(labelsVersion(1, LABELS), labelsVersion(2, LABELS));
});
afterEach(() => endpoint.close());

test('an answer has a probability for each label, row after row, and 1 for those from the threshold on', async () => {
  const { body } = await endpoint.post('infer', threeFlights());
  expect(body['parameters']).toMatchObject({ labels: LABELS });
  const [probability, prediction] = body['outputs'] as readonly [OutputTensor, OutputTensor];
  expect(probability).toMatchObject({ name: 'probability', datatype: 'FP32', shape: [3, 4] });
  expect(prediction).toMatchObject({ name: 'prediction', datatype: 'INT64', shape: [3, 4] });
  expect(prediction.data).toEqual(probability.data.map((p) => (Number(p) >= 0.5 ? 1 : 0)));
  expect(new Set(prediction.data)).toEqual(new Set([0, 1]));
  const records: readonly PredictionRecord[] = await endpoint.serving.records();
  const rows = [0, 1, 2].map((row) => [0, 1, 2, 3].map((place) => row * 4 + place));
  expect(records.map(({ score }) => score)).toEqual(rows.map((places) => places.map((at) => probability.data[at])));
  expect(records.map(({ decision }) => decision)).toEqual(
    rows.map((places) => LABELS.filter((_, place) => prediction.data[places[place]!] === 1).join(';'))
  );
  expect(records.map(({ shadow }) => (shadow!.score as readonly number[]).length)).toEqual([4, 4, 4]);
});

test('a request that comes again gets the same answer', async () => {
  const first = await endpoint.post('infer', threeFlights());
  expect(await endpoint.post('infer', threeFlights())).toEqual(first);
});

test('the metadata have the shapes, the labels and the threshold', async () => {
  const { body } = await request(endpoint.address);
  expect(await body.json()).toMatchObject({
    outputs: [
      { name: 'probability', datatype: 'FP32', shape: [-1, 4] },
      { name: 'prediction', datatype: 'INT64', shape: [-1, 4] },
    ],
    parameters: { labels: LABELS, decision_threshold: 0.5 },
  });
});

test('one output may be asked for', async () => {
  const { body } = await endpoint.post('infer', { ...flightRequest(), outputs: [{ name: 'prediction' }] });
  expect(body['outputs']).toMatchObject([{ name: 'prediction', datatype: 'INT64', shape: [1, 4] }]);
});

test('a truth is a list of the labels that hold, of any order and of any number', async () => {
  for (const [id, value] of [
    ['a', ['full', 'late']],
    ['b', []],
    ['c', [7]],
  ])
    expect(await endpoint.post('truth', { id, value })).toMatchObject({ status: 200, body: { accepted: 1 } });
  const { lines } = (await endpoint.serving.spool.next())!;
  expect(lines.map((line) => (JSON.parse(line) as { truths: readonly { value: unknown }[] }).truths[0]!.value)).toEqual(
    ['late;full', '', '7']
  );
});

test('the same truth in another order is the same', async () => {
  expect(await endpoint.post('truth', { id: 'a', value: ['full', 'late'] })).toMatchObject({ status: 200 });
  expect(await endpoint.post('truth', { id: 'a', value: ['late', 'full'] })).toMatchObject({ status: 200 });
  expect(await endpoint.post('truth', { id: 'a', value: ['late'] })).toMatchObject({ status: 409 });
});

test.each([['late'], [''], [5], [null], [['Late']], [[['late']]], [{ late: 1 }], [[null]]])(
  'the truth %j is refused, and what there is named',
  async (value) => {
    const { status, body } = await endpoint.post('truth', { id: 'a', value });
    expect(status).toBe(400);
    expect(body['error']).toMatch(
      /MLOPS_TRUTH_INVALID: value is not a value of the label.*Send a list of any of the labels late, far away, 7, full/
    );
  }
);

test('while nothing is served any short list is taken', async () => {
  const empty = openServing();
  await empty.predictor.learn({ id: 'a', value: ['x', 7] }, new Date());
  expect(JSON.parse((await empty.spool.next())!.lines[0]!)).toMatchObject({ truths: [{ value: 'x;7' }] });
  const learn = (value: unknown) => empty.predictor.learn({ id: 'b', value }, new Date());
  // The last two would be read as no label, and as two.
  for (const value of [Array.from({ length: 25 }, () => 'x'), ['x'.repeat(101)], [null], [['x']], [''], ['x;y']])
    await expect(learn(value)).rejects.toThrow(/MLOPS_TRUTH_INVALID/);
  await empty.close();
});
