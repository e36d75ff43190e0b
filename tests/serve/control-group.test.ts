/** The control group: predictions that callers don't act on, so that somebody sees what would have happened. */
import { type LoadedModel, loadModel } from '../../src/serve/loaded-model';
import { createInferenceServer } from '../../src/serve/server';
import { isControl } from '../../src/serve/sticky-route';
import { flightRequest, flightsVersion } from './flights-model';
import { openServing, type Serving } from './serving';

const NOW = new Date('2001-02-03T04:05:06.000Z');
const EVENT = '2001-02-03T04:00:00Z';
const ROWS = 1_000;

let servings: Serving[] = [];
afterEach(async () => {
  await Promise.all(servings.map((serving) => serving.close()));
  servings = [];
});

async function model(controlShare?: number, number = 1): Promise<LoadedModel> {
  const { version, bytes } = flightsVersion(number);
  return loadModel(controlShare === undefined ? version : { ...version, controlShare }, bytes);
}

function serve(champion: LoadedModel, candidate?: LoadedModel): Serving {
  const serving = openServing();
  servings.push(serving);
  const second = candidate === undefined ? {} : { candidate: { model: candidate, share: 1, shadow: false } };
  serving.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion, ...second });
  return serving;
}

const batch = {
  id: 'many',
  parameters: { eventTime: EVENT },
  inputs: flightRequest().inputs.map((input) => ({
    ...input,
    shape: [ROWS],
    data: Array.from({ length: ROWS }, (_, row) => (input.name === 'distance' ? 3 * row : input.data[0])),
  })),
};

test('a declared share of the predictions, whatever their scores: the answer names them, and their records are marked', async () => {
  const serving = serve(await model(0.2));
  const { answer } = await serving.predictor.predict(batch, NOW);
  // Five standard deviations of a binomial.
  expect(Math.abs(answer.control!.length - 0.2 * ROWS)).toBeLessThan(5 * Math.sqrt(ROWS * 0.2 * 0.8));
  const records = await serving.records();
  expect(records.filter(({ control }) => control === true).map(({ _id }) => _id)).toEqual(answer.control);
  expect(records.some((record) => 'control' in record && record.control !== true)).toBe(false);
  // By the id alone, where no score is known.
  expect(answer.control).toEqual(answer.predictions.filter((id) => isControl(id, 0.2)));
});

test('the same id is of the group or not, on every replica, after a restart and when it comes again', async () => {
  const champion = await model(0.5);
  const serving = serve(champion);
  const first = (await serving.predictor.predict(batch, NOW)).answer;
  expect((await serving.predictor.predict(batch, NOW)).answer).toEqual(first);
  expect((await serve(champion).predictor.predict(batch, NOW)).answer).toEqual(first);
  const again = openServing({ folder: serving.folder });
  again.predictor.take({ revision: 2, rolloutId: 'r', step: 'two', champion: await model() });
  await again.predictor.recall();
  expect((await again.predictor.predict(batch, NOW)).answer).toEqual(first);
  again.spool.close();
});

test('the version that answers says how large the group is; a smaller one is a part of a larger one', async () => {
  const small = (await serve(await model(0.1)).predictor.predict(batch, NOW)).answer.control!;
  const { answer } = await serve(await model(0.1), await model(0.3, 2)).predictor.predict(batch, NOW);
  expect(answer.route).toBe('candidate');
  expect(answer.control!.length).toBeGreaterThan(small.length);
  expect(small.filter((id) => !answer.control!.includes(id))).toEqual([]);
});

test('over HTTP: the ids in parameters.control, the share in the metadata; without a share neither', async () => {
  const asked = async (champion: LoadedModel) => {
    const { predictor, limits } = serve(champion);
    const fails = (error: unknown): never => {
      throw error;
    };
    const server = createInferenceServer({ model: 'flights', predictor, limits, release: '1.2.3', onFailure: fails });
    const { body } = await server.inject({ method: 'POST', url: '/v2/models/flights/infer', payload: batch });
    const metadata = await server.inject({ method: 'GET', url: '/v2/models/flights' });
    await server.close();
    return [JSON.parse(body).parameters, metadata.json().parameters] as [Record<string, unknown>, object];
  };
  const [parameters, metadata] = await asked(await model(0.2));
  expect(parameters.control).toEqual((parameters.predictions as string[]).filter((id) => isControl(id, 0.2)));
  expect(metadata).toEqual({ decision_threshold: 0.5, control_share: 0.2 });
  const [without, plain] = await asked(await model());
  expect(without).not.toHaveProperty('control');
  expect(plain).toEqual({ decision_threshold: 0.5 });
});
