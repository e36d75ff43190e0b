/** An endpoint of classes: a probability for each and the likeliest one's name, in answers and in records; truths are names. */
import { request } from 'undici';
import type { PredictionRecord } from '../../src/domain/endpoint';
import { classesVersion, flightRequest } from './flights-model';
import { openTwoVersions, type OutputTensor, threeFlights, type TwoVersions } from './two-versions';

const CLASSES = ['late', 'on time', '7', 'cancelled'];

let endpoint: TwoVersions;

beforeEach(async () => {
  endpoint = await openTwoVersions(classesVersion(1, CLASSES), classesVersion(2, CLASSES));
});
afterEach(() => endpoint.close());

test('an answer has a probability for each class, row after row, and the name of the likeliest', async () => {
  const { body } = await endpoint.post('infer', threeFlights());
  const [probability, prediction] = body['outputs'] as readonly [OutputTensor, OutputTensor];
  expect(probability).toMatchObject({ name: 'probability', datatype: 'FP32', shape: [3, 4] });
  expect(prediction).toMatchObject({ name: 'prediction', datatype: 'BYTES', shape: [3] });
  const rows = [0, 1, 2].map((row) => probability.data.slice(row * 4, row * 4 + 4) as number[]);
  for (const row of rows) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
  expect(prediction.data).toEqual(rows.map((row) => CLASSES[row.indexOf(Math.max(...row))]));
  const records: readonly PredictionRecord[] = await endpoint.serving.records();
  expect(records.map(({ score }) => score)).toEqual(rows);
  expect(records.map(({ decision }) => decision)).toEqual(prediction.data);
  expect(records.map(({ shadow }) => (shadow!.score as readonly number[]).length)).toEqual([4, 4, 4]);
});

test('a request that comes again gets the same answer', async () => {
  const first = await endpoint.post('infer', threeFlights());
  expect(await endpoint.post('infer', threeFlights())).toEqual(first);
});

test('rows of requests that share a run have the answers that they have alone', async () => {
  const distances = [100, 700, 2500, 40];
  const outputOf = async (distance: number) =>
    (await endpoint.post('infer', flightRequest({ distance }))).body['outputs'];
  const alone: unknown[] = [];
  for (const distance of distances) alone.push(await outputOf(distance));
  expect(await Promise.all(distances.map(outputOf))).toEqual(alone);
});

test('the metadata have the shapes and the order of the classes', async () => {
  const { body } = await request(endpoint.address);
  expect(await body.json()).toMatchObject({
    outputs: [
      { name: 'probability', datatype: 'FP32', shape: [-1, 4] },
      { name: 'prediction', datatype: 'BYTES', shape: [-1] },
    ],
    parameters: { classes: CLASSES },
  });
});

test('one output may be asked for', async () => {
  const { body } = await endpoint.post('infer', { ...flightRequest(), outputs: [{ name: 'prediction' }] });
  expect(body['outputs']).toMatchObject([{ name: 'prediction', datatype: 'BYTES', shape: [1] }]);
});

test("a truth is a class's name", async () => {
  expect(await endpoint.post('truth', { id: 'a', value: 'on time' })).toMatchObject({
    status: 200,
    body: { accepted: 1 },
  });
  // The class whose name reads as a number.
  expect(await endpoint.post('truth', { id: 'b', value: 7 })).toMatchObject({ status: 200 });
  expect(
    (await endpoint.serving.spool.next())!.lines.map((line) => (JSON.parse(line) as { truths: unknown }).truths)
  ).toMatchObject([[{ prediction: 'a', value: 'on time' }], [{ prediction: 'b', value: '7' }]]);
});

test.each([['diverted'], [1], [null], [''], [['late']]])(
  'the truth %j is refused, and what there is named',
  async (value) => {
    const { status, body } = await endpoint.post('truth', { id: 'a', value });
    expect(status).toBe(400);
    expect(body['error']).toMatch(
      /MLOPS_TRUTH_INVALID: value is not a value of the label.*Send one of the classes late, on time, 7, cancelled/
    );
  }
);
