/** A cycle has one version: of the run that it was registered with, under its own definition, from its own data. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RegisterVersion, registerVersion } from '../../src/activities/register-version';
import type { Fact } from '../../src/domain/records';
import type { FactKind, Ref } from '../../src/domain/refs';
import { digestOf } from '../../src/runtime/digest';
import { changeCycle, openCycle } from '../../src/stores/cycles';
import { refOf } from '../../src/stores/facts';
import { versionsOf } from '../../src/stores/versions';
import { openOwnStores, type OwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';

const OF = { project: 'flights', cycle: 1 } as const;

let own: OwnStores;
let register: RegisterVersion;
beforeAll(async () => {
  own = await openOwnStores('register-version');
});
afterAll(() => own.close());
beforeEach(async () => {
  await raw(own.stores).db.collection('versions').deleteMany({});
  await raw(own.stores).db.collection('audit').deleteMany({});
  await raw(own.stores).cycles.deleteMany({});
  const definition = await record('definition', 'flights/d', { definition: { objective: { decisionThreshold: 0.5 } } });
  const snapshot = await record('snapshot', 'snapshot', {});
  const labelSet = await record('labelSet', 'labels', {});
  const features = await record('featureSet', 'features', {});
  const run = await trained('first', [snapshot, labelSet, features]);
  register = { ...OF, definition, snapshot, labelSet, features, run };
  await openCycle(own.stores, {
    ...OF,
    definition,
    causes: [],
    triggers: [],
    appliedBy: 'cem',
    asOf: '2001-02-01T00:00:00Z',
  });
});

async function record<K extends FactKind>(
  kind: K,
  _id: string,
  body: unknown,
  inputs: Ref[] = [],
  artifacts: Fact['artifacts'] = []
): Promise<Ref<K>> {
  const fact = { _id, kind, digest: digestOf([kind, _id]), inputs, artifacts, body };
  return refOf((await own.stores.facts.commit<K>(fact as never)).fact);
}

async function trained(name: string, inputs: Ref[]): Promise<Ref<'run'>> {
  const path = join(own.folder, name);
  await writeFile(path, name);
  const model = await own.stores.artifacts.put({ name: 'model', path, mediaType: 'application/onnx' });
  return record('run', name, { rows: 10, unlabelled: 2, tolerance: ['Exp'], split: {} }, inputs, [model]);
}

const all = () => versionsOf(own.stores, 'flights');

test('attempts at once, and a retry, make one version', async () => {
  const [one, other] = await Promise.all([
    registerVersion(own.stores, register),
    registerVersion(own.stores, register),
  ]);
  expect(one).toEqual(other);
  expect(await registerVersion(own.stores, register)).toEqual(one);
  expect((await all()).map(({ _id, body }) => [_id, body.run.id])).toEqual([['flights/1', 'first']]);
});

test('a version says what its run came to: rows without a label, operators that depend on the batch', async () => {
  expect((await registerVersion(own.stores, register)).body).toMatchObject({
    trainRows: 10,
    unlabelledRows: 2,
    tolerance: ['Exp'],
  });
});

test('another run is no second version of the cycle, and not the one that is there: a conflict', async () => {
  const kept = await registerVersion(own.stores, register);
  const run = await trained('second', [register.snapshot, register.labelSet, register.features]);
  await expect(registerVersion(own.stores, { ...register, run })).rejects.toMatchObject({
    code: 'MLOPS_VERSION_CONFLICT',
    where: { version: 'flights/1', kept: 'first', trained: 'second' },
  });
  expect(await all()).toEqual([kept]);
});

test('of two runs at once one is the version, and the other hears so', async () => {
  const run = await trained('second', [register.snapshot, register.labelSet, register.features]);
  const both = await Promise.allSettled([
    registerVersion(own.stores, register),
    registerVersion(own.stores, { ...register, run }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'MLOPS_VERSION_CONFLICT' },
  });
  expect(await all()).toHaveLength(1);
});

test.each<[string, () => Promise<Partial<RegisterVersion>>]>([
  ['a cycle that nobody opened', async () => ({ cycle: 9 })],
  [
    'another definition than the cycle’s',
    async () => ({ definition: await record('definition', 'flights/other', {}) }),
  ],
  ['a run from other data', async () => ({ run: await trained('elsewhere', [register.snapshot]) })],
  ['data that is not there', async () => ({ snapshot: { ...register.snapshot, id: 'nowhere' } })],
  ['other data than the run’s', async () => ({ snapshot: await record('snapshot', 'other', {}) })],
])('%s is refused', async (_, change) => {
  await expect(registerVersion(own.stores, { ...register, ...(await change()) })).rejects.toMatchObject({
    code: 'MLOPS_NOT_AUTHORIZED',
  });
  expect(await all()).toEqual([]);
});

test('a run that was made for records of the same content is the cycle’s run', async () => {
  const { digest } = register.snapshot;
  const again = { _id: 'again', kind: 'snapshot', digest, inputs: [], artifacts: [], body: {} };
  const snapshot = refOf((await own.stores.facts.commit<'snapshot'>(again as never)).fact);
  const { body } = await registerVersion(own.stores, { ...register, snapshot });
  expect(body).toMatchObject({ run: { id: 'first' }, snapshot: { id: 'again' } });
});

test('a cycle that has ended gets no version any more', async () => {
  await changeCycle(own.stores, { ...OF, order: 1 }, { state: 'finished', outcome: 'skipped' });
  await expect(registerVersion(own.stores, register)).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
  expect(await all()).toEqual([]);
});
