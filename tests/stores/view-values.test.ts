import type { Ref } from '../../src/domain/refs';
import type { Stores } from '../../src/stores/connect';
import {
  completeView,
  type EntityValue,
  entityValueId,
  findViewValues,
  type Materialization,
  viewsOfProject,
  writeViewValues,
} from '../../src/stores/view-values';
import { raw } from '../support/raw-records';
import { dropStores, ownStores } from './served';

let stores: Stores;
let projects = 0;
let project: string;

beforeAll(async () => {
  stores = await ownStores('view-values');
});
afterAll(() => dropStores(stores));
beforeEach(() => {
  projects += 1;
  project = `flights-${projects}`;
});

const snapshot = (of: string): Ref<'snapshot'> => ({ kind: 'snapshot', id: `sha256:${of}`, digest: `sha256:${of}` });

function materialization(day: number, of = String(day)): Materialization {
  return {
    _id: `${project}/delays/d1`,
    project,
    name: 'delays',
    definition: { kind: 'definition', id: `${project}/x`, digest: 'sha256:x' },
    snapshot: snapshot(of),
    asOf: `2001-02-0${day}T00:00:00.000Z`,
    madeAt: new Date('2026-01-01T00:00:00Z'),
  };
}

const entity = (name: string, mean: number | null, moment = 1): EntityValue => ({
  entity: [name],
  moment,
  values: { mean },
});

const means = async () => {
  const found = await raw(stores)
    .db.collection('viewValues')
    .find({ view: materialization(1)._id })
    .toArray();
  return found.map(({ values }) => (values as { mean: number }).mean).sort((a, b) => a - b);
};

test('a later snapshot’s values take the place of an earlier one’s, and remove what it has no more', async () => {
  const first = materialization(1);
  expect(await writeViewValues(stores, first, [entity('ORD', 1), entity('SFO', 2)])).toBe(true);
  expect(await completeView(stores, first, 2)).toBe(true);
  const second = materialization(2);
  expect(await writeViewValues(stores, second, [entity('ORD', 3)])).toBe(true);
  expect((await viewsOfProject(stores, project))[0]!.done).toBeUndefined();
  expect(await completeView(stores, second, 1)).toBe(true);
  expect(await means()).toEqual([3]);
  expect(await viewsOfProject(stores, project)).toMatchObject([{ asOf: second.asOf, done: { entities: 1 } }]);
});

test('the same batch twice is there once', async () => {
  for (let time = 0; time < 2; time += 1) {
    await writeViewValues(stores, materialization(1), [entity('ORD', 1), entity('SFO', 2)]);
    await completeView(stores, materialization(1), 2);
  }
  expect(await means()).toEqual([1, 2]);
});

test('one that was overtaken writes, removes and completes nothing', async () => {
  await writeViewValues(stores, materialization(1), [entity('ORD', 1)]);
  await writeViewValues(stores, materialization(2), [entity('SFO', 2)]);
  expect(await writeViewValues(stores, materialization(1), [entity('JFK', 9)])).toBe(false);
  expect(await completeView(stores, materialization(1), 1)).toBe(false);
  await completeView(stores, materialization(2), 1);
  expect(await means()).toEqual([2]);
});

test('of one asOf the snapshot that was made later wins', async () => {
  const later = { ...materialization(1, 'a'), madeAt: new Date('2026-01-02T00:00:00Z') };
  await writeViewValues(stores, later, [entity('ORD', 1)]);
  expect(await writeViewValues(stores, materialization(1, 'b'), [entity('ORD', 2)])).toBe(false);
  expect(await means()).toEqual([1]);
});

test('two at once that meet on a view are one after the other: the later one’s values stand', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `A${at}`);
  const writing = names.flatMap((name) => [
    writeViewValues(stores, materialization(1), [entity(name, 1)]),
    writeViewValues(stores, materialization(2), [entity(name, 2)]),
  ]);
  await Promise.all(writing);
  await completeView(stores, materialization(2), 8);
  expect(await means()).toEqual(names.map(() => 2));
});

test('a double is read back to the bit: the sign of zero, the least and the greatest', async () => {
  const doubles = [-0, 0.1 + 0.2, Number.MIN_VALUE, -Number.MAX_VALUE, 2 ** 53, 1 / 3];
  await writeViewValues(
    stores,
    materialization(1),
    doubles.map((mean, at) => entity(`A${at}`, mean, 980_985_600_000_001 + at))
  );
  const ids = doubles.map((_, at) => entityValueId(materialization(1)._id, [`A${at}`]));
  const found = new Map((await findViewValues(stores, [...ids, 'none'], 1_000)).map((each) => [each._id, each]));
  expect(found.size).toBe(doubles.length);
  ids.forEach((id, at) => {
    expect(found.get(id)!.values['mean']).toBe(doubles[at]);
    expect(found.get(id)!.moment).toBe(980_985_600_000_001 + at);
  });
});

test('values are found, and old ones removed, by an index', async () => {
  await writeViewValues(stores, materialization(1), [entity('ORD', 1)]);
  const values = raw(stores).db.collection<{ _id: string; view: string; order: string }>('viewValues');
  const byView = await values.find({ view: materialization(1)._id, order: { $lt: 'x' } }).explain('queryPlanner');
  const byId = await values.find({ _id: { $in: ['a', 'b'] } }).explain('queryPlanner');
  for (const plan of [byView, byId]) expect(JSON.stringify(plan)).not.toContain('COLLSCAN');
});
