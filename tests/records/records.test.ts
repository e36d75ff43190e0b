/** Records as they are read: lists, one by its id, lineage both ways; written through the stores, read without them. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../src/runtime/digest';
import type { PredictionRecord } from '../../src/domain/endpoint';
import type { FactBodies, LineageEdge } from '../../src/domain/records';
import type { ArtifactRef, Digest, FactKind, Ref } from '../../src/domain/refs';
import { type LineageNode, openRecords, type Records } from '../../src/records';
import { storeConfig } from '../../src/stores/config';
import { recordWriter } from '../../src/stores/predictions';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let records: Records;
let refs: Written;
beforeAll(async () => {
  system = await openSystem('records');
  records = openRecords(storeConfig(system.env));
  refs = await writeLife();
});
afterAll(async () => {
  await records.close();
  await system.close();
});

interface Written {
  readonly snapshot: Ref<'snapshot'>;
  readonly run: Ref<'run'>;
  readonly model: ArtifactRef;
}

/** A step's key: the same digits again and again, so that its beginning is known. */
const key = (digits: string): Digest => `sha256:${digits.repeat(64 / digits.length)}`;

async function commit<K extends FactKind>(
  kind: K,
  _id: string,
  body: unknown,
  inputs: readonly Ref[],
  artifacts: readonly ArtifactRef[] = [],
  edges: readonly { from: string; relation: 'approved'; to: string }[] = []
): Promise<Ref<K>> {
  const digest = digestOf(body);
  await system.stores.facts.commit(
    { _id, kind, digest, inputs, artifacts, body: body as FactBodies[K] },
    { edges, audit: { id: `${kind} ${_id}`, project: 'life', what: `${kind} made`, by: 'test', detail: {} } }
  );
  return { kind, id: _id, digest };
}

async function put(name: string): Promise<ArtifactRef> {
  const path = join(system.folder, name);
  await writeFile(path, `the bytes of ${name}`);
  return system.stores.artifacts.put({ name, path, mediaType: 'text/plain' });
}

/** The project `life`, deployed, judged and retriggered; beside it `other`, which shares its snapshot. */
async function writeLife(): Promise<Written> {
  const stored = raw(system.stores);
  const [shard, model] = [await put('shard-0'), await put('model')];
  const definition = await commit(
    'definition',
    'life/sha256:d',
    { definition: { name: 'life' }, appliedBy: 'cem' },
    []
  );
  const snapshot = await commit('snapshot', key('a1'), { rows: 10, asOf: '2001-02-01T00:00:00Z' }, [], [shard]);
  const run = await commit('run', key('b2'), { trainer: 'network', rows: 8 }, [snapshot], [model]);
  await commit('run', key('b3'), { trainer: 'network', rows: 9 }, [snapshot], []);
  for (const project of ['life', 'other']) {
    const body = { project, number: 1, run, snapshot, features: run, labelSet: run, definition, model };
    const version = await commit('version', `${project}/1`, body, [run, snapshot, definition], [model]);
    const decided = { request: `${project}/1`, by: 'ana', verdict: 'approve' };
    const approved = { from: `decision:${project}/1/d`, relation: 'approved', to: `version:${project}/1` } as const;
    await commit('decision', `${project}/1/d`, decided, [version], [], [approved]);
  }
  for (const [from, revision, triggers] of [
    ['2001-02-01', 0, []],
    ['2001-02-08', 0, [{ on: 'bias', detail: 'too high', outcome: 'fired' }]],
    ['2001-02-08', 1, []],
  ] as const) {
    const body = { endpoint: 'life', period: { from, to: from }, revision, asOf: '2001-02-20T00:00:00Z', triggers };
    await commit('window', `life/${from}/r${revision}`, body, [
      { kind: 'version', id: 'life/1', digest: model.digest },
    ]);
  }
  const cycle = {
    v: 1,
    revision: 0,
    project: 'life',
    definition,
    triggers: [],
    appliedBy: 'cem',
    asOf: '2001-02-01T00:00:00Z',
    phase: 'deploy',
    refs: {},
  };
  await stored.cycles.insertMany([
    { ...cycle, v: 1, _id: 'life/1', cycle: 1, causes: [], state: 'finished', startedAt: new Date(1) },
    {
      ...cycle,
      v: 1,
      _id: 'life/2',
      cycle: 2,
      causes: [{ kind: 'bias', detail: 'too high', window: 'life/2001-02-08/r0' }],
      state: 'running',
      startedAt: new Date(2),
    },
  ]);
  const alias = {
    _id: 'life/champion',
    v: 1,
    revision: 1,
    version: 'life/1',
    number: 1,
    digest: model.digest,
  } as const;
  await stored.aliases.insertOne(alias);
  const replica = {
    v: 1,
    endpoint: 'life',
    address: 'http://here',
    startedAt: new Date(),
    revision: 3,
    counts: {},
  } as const;
  await stored.replicas.insertMany([
    { ...replica, _id: 'life/dead', replica: 'dead', reportedAt: new Date(Date.now() - 60_000) },
    { ...replica, _id: 'life/alive', replica: 'alive', reportedAt: new Date(Date.now() + 60_000) },
  ]);
  const writer = recordWriter(system.stores, 'life');
  await writer.insertPredictions([prediction('20010203-b'), prediction('20010203-a'), prediction('20010204-c')]);
  await writer.insertPredictions([{ ...prediction('20010203-p'), synthetic: true }]);
  const truth = { v: 1, prediction: '20010203-a', knownAt: new Date('2001-02-05'), receivedAt: new Date() } as const;
  await writer.insertTruths([
    { ...truth, _id: '20010203-a#0', revision: 0, value: 0 },
    { ...truth, _id: '20010203-a#1', revision: 1, value: 1 },
  ]);
  return { snapshot, run, model };
}

function prediction(_id: string): PredictionRecord {
  const eventTime = new Date(`${_id.slice(0, 4)}-${_id.slice(4, 6)}-${_id.slice(6, 8)}T12:00:00Z`);
  const inputs = { origin: 'SFO' };
  const answer = { version: 1, route: 'champion', revision: 3, score: 0.5, decision: 0 } as const;
  return { _id, v: 1, ...answer, eventTime, inputs, replica: 'alive', receivedAt: new Date() };
}

const ids = (listed: { records: readonly { _id: unknown }[] }): unknown[] => listed.records.map(({ _id }) => _id);

test('a list holds the newest, the oldest of them first, and how many there are', async () => {
  expect(ids(await records.list('cycle'))).toEqual(['life/1', 'life/2']);
  expect(await records.list('cycle', { limit: 1 })).toMatchObject({ records: [{ _id: 'life/2' }], total: 2 });
  expect(await records.list('request')).toEqual({ records: [], total: 0 });
});

test('a project’s own: what names it, and the shared steps that its versions were made from', async () => {
  expect(ids(await records.list('version', { project: 'other' }))).toEqual(['other/1']);
  expect(ids(await records.list('decision', { project: 'life' }))).toEqual(['life/1/d']);
  expect(ids(await records.list('snapshot', { project: 'other' }))).toEqual([key('a1')]);
  expect(ids(await records.list('run', { project: 'life' }))).toEqual([key('b2')]);
  expect(ids(await records.list('run'))).toEqual([key('b2'), key('b3')]);
  expect(ids(await records.list('run', { project: 'nobody' }))).toEqual([]);
});

test('a project is summed up by its newest records', async () => {
  const { records: projects } = await records.list('project');
  expect(projects).toMatchObject([{ _id: 'life', cycles: 2, champion: 1, cycle: { _id: 'life/2' } }]);
  expect(await records.find('project', 'life')).toEqual(projects[0]);
  expect(await records.find('project', 'nobody')).toBeUndefined();
});

test('a trigger names its window and the cycle that it led to', async () => {
  const trigger = { window: 'life/2001-02-08/r0', on: 'bias', outcome: 'fired', cycle: 'life/2', project: 'life' };
  expect((await records.list('trigger', { project: 'life' })).records).toMatchObject([trigger]);
  expect(await records.find('trigger', 'life/2001-02-08/r0/bias')).toMatchObject(trigger);
});

test('a replica is live by its last report', async () => {
  const { records: replicas } = await records.list('replica', { project: 'life' });
  expect(replicas.map(({ replica, live }) => [replica, live])).toEqual([
    ['alive', true],
    ['dead', false],
  ]);
  expect(await records.find('replica', 'life/dead')).toMatchObject({ live: false });
});

test.each([
  ['version', 'life@1', 'life/1'],
  ['version', 'life/1', 'life/1'],
  ['snapshot', 'a1a1a1', key('a1')],
  ['snapshot', key('a1'), key('a1')],
  ['run', 'sha256:b2', key('b2')],
  ['definition', 'life', 'life/sha256:d'],
  ['window', 'life/2001-02-08', 'life/2001-02-08/r1'],
  ['window', 'life/2001-02-08/r0', 'life/2001-02-08/r0'],
  ['window', 'life/', 'life/2001-02-08/r1'],
  ['decision', 'life/1/d', 'life/1/d'],
  ['audit', 'life/1', 'definition life/sha256:d'],
] as const)('%s/%s is found', async (kind, id, stored) => {
  expect(await records.find(kind, id)).toMatchObject({ _id: stored });
});

test.each([
  ['version', 'life@2'],
  ['version', 'nobody@1'],
  ['run', 'ffff'],
  ['snapshot', key('00')],
  ['audit', 'life/999'],
  ['prediction', 'life/20010203-none'],
  ['prediction', 'other/20010203-a'],
  ['prediction', 'life/((('],
  ['prediction', 'life/........-a'],
  ['artifact', key('00')],
] as const)('%s/%s is not there', async (kind, id) => {
  expect(await records.find(kind, id)).toBeUndefined();
});

test('a short id that two records share is refused', async () => {
  await expect(records.find('run', 'b')).rejects.toMatchObject({ code: 'MLOPS_USAGE' });
});

test('a record of a later release is refused', async () => {
  const later = { _id: 'later/1', v: 2, kind: 'version' };
  await raw(system.stores).db.collection<{ _id: string }>('versions').insertOne(later);
  await expect(records.find('version', 'later/1')).rejects.toMatchObject({ code: 'MLOPS_RECORD_VERSION' });
  await raw(system.stores).db.collection<{ _id: string }>('versions').deleteOne({ _id: 'later/1' });
});

test('predictions by day of event time, without synthetic traffic, each with its latest truth', async () => {
  expect(await records.predictionDays('life')).toEqual([
    { day: '20010203', predictions: 2, truths: 1 },
    { day: '20010204', predictions: 1, truths: 0 },
  ]);
  const day = await records.predictions('life', '20010203');
  expect(day.map(({ _id, truth }) => [_id, truth?.value])).toEqual([
    ['20010203-a', 1],
    ['20010203-b', undefined],
  ]);
  expect(await records.predictions('life', '20010203', 1)).toHaveLength(1);
  expect(await records.predictionDays('nobody')).toEqual([]);
  expect(await records.predictionDays('l.*')).toEqual([]);
  const found = await records.find('prediction', 'life/20010203-a');
  expect(found?.truths.map(({ revision }) => revision)).toEqual([0, 1]);
});

/** `relation node`, indented by level. */
function lines(node: LineageNode, indent = ''): string[] {
  const mark = node.repeated === true ? ' …' : node.cut === undefined ? '' : ` +${node.cut}`;
  return [
    `${indent}${[node.relation, node.node].filter(Boolean).join(' ')}${mark}`,
    ...node.children.flatMap((child) => lines(child, `${indent}  `)),
  ];
}

test('up: what a version was made from, each with what that was made from', async () => {
  const { up } = await records.lineage('version', 'life@1');
  expect(lines(up)).toEqual([
    'version:life/1',
    '  used definition:life/sha256:d',
    `  used run:${key('b2')}`,
    `    used snapshot:${key('a1')}`,
    `  used snapshot:${key('a1')} …`,
  ]);
  expect(up).toMatchObject({ about: 'life@1', children: [{ about: 'life' }, { about: 'network on 8 rows' }, {}] });
});

test('down: what became of it', async () => {
  const edge = { from: 'endpoint:life', relation: 'deployed', to: 'version:life/1' } as const;
  await raw(system.stores)
    .db.collection<LineageEdge>('edges')
    .insertOne({ _id: 'deployed', v: 1, ...edge });
  const { down } = await records.lineage('version', 'life@1');
  expect(lines(down)).toEqual([
    'version:life/1',
    `  produced ${refs.model.digest}`,
    '  was approved by decision:life/1/d',
    '  was deployed to endpoint:life',
    '  is used by window:life/2001-02-01/r0',
    '  is used by window:life/2001-02-08/r0',
    '  is used by window:life/2001-02-08/r1',
  ]);
});

test('from data to decisions, and from an artifact and a prediction back to the data', async () => {
  const { down } = await records.lineage('snapshot', 'a1a1');
  expect(lines(down).join('\n')).toMatch(/is used by run:.*\n(.*\n)*.*was approved by decision:other\/1\/d/);
  const { up: ofModel } = await records.lineage('artifact', refs.model.digest);
  expect(lines(ofModel)).toContain(`  was produced by run:${refs.run.id}`);
  expect(lines(ofModel)).toContain(`    used snapshot:${refs.snapshot.id}`);
  const { up: ofPrediction } = await records.lineage('prediction', 'life/20010203-a', { depth: 2 });
  expect(lines(ofPrediction).slice(0, 2)).toEqual(['prediction:life/20010203-a', '  was served by version:life/1']);
});

test('the depth cuts, and says how much', async () => {
  const { up } = await records.lineage('version', 'life@1', { depth: 1 });
  expect(lines(up)).toEqual([
    'version:life/1',
    '  used definition:life/sha256:d',
    `  used run:${key('b2')} +1`,
    `  used snapshot:${key('a1')}`,
  ]);
});

test('lineage of what is not there is an error', async () => {
  await expect(records.lineage('version', 'life@9')).rejects.toMatchObject({ code: 'MLOPS_NOT_FOUND' });
});

test('an artifact is downloaded with its bytes checked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-records-'));
  await records.download(refs.model.digest, join(folder, 'model'));
  expect(await readFile(join(folder, 'model'), 'utf8')).toBe('the bytes of model');
  await expect(records.download(key('00'), join(folder, 'none'))).rejects.toMatchObject({
    code: 'MLOPS_ARTIFACT_CORRUPT',
  });
  await rm(folder, { recursive: true });
});

test('a chain that somebody changed is told by the event', async () => {
  expect(await records.firstBrokenAudit('life')).toBeUndefined();
  const event = await records.find('audit', 'life/3');
  await raw(system.stores)
    .db.collection('audit')
    .updateOne({ project: 'life', sequence: 3 }, { $set: { by: randomUUID() } });
  expect(await records.firstBrokenAudit('life')).toBe(event?._id);
});

test('reading makes nothing, not even a database', async () => {
  const database = `mlops-test-unread-${randomUUID().slice(0, 8)}`;
  const unread = openRecords({ ...storeConfig(system.env), database });
  expect(await unread.list('run')).toEqual({ records: [], total: 0 });
  expect(await unread.find('version', 'life@1')).toBeUndefined();
  await unread.close();
  const { databases } = await raw(system.stores).client.db().admin().listDatabases({ nameOnly: true });
  expect(databases.map(({ name }) => name)).not.toContain(database);
});

test('a version’s status is derived from what names, approved and served it', async () => {
  const stored = raw(system.stores);
  const { snapshot, run } = refs;
  const rollouts = stored.db.collection<{ _id: string }>('rollouts');
  const versions = async () => (await records.list('version', { project: 'many' })).records;
  for (const [number, state] of [undefined, 'open', 'approved', 'rejected', 'expired', 'superseded'].entries()) {
    await commit('version', `many/${number}`, { project: 'many', number, run, snapshot }, [run]);
    if (state !== undefined) await stored.requests.insertOne({ _id: `many/${number}`, state } as never);
  }
  expect((await versions()).map(({ status }) => status)).toEqual([
    'candidate',
    'candidate',
    'approved',
    'rejected',
    'rejected',
    'rejected',
  ]);
  await stored.cycles.insertOne({ _id: 'many/0', project: 'many', outcome: 'gate failed' } as never);
  await rollouts.insertMany([
    { _id: 'w/1', outcome: 'deployed', version: { id: 'many/2' } },
    { _id: 'w/2', outcome: 'rolled-back', version: { id: 'many/1' } },
  ] as never);
  expect((await versions()).map(({ status }) => status).slice(0, 3)).toEqual(['rejected', 'candidate', 'retired']);
  // Served, and no request of its own: that approves nothing.
  expect(await records.find('version', 'life@1')).toMatchObject({ status: 'candidate', aliases: ['champion'] });
  await stored.requests.insertOne({ _id: 'life/1', state: 'approved' } as never);
  expect(await records.find('version', 'life@1')).toMatchObject({ status: 'approved', aliases: ['champion'] });
  expect(await records.find('version', 'other@1')).toMatchObject({ status: 'candidate', aliases: [] });
});
