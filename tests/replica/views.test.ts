/** Feature views at a replica, on the real MongoDB: joined, marked, refused, and from the replica's own copy while MongoDB is away. */
import type { ServedVersion, ServedView } from '../../src/domain/endpoint';
import type { PredictionRecord } from '../../src/domain/endpoint';
import type { StoreConfig } from '../../src/stores/config';
import { countConflicts } from '../../src/stores/conflicts';
import { countStored, findPrediction } from '../../src/stores/predictions';
import { type EntityValue, writeViewValues } from '../../src/stores/view-values';
import { flightRequest, flightsVersion } from '../serve/flights-model';
import { type Gate, openGate } from './gate';
import { openTestEndpoint, type TestEndpoint, type TestReplica, until } from './test-endpoint';

const ONE = flightsVersion(1);
const EVENT = '2001-02-03T04:00:00.000Z';
const HOUR_US = 3_600_000_000;
const US = Date.parse(EVENT) * 1_000;

let endpoint: TestEndpoint;
let gate: Gate;
let replica: TestReplica;

const view = (whenOld: ServedView['whenOld'] = 'missing'): ServedView => ({
  id: `${endpoint.name}/origins/d1`,
  name: 'origins',
  entity: [{ name: 'origin', datatype: 'BYTES' }],
  gives: ['distance'],
  ttlMs: 3 * 3_600_000,
  whenOld,
});
const champion = (whenOld?: ServedView['whenOld']): ServedVersion => ({ ...ONE.version, views: [view(whenOld)] });

beforeEach(async () => {
  endpoint = await openTestEndpoint();
  await endpoint.putModel(ONE);
  await endpoint.publish({ revision: 1, champion: champion() });
  const { hostname, port } = new URL(endpoint.config.mongodbUri);
  gate = await openGate(hostname, Number(port));
  const stores: StoreConfig = {
    ...endpoint.config,
    mongodbUri: `mongodb://127.0.0.1:${gate.port}/?directConnection=true`,
  };
  replica = await endpoint.start({ stores });
  await until('it is ready', async () => (await replica.get('/v2/health/ready')).status === 200);
});
afterEach(async () => {
  gate.open();
  await endpoint.close();
  await gate.close();
});

async function materialized(day: number, values: readonly EntityValue[]): Promise<void> {
  const written = await writeViewValues(
    endpoint.stores,
    {
      _id: view().id,
      project: endpoint.name,
      name: 'origins',
      definition: { kind: 'definition', id: `${endpoint.name}/x`, digest: 'sha256:x' },
      snapshot: { kind: 'snapshot', id: 'sha256:s', digest: 'sha256:s' },
      asOf: `2001-02-0${day}T00:00:00.000Z`,
      madeAt: new Date(0),
    },
    values
  );
  expect(written).toBe(true);
}
const origin = (name: string, distance: number, ago: number): EntityValue => ({
  entity: [name],
  moment: US - ago,
  values: { distance },
});

/** Without the column that the view gives. */
function keyAlone(name: string, id?: string) {
  const { inputs, ...rest } = flightRequest({ eventTime: EVENT, origin: name, ...(id === undefined ? {} : { id }) });
  return { ...rest, inputs: inputs.filter((input) => input.name !== 'distance') };
}
async function asked(name: string, id?: string) {
  const { status, body } = await replica.infer(keyAlone(name, id));
  const { views, predictions } = (body['parameters'] ?? {}) as {
    readonly views?: readonly Record<string, { readonly missing?: string }>[];
    readonly predictions?: readonly string[];
  };
  const outputs = body['outputs'] as readonly { readonly data: readonly number[] }[] | undefined;
  return {
    status,
    error: body['error'],
    mark: views?.[0]?.['origins'],
    score: outputs?.[0]!.data[0],
    id: predictions?.[0],
  };
}
const scoreOf = async (distance: number | null, name: string) => {
  const { body } = await replica.infer(flightRequest({ eventTime: EVENT, origin: name, distance }));
  return (body['outputs'] as readonly { readonly data: readonly number[] }[])[0]!.data[0];
};
const recorded = (id: string): Promise<PredictionRecord> =>
  until(`${id} is stored`, async () => (await findPrediction(endpoint.stores, endpoint.name, id))?.record);

test('a request with the key alone is scored as if the value had been sent, and is recorded so', async () => {
  await materialized(1, [origin('A01', 812, HOUR_US)]);
  const answer = await asked('A01', 'one');
  const mark = { gave: ['distance'], moment: '2001-02-03T03:00:00.000Z', ageMs: 3_600_000 };
  expect(answer).toMatchObject({ status: 200, mark, score: await scoreOf(812, 'A01') });
  expect(await recorded('one')).toMatchObject({
    inputs: { distance: 812, origin: 'A01' },
    views: { origins: mark },
    score: answer.score,
  });
});

test('old, unknown and refused: marked in the answer and the record, or a refusal that names the view', async () => {
  await materialized(1, [origin('A01', 800, 4 * HOUR_US)]);
  const old = await asked('A01', 'old');
  expect(old).toMatchObject({ status: 200, mark: { missing: 'old' }, score: await scoreOf(null, 'A01') });
  expect(await recorded('old')).toMatchObject({ inputs: { distance: null }, views: { origins: { missing: 'old' } } });
  expect(await asked('A02')).toMatchObject({ status: 200, mark: { missing: 'unknown' } });
  await endpoint.publish({ revision: 2, champion: champion('refuse') });
  await until('revision 2', async () => (await endpoint.report('r1'))?.revision === 2);
  expect(await asked('A01')).toMatchObject({
    status: 422,
    error: expect.stringMatching(/MLOPS_VIEW_MISSING.*origins/),
  });
  expect((await replica.infer(flightRequest({ eventTime: EVENT, origin: 'A01' }))).status).toBe(200);
});

test.each(['shut', 'hang'] as const)(
  'MongoDB away (%s): the copy serves until it is old, then it is missing',
  async (how) => {
    await materialized(1, [origin('A01', 800, HOUR_US), origin('A03', 900, HOUR_US)]);
    const before = await asked('A01');
    gate[how]();
    expect(await asked('A01')).toMatchObject({ status: 200, mark: before.mark, score: before.score });
    expect(await asked('A03')).toMatchObject({ status: 200, mark: { missing: 'unreadable' } });
    const later = { ...keyAlone('A01'), parameters: { eventTime: '2001-02-03T08:00:00Z' } };
    expect((await replica.infer(later)).body['parameters']).toMatchObject({ views: [{ origins: { missing: 'old' } }] });
    gate.open();
    await until('MongoDB is read again', async () => (await asked('A03')).mark?.missing === undefined);
  }
);

test('a view that refuses, with MongoDB away: 503, and the caller may try again', async () => {
  await endpoint.publish({ revision: 2, champion: champion('refuse') });
  await until('revision 2', async () => (await endpoint.report('r1'))?.revision === 2);
  gate.shut();
  expect(await asked('A01')).toMatchObject({ status: 503, error: expect.stringMatching(/MLOPS_VIEW_UNREADABLE/) });
});

test('a request that is repeated once its view says something else has its first answer, also at another replica', async () => {
  await materialized(1, [origin('A01', 800, HOUR_US)]);
  const first = await asked('A01', 'again');
  await recorded('again');
  await materialized(2, [origin('A01', 900, 60_000_000)]);
  expect(await asked('A01', 'again')).toMatchObject({ score: first.score, mark: first.mark });
  const other = await endpoint.start({ replica: 'r2' });
  await until('r2 is ready', async () => (await other.get('/v2/health/ready')).status === 200);
  expect((await other.infer(keyAlone('A01', 'again'))).status).toBe(200);
  expect((await other.infer(keyAlone('A01', 'after'))).status).toBe(200);
  await recorded('after');
  expect(await countConflicts(endpoint.stores, endpoint.name)).toBe(0);
  expect(await countStored(endpoint.stores, endpoint.name)).toMatchObject({ predictions: 2 });
  expect((await recorded('again')).inputs['distance']).toBe(800);
});

test('the answer is recalled after a restart, though the view says something else by then', async () => {
  await materialized(1, [origin('A01', 800, HOUR_US)]);
  await asked('A01');
  gate.shut();
  const first = await asked('A01', 'kept');
  await replica.close();
  gate.open();
  await materialized(2, [origin('A01', 900, 60_000_000)]);
  replica = await endpoint.start({ folder: replica.folder });
  expect(await asked('A01', 'kept')).toMatchObject({ status: 200, score: first.score, mark: first.mark });
});

test('the model’s metadata says which inputs a view gives, and which name an entity', async () => {
  const { body } = await replica.get(`/v2/models/${endpoint.name}`);
  const inputs = body['inputs'] as readonly { readonly name: string; readonly parameters?: object }[];
  expect(inputs.find(({ name }) => name === 'distance')!.parameters).toEqual({ given_by_view: 'origins' });
  expect(inputs.find(({ name }) => name === 'origin')!.parameters).toEqual({ entity_of_views: ['origins'] });
});
