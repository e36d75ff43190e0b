/** A cycle has one version: of the run that it was registered with, under its own definition, from its own data. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RegisterVersion, registerVersion } from '../../src/activities/register-version';
import { decideStudy, studyIdOf } from '../../src/activities/study-records';
import { rowsDecidedBy } from '../../src/activities/ingest';
import type { ProjectDefinition } from '../../src/domain/definition';
import { trialId } from '../../src/domain/ids';
import type { Fact } from '../../src/domain/records';
import type { Digest, FactKind, Ref } from '../../src/domain/refs';
import { splitAt } from '../../src/domain/split';
import { Graph } from '../../src/engines/onnx/graph';
import { encodeModel } from '../../src/engines/onnx/model';
import { operators } from '../../src/engines/onnx/operators';
import { digestOf } from '../../src/runtime/digest';
import { changeCycle, openCycle } from '../../src/stores/cycles';
import { refOf } from '../../src/stores/facts';
import { versionsOf } from '../../src/stores/versions';
import { openOwnStores, type OwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';

const FEATURES = [{ transform: 'standardize', column: 'distance' }];
const OF = { project: 'flights', cycle: 1 } as const;
const ASOF = '2001-02-01T00:00:00Z';
const MODEL = { network: { hidden: [8] } };
const DEFINED = {
  objective: { task: 'binary', decisionThreshold: 0.5 },
  source: { reader: { file: { path: 'flights.parquet' } }, columns: { distance: { type: 'integer' } } },
  schema: { columns: [], dependencies: [] },
  views: {},
  label: { name: 'late' },
  split: { by: 'column', column: 'distance', test: [1], validation: [] },
  features: FEATURES,
  model: MODEL,
} as unknown as ProjectDefinition;
const SPLIT = splitAt(DEFINED, ASOF);
const STEPS = {
  ingest: { schema: DEFINED.schema, asOf: ASOF },
  label: { label: DEFINED.label, task: 'binary' },
  fit: { features: FEATURES, dependencies: [], split: SPLIT },
  train: { split: SPLIT, model: MODEL, task: 'binary' },
};

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
  const definition = await record('definition', 'flights/d', { definition: DEFINED });
  const snapshot = await taken('snapshot');
  const labelSet = await labelled('labels', snapshot);
  const features = await fitted('features', snapshot);
  const run = await trained('first', [snapshot, labelSet, features]);
  register = { ...OF, definition, snapshot, labelSet, features, run };
  await openCycle(own.stores, {
    ...OF,
    definition,
    causes: [],
    triggers: [],
    appliedBy: 'cem',
    asOf: ASOF,
  });
});

/** One that gives the distance's sigmoid; its name makes other bytes of it. */
function modelNamed(name: string): Uint8Array {
  const graph = new Graph(name);
  const o = operators(graph);
  const distance = graph.input('distance', 'float64', ['N']);
  graph.output(o.squeeze(o.sigmoid(o.unsqueeze(o.cast(distance, 'float32'), 1)), 1, 'probability'));
  return encodeModel(graph);
}

async function registered(wanted: RegisterVersion): Promise<Fact<'version'>> {
  return registerVersion(own.stores, wanted, async ({ digest }) => {
    const path = join(own.folder, 'read', digest.slice(7));
    await own.stores.artifacts.download(digest, path);
    return readFile(path);
  });
}

async function record<K extends FactKind>(
  kind: K,
  _id: string,
  body: unknown,
  inputs: Ref[] = [],
  artifacts: Fact['artifacts'] = [],
  more: Partial<Fact> = {}
): Promise<Ref<K>> {
  const fact = { _id, kind, digest: digestOf([kind, _id]), inputs, artifacts, body, ...more };
  return refOf((await own.stores.facts.commit<K>(fact as never)).fact);
}

const ROWS = rowsDecidedBy(DEFINED.source, DEFINED.schema, DEFINED.views);
const by = (name: keyof typeof STEPS, params: object) => ({
  step: { name, version: '1', params: { ...STEPS[name], ...params } },
});
const taken = (_id: string, body: object = {}, params = {}) =>
  record('snapshot', _id, { rowsOf: ROWS, asOf: ASOF, ...body }, [], [], by('ingest', params));
const labelled = (_id: string, snapshot: Ref<'snapshot'>, params = {}) =>
  record('labelSet', _id, {}, [snapshot], [], by('label', params));
const fitted = (_id: string, snapshot: Ref<'snapshot'>, params = {}, labels: readonly Ref[] = []) =>
  record('featureSet', _id, {}, [snapshot, ...labels], [], by('fit', params));

async function trained(name: string, inputs: Ref[], more: object = {}, params = {}): Promise<Ref<'run'>> {
  const path = join(own.folder, name);
  await writeFile(path, modelNamed(name));
  const model = await own.stores.artifacts.put({ name: 'model', path, mediaType: 'application/onnx' });
  const body = { rows: 10, unlabelled: 2, tolerance: ['Exp'], split: {}, ...more };
  return record('run', name, body, inputs, [model], by('train', params));
}

/** A run of these records, where the others are the cycle's own. */
async function of(name: string, other: Partial<RegisterVersion>, params = {}): Promise<Partial<RegisterVersion>> {
  const { snapshot, labelSet, features } = { ...register, ...other };
  return { ...other, run: await trained(name, [snapshot, labelSet, features], {}, params) };
}

const all = () => versionsOf(own.stores, 'flights');

test('attempts at once, and a retry, make one version', async () => {
  const [one, other] = await Promise.all([registered(register), registered(register)]);
  expect(one).toEqual(other);
  expect(await registered(register)).toEqual(one);
  expect((await all()).map(({ _id, body }) => [_id, body.run.id])).toEqual([['flights/1', 'first']]);
});

test('a version says what its run came to: rows without a label, operators that depend on the batch', async () => {
  expect((await registered(register)).body).toMatchObject({
    trainRows: 10,
    unlabelledRows: 2,
    tolerance: ['Exp'],
  });
});

test('another run is no second version of the cycle, and not the one that is there: a conflict', async () => {
  const kept = await registered(register);
  const run = await trained('second', [register.snapshot, register.labelSet, register.features]);
  await expect(registered({ ...register, run })).rejects.toMatchObject({
    code: 'MLOPS_VERSION_CONFLICT',
    where: { version: 'flights/1', kept: 'first', trained: 'second' },
  });
  expect(await all()).toEqual([kept]);
});

test('of two runs at once one is the version, and the other hears so', async () => {
  const run = await trained('second', [register.snapshot, register.labelSet, register.features]);
  const both = await Promise.allSettled([registered(register), registered({ ...register, run })]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'MLOPS_VERSION_CONFLICT' },
  });
  expect(await all()).toHaveLength(1);
});

async function ofSnapshot(name: string, body: object, params = {}): Promise<Partial<RegisterVersion>> {
  const snapshot = await taken(`snapshot ${name}`, body, params);
  const features = await fitted(`features ${name}`, snapshot);
  return of(name, { snapshot, labelSet: await labelled(`labels ${name}`, snapshot), features });
}

test.each<[string, () => Promise<Partial<RegisterVersion>>]>([
  ['a cycle that nobody opened', async () => ({ cycle: 9 })],
  [
    'another definition than the cycle’s',
    async () => ({ definition: await record('definition', 'flights/other', {}) }),
  ],
  ['a run from other data', async () => ({ run: await trained('elsewhere', [register.snapshot]) })],
  [
    'features of another definition',
    async () => of('r1', { features: await fitted('f1', register.snapshot, { features: [] }) }),
  ],
  [
    'features of a fold',
    async () => of('r2', { features: await fitted('f2', register.snapshot, { fold: { of: 3 } }) }),
  ],
  [
    'features that keep missing numbers for a network',
    async () => of('r11', { features: await fitted('f11', register.snapshot, { missing: 'kept' }) }),
  ],
  [
    'features with dependencies of another schema',
    async () => of('r12', { features: await fitted('f12', register.snapshot, { dependencies: [{}] }) }),
  ],
  [
    'features that were fitted on another snapshot',
    async () => of('r13', { features: await fitted('f13', await taken('elsewhen')) }),
  ],
  [
    'features that read labels where none does',
    async () => of('r14', { features: await fitted('f14', register.snapshot, {}, [register.labelSet]) }),
  ],
  ['another model', () => of('r3', {}, { model: { network: { hidden: [16] } } })],
  ['a run of another split', () => of('r4', {}, { split: splitAt(DEFINED, '2001-01-01T00:00:00Z') })],
  ['a run that ended early', () => of('r5', {}, { epochs: 1 })],
  ['other labels', async () => of('r6', { labelSet: await labelled('l6', register.snapshot, { label: 'other' }) })],
  [
    'labels of another snapshot',
    async () => of('r7', { labelSet: await labelled('l7', await taken('before', { asOf: ASOF })) }),
  ],
  ['a snapshot of another source', () => ofSnapshot('r8', { rowsOf: digestOf('elsewhere') })],
  ['a snapshot of another moment', () => ofSnapshot('r9', { asOf: '2001-01-01T00:00:00Z' })],
  ['a snapshot that other rules let in', () => ofSnapshot('r10', {}, { schema: { ...DEFINED.schema, minRows: 1 } })],
  ['data that is not there', async () => ({ snapshot: { ...register.snapshot, id: 'nowhere' } })],
  ['other data than the run’s', async () => ({ snapshot: await taken('other') })],
])('%s is refused', async (_, change) => {
  await expect(registered({ ...register, ...(await change()) })).rejects.toMatchObject({
    code: 'MLOPS_NOT_AUTHORIZED',
  });
  expect(await all()).toEqual([]);
});

describe('where the model is a study', () => {
  const ATTEMPT = { attempt: 'first' };
  const asOf = ASOF;
  let runs: Ref<'run'>[];

  /** Trials 2 and 3 are equally good, and 4 failed. */
  beforeEach(async () => {
    const { snapshot, labelSet, features } = register;
    const definition = await record('definition', 'flights/study', {
      definition: { ...DEFINED, model: { study: { trials: 4 } } },
    });
    await raw(own.stores).cycles.deleteMany({});
    await openCycle(own.stores, { ...OF, definition, causes: [], triggers: [], appliedBy: 'cem', asOf });
    register = { ...register, definition };
    runs = await Promise.all(['one', 'two', 'three'].map((name) => trained(name, [snapshot, labelSet, features])));
    const study = studyIdOf({ ...register, ...ATTEMPT, asOf });
    for (const [at, outcome] of [{ loss: 0.5 }, { loss: 0.4 }, { loss: 0.4 }, { failure: {} }].entries())
      await record('trial', trialId(study, at + 1), { number: at + 1, ...outcome, features, run: runs[at] });
    await decideStudy(own.stores, { ...register, ...ATTEMPT, asOf }, { trials: 4, ended: 'trials' }, () =>
      Promise.reject(new Error('each trial has a run of its own'))
    );
  });
  afterEach(async () => {
    await raw(own.stores).facts('trial').deleteMany({});
    await raw(own.stores).facts('winner').deleteMany({});
  });

  test('the run of the best trial is the version’s', async () => {
    const { body } = await registered({ ...register, ...ATTEMPT, run: runs[1]! });
    expect(body.run).toEqual(runs[1]);
  });

  test.each([0, 2])('that of another trial is refused', async (at) => {
    await expect(registered({ ...register, ...ATTEMPT, run: runs[at]! })).rejects.toMatchObject({
      code: 'MLOPS_NOT_AUTHORIZED',
      where: { chosen: 'two' },
    });
    expect(await all()).toEqual([]);
  });

  test('one of another attempt, whose study has not ended, is refused', async () => {
    const other = { ...register, attempt: 'second', run: runs[1]! };
    await expect(registered(other)).rejects.toMatchObject({ code: 'MLOPS_RECORD_MISSING' });
    expect(await all()).toEqual([]);
  });
});

test('a run that was made for records of the same content is the cycle’s run', async () => {
  const { digest } = register.snapshot;
  const { body: same, step } = await own.stores.facts.get(register.snapshot);
  const again = { _id: 'again', kind: 'snapshot', digest, inputs: [], artifacts: [], body: same, step };
  const snapshot = refOf((await own.stores.facts.commit<'snapshot'>(again as never)).fact);
  const { body } = await registered({ ...register, snapshot });
  expect(body).toMatchObject({ run: { id: 'first' }, snapshot: { id: 'again' } });
});

test('a cycle that has ended gets no version any more', async () => {
  await changeCycle(own.stores, { ...OF, order: 1 }, { state: 'finished', outcome: 'skipped' });
  await expect(registered(register)).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
  expect(await all()).toEqual([]);
});

test('its signature is read from the graph, with what the definition says of the columns', async () => {
  const { signature, origin } = (await registered(register)).body;
  expect(origin).toEqual({ kind: 'run' });
  expect(signature).toEqual({
    inputs: [{ name: 'distance', column: 'distance', datatype: 'INT64', shape: [-1] }],
    outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1] }],
    determinism: 'tolerance',
  });
});

describe('an import', () => {
  const digest: Digest = `sha256:${'1'.repeat(64)}`;
  const imported = { model: { digest, bytes: 3 }, producer: 'skl2onnx 1', requires: ['distance'] };

  beforeEach(async () => {
    await raw(own.stores).cycles.deleteMany({});
    await openCycle(own.stores, {
      ...OF,
      definition: register.definition,
      causes: [{ kind: 'import', by: 'ana', detail: 'import of m.onnx' }],
      triggers: [],
      appliedBy: 'cem',
      asOf: ASOF,
      imports: { model: { digest, bytes: 3 }, file: 'm.onnx' },
    });
    register = { ...register, features: await fitted('no-features', register.snapshot, { features: [] }) };
  });

  test('is registered as one, with who asked; what its graph casts to whole numbers is required', async () => {
    const run = await trained('adopted', [register.snapshot, register.labelSet, register.features], { imported });
    const { origin, signature } = (await registered({ ...register, run })).body;
    expect(origin).toEqual({ kind: 'import', file: 'm.onnx', digest, by: 'ana' });
    expect(signature.inputs).toMatchObject([{ name: 'distance', required: true }]);
  });

  test.each([
    ['a training', {}],
    ['another file', { imported: { ...imported, model: { digest: `sha256:${'2'.repeat(64)}`, bytes: 3 } } }],
    ['a file with a parity file that nobody sent', { imported: { ...imported, parity: { digest, bytes: 3 } } }],
  ])('registers nothing of %s', async (name, more) => {
    const run = await trained(
      name.replaceAll(' ', '-'),
      [register.snapshot, register.labelSet, register.features],
      more
    );
    await expect(registered({ ...register, run })).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
    expect(await all()).toEqual([]);
  });
});

test('a cycle that trains registers no imported model', async () => {
  const imported = { model: { digest: `sha256:${'1'.repeat(64)}`, bytes: 3 }, producer: 'x', requires: [] };
  const run = await trained('smuggled', [register.snapshot, register.labelSet, register.features], { imported });
  await expect(registered({ ...register, run })).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
});
