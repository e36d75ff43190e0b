import type { ServedView } from '../../src/domain/endpoint';
import type { LoadedModel } from '../../src/serve/loaded-model';
import { Spool } from '../../src/serve/spool';
import { flightRequest } from './flights-model';
import type { ViewValue } from '../../src/serve/join-views';
import { failingModel, flightsModel, openServing, type Serving } from './serving';
import { oneNumber } from '../support/one-number';

const NOW = new Date('2001-02-03T04:05:06.000Z');
const EVENT = '2001-02-03T04:00:00Z';

let serving: Serving;
let champion: LoadedModel;
let candidate: LoadedModel;
beforeEach(async () => {
  serving = openServing();
  champion = await flightsModel(1);
  candidate = await flightsModel(2);
  serving.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion });
});
afterEach(() => serving.close());

const predict = (request: object) => serving.predictor.predict(request, NOW);
const conflict = { code: 'MLOPS_PREDICTION_CONFLICT' };

test('an answer is a float32 probability, a decision by the threshold, the id of the request', async () => {
  const { answer } = await predict(flightRequest({ id: 'f1', eventTime: EVENT }));
  expect(answer).toMatchObject({ id: 'f1', predictions: ['f1'], version: 1, route: 'champion' });
  const score = answer.scores[0] as number;
  expect(Math.fround(score)).toBe(score);
  expect(answer.decisions).toEqual([score >= 0.5 ? 1 : 0]);
});

test('the record holds the request as it came and the answer as it went', async () => {
  const { answer } = await predict(flightRequest({ id: 'f1', eventTime: EVENT, distance: null, synthetic: true }));
  expect(await serving.records()).toEqual([
    {
      _id: 'f1',
      v: 1,
      version: 1,
      route: 'champion',
      revision: 1,
      eventTime: new Date(EVENT),
      inputs: { date: 981_173_106_000_000, destination: 'A02', distance: null, origin: 'A01' },
      score: answer.scores[0],
      decision: answer.decisions![0],
      synthetic: true,
      replica: 'r1',
      receivedAt: NOW,
    },
  ]);
});

test('without an id the answer names a new one, without an event time it is the time of receipt', async () => {
  const first = await predict(flightRequest());
  const second = await predict(flightRequest());
  expect(first.answer.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(second.answer.id).not.toBe(first.answer.id);
});

test('a row scores the same alone and among others, and each has an id of its own', async () => {
  const rows = 50;
  const inputs = flightRequest().inputs.map((input) => ({
    ...input,
    shape: [rows],
    data: Array.from({ length: rows }, (_, i) => (input.name === 'distance' ? 100 + 37 * i : input.data[0])),
  }));
  const { answer } = await predict({ id: 'many', parameters: { eventTime: EVENT }, inputs });
  for (let i = 0; i < rows; i += 1) {
    const alone = await predict(flightRequest({ id: `alone${i}`, eventTime: EVENT, distance: 100 + 37 * i }));
    expect(alone.answer.scores[0]).toBe(answer.scores[i]);
  }
  const records = await serving.records();
  expect(records.slice(0, rows).map(({ _id }) => _id)).toEqual(Array.from({ length: rows }, (_, i) => `many/${i}`));
});

describe('the same id', () => {
  test('with the same inputs gets the same answer and no second record, also from a later version', async () => {
    const first = await predict(flightRequest({ id: 'a', eventTime: EVENT }));
    serving.predictor.take({ revision: 2, rolloutId: 'r', step: 'one', champion: candidate });
    const second = await predict(flightRequest({ id: 'a', eventTime: EVENT }));
    expect(second.answer).toEqual(first.answer);
    expect(await serving.records()).toHaveLength(1);
  });

  test('twice at once is one record', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => predict(flightRequest({ id: 'a', eventTime: EVENT }))));
    expect(a!.answer).toEqual(b!.answer);
    expect(await serving.records()).toHaveLength(1);
  });

  test('with other inputs is a conflict', async () => {
    await predict(flightRequest({ id: 'a', eventTime: EVENT }));
    await expect(predict(flightRequest({ id: 'a', eventTime: EVENT, distance: 501 }))).rejects.toMatchObject(conflict);
    expect(await serving.records()).toHaveLength(1);
  });

  test('with another event time is a conflict', async () => {
    await predict(flightRequest({ id: 'a', eventTime: EVENT }));
    await expect(predict(flightRequest({ id: 'a', eventTime: '2001-02-04T00:00:00Z' }))).rejects.toMatchObject(
      conflict
    );
    expect(await serving.records()).toHaveLength(1);
  });

  test('without an event time, repeated after midnight, is the same prediction', async () => {
    const first = await predict(flightRequest({ id: 'a' }));
    const tomorrow = new Date(NOW.getTime() + 86_400_000);
    const second = await serving.predictor.predict(flightRequest({ id: 'a' }), tomorrow);
    expect(second.answer).toEqual(first.answer);
    expect(await serving.records()).toHaveLength(1);
  });

  test('as a batch’s, with a row’s number, is another prediction than the row', async () => {
    const inputs = flightRequest().inputs.map((input) => ({
      ...input,
      shape: [2],
      data: Array(2).fill(input.data[0]),
    }));
    await predict({ id: 'coll', inputs });
    await predict(flightRequest({ id: 'coll.0' }));
    expect((await serving.records()).map(({ _id }) => _id)).toEqual(['coll/0', 'coll/1', 'coll.0']);
  });

  test('is remembered across a restart while it is not shipped', async () => {
    const first = await predict(flightRequest({ id: 'a', eventTime: EVENT }));
    const again = openServing({ folder: serving.folder });
    again.predictor.take({ revision: 2, rolloutId: 'r', step: 'one', champion: candidate });
    await again.predictor.recall();
    const second = await again.predictor.predict(flightRequest({ id: 'a', eventTime: EVENT }), NOW);
    expect(second.answer).toEqual(first.answer);
    await expect(
      again.predictor.predict(flightRequest({ id: 'a', eventTime: EVENT, distance: 1 }), NOW)
    ).rejects.toMatchObject(conflict);
    again.spool.close();
  });

  test('is forgotten beyond the rows that are remembered: scored again, to the same bits by the same version', async () => {
    const small = openServing({ limits: { rememberedRows: 2 } });
    small.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion });
    const first = await small.predictor.predict(flightRequest({ id: 'a', eventTime: EVENT }), NOW);
    for (const id of ['b', 'c']) await small.predictor.predict(flightRequest({ id, eventTime: EVENT }), NOW);
    const again = await small.predictor.predict(flightRequest({ id: 'a', eventTime: EVENT }), NOW);
    expect(again.answer).toEqual(first.answer);
    expect(await small.records()).toHaveLength(4);
    await small.close();
  });

  test('may be sent again after a full spool refused it', async () => {
    const tiny = openServing({ spoolBytes: 100 });
    tiny.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion });
    const request = flightRequest({ id: 'a', eventTime: EVENT });
    await expect(tiny.predictor.predict(request, NOW)).rejects.toMatchObject({ code: 'MLOPS_SPOOL_FULL' });
    await expect(tiny.predictor.predict(request, NOW)).rejects.toMatchObject({ code: 'MLOPS_SPOOL_FULL' });
    await tiny.close();
  });
});

describe('a rollout', () => {
  const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
  const routes = async (name: string) => {
    const answers = await Promise.all(
      keys.map((key) => predict(flightRequest({ id: `${name}-${key}`, eventTime: EVENT, key })))
    );
    return answers.map(({ answer }) => answer.route);
  };

  test('answers a key by the same version for as long as shares grow', async () => {
    serving.predictor.take({
      revision: 2,
      rolloutId: 'r',
      step: 'one',
      champion,
      candidate: { model: candidate, share: 0.2, shadow: false },
    });
    const at20 = await routes('a');
    expect(await routes('b')).toEqual(at20);
    serving.predictor.take({
      revision: 3,
      rolloutId: 'r',
      step: 'one',
      champion,
      candidate: { model: candidate, share: 0.5, shadow: false },
    });
    const at50 = await routes('c');
    expect(at20.filter((route, i) => route === 'candidate' && at50[i] !== 'candidate')).toEqual([]);
    const share = (all: string[]) => all.filter((route) => route === 'candidate').length / all.length;
    expect(share(at20)).toBeGreaterThan(0.1);
    expect(share(at50)).toBeGreaterThan(share(at20));
    expect(share(at50)).toBeLessThan(0.65);
  });

  test('in shadow shows the champion and records both', async () => {
    serving.predictor.take({
      revision: 2,
      rolloutId: 'r',
      step: 'one',
      champion,
      candidate: { model: candidate, share: 0, shadow: true },
    });
    const { answer } = await predict(flightRequest({ id: 'a', eventTime: EVENT }));
    const {
      values: [alone],
    } = await candidate.score(
      new Map(Object.entries((await serving.records())[0]!.inputs).map(([k, v]) => [k, [v]])),
      1
    );
    expect(answer).toMatchObject({ version: 1, route: 'champion' });
    expect((await serving.records())[0]).toMatchObject({
      version: 1,
      score: answer.scores[0],
      shadow: { version: 2, score: alone },
    });
    expect(serving.predictor.counts).toEqual({ 1: { requests: 1, errors: 0 }, 2: { requests: 1, errors: 0 } });
  });

  test('counts what a candidate fails at and never shows it', async () => {
    const broken = await failingModel(3);
    for (const [share, shadow] of [
      [1, false],
      [0, true],
    ] as const) {
      serving.predictor.take({
        revision: 2,
        rolloutId: 'r',
        step: `at ${share}`,
        champion,
        candidate: { model: broken, share, shadow },
      });
      const { answer } = await predict(flightRequest({ id: `a${share}`, eventTime: EVENT }));
      expect(answer).toMatchObject({ version: 1, route: 'champion' });
      const failed = { requests: 0, errors: 1, firstError: expect.stringContaining('Session') as unknown };
      expect(serving.predictor.counts).toEqual({ 1: { requests: 1, errors: 0 }, 3: failed });
    }
    expect((await serving.records()).every(({ shadow }) => shadow === undefined)).toBe(true);
  });

  test('blames no version for a request that both fail on', async () => {
    for (const [share, shadow] of [
      [1, false],
      [0, true],
      [0, false],
    ] as const) {
      const model = await failingModel(3);
      serving.predictor.take({
        revision: 2,
        rolloutId: 'r',
        step: `both at ${share} ${shadow}`,
        champion: await failingModel(1),
        candidate: { model, share, shadow },
      });
      await expect(predict(flightRequest())).rejects.toMatchObject({ code: 'MLOPS_REQUEST_INVALID' });
      expect(serving.predictor.counts).toEqual({ 1: { requests: 0, errors: 0 }, 3: { requests: 0, errors: 0 } });
    }
  });

  test('counts what the champion alone fails at', async () => {
    serving.predictor.take({
      revision: 2,
      rolloutId: 'r',
      step: 'champion',
      champion: await failingModel(1),
      candidate: { model: candidate, share: 0, shadow: false },
    });
    await expect(predict(flightRequest())).rejects.toThrow('Session');
    expect(serving.predictor.counts).toMatchObject({ 1: { requests: 0, errors: 1 }, 2: { requests: 0, errors: 0 } });
  });

  test('leaves synthetic traffic out of the counts', async () => {
    await predict(flightRequest({ id: 'a', eventTime: EVENT, synthetic: true }));
    expect(serving.predictor.counts).toEqual({ 1: { requests: 0, errors: 0 } });
  });

  test('swaps versions between requests: none is dropped, each is answered by one of the two', async () => {
    const answers = [];
    for (let i = 0; i < 200; i += 1) {
      answers.push(predict(flightRequest({ id: `s${i}`, eventTime: EVENT })));
      if (i % 20 === 10)
        serving.predictor.take({
          revision: i,
          rolloutId: 'r',
          step: 'one',
          champion: i % 40 === 10 ? candidate : champion,
        });
      if (i % 7 === 0) await answers.at(-1);
    }
    const versions = new Set((await Promise.all(answers)).map(({ answer }) => answer.version));
    expect(versions).toEqual(new Set([1, 2]));
  });
});

test('a model is closed only when the runs in flight have ended', async () => {
  const scoring = Array.from({ length: 20 }, (_, i) => predict(flightRequest({ id: `x${i}`, eventTime: EVENT })));
  await champion.close();
  await expect(Promise.all(scoring)).resolves.toHaveLength(20);
});

test('a candidate may read an input that the champion does not: who leaves it out meets the champion', async () => {
  const version = { ...champion.version, inputs: champion.version.inputs.filter(({ name }) => name !== 'origin') };
  const narrow: LoadedModel = {
    version,
    score: async (_, rows) => oneNumber(new Float32Array(rows).fill(0.25)),
    hold: () => {},
    close: async () => {},
  };
  serving.predictor.take({
    revision: 2,
    rolloutId: 'r',
    step: 'one',
    champion: narrow,
    candidate: { model: candidate, share: 1, shadow: false },
  });
  const full = flightRequest({ id: 'a', eventTime: EVENT });
  expect((await predict(full)).answer.route).toBe('candidate');
  const without = { ...full, id: 'b', inputs: full.inputs.filter(({ name }) => name !== 'origin') };
  expect((await predict(without)).answer.route).toBe('champion');
});

test('an endpoint without a version says so', async () => {
  serving.predictor.take(undefined);
  await expect(predict(flightRequest())).rejects.toMatchObject({ code: 'MLOPS_ENDPOINT_EMPTY' });
});

test('a spool that another line was lost from still recalls the rest', async () => {
  await predict(flightRequest({ id: 'a', eventTime: EVENT }));
  await serving.spool.append('not json');
  await predict(flightRequest({ id: 'b', eventTime: EVENT }));
  const again = openServing({ folder: serving.folder });
  again.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion });
  await again.predictor.recall();
  for (const id of ['a', 'b']) {
    await expect(
      again.predictor.predict(flightRequest({ id, eventTime: EVENT, distance: 9 }), NOW)
    ).rejects.toMatchObject(conflict);
  }
  again.spool.close();
  expect(again.spool).toBeInstanceOf(Spool);
});

test('a model that is replaced while a request’s views are read is closed only when that request is answered', async () => {
  const origins: ServedView = {
    id: 'flights/origins/d1',
    name: 'origins',
    entity: [{ name: 'origin', datatype: 'BYTES' }],
    gives: ['distance'],
    whenOld: 'missing',
  };
  let answer: (values: readonly ViewValue[]) => void = () => undefined;
  const reading = openServing({ readViews: () => new Promise((resolve) => (answer = resolve)) });
  reading.predictor.take({
    revision: 1,
    rolloutId: 'r',
    step: 'one',
    champion: { ...champion, version: { ...champion.version, views: [origins] } },
  });
  const { inputs, ...request } = flightRequest({ eventTime: EVENT });
  const asked = reading.predictor.predict(
    { ...request, inputs: inputs.filter(({ name }) => name !== 'distance') },
    NOW
  );
  reading.predictor.take({ revision: 2, rolloutId: 'r', step: 'one', champion: candidate });
  const closed = champion.close();
  answer([{ moment: 1, values: { distance: 500 } }]);
  const { answer: given } = await asked;
  await closed;
  expect(given).toMatchObject({ version: 1, views: [{ origins: { gave: ['distance'] } }] });
  await reading.close();
});
