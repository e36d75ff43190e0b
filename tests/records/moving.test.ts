/** What a project's own documents name: records of cycles that came to no version, corrected windows, lineage of what moves. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../src/runtime/digest';
import type { FactBodies } from '../../src/domain/records';
import type { ArtifactRef, Digest, FactKind, Ref } from '../../src/domain/refs';
import { type LineageNode, openRecords, type RecordKind, type Records } from '../../src/records';
import { storeConfig } from '../../src/stores/config';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let records: Records;
let data: ArtifactRef;
let elsewhere: ArtifactRef;

const key = (digits: string): Digest => `sha256:${digits.repeat(64 / digits.length)}`;
const FIRST = '2001-02-01T00:00:00.000Z';
const SECOND = '2001-02-08T00:00:00.000Z';

beforeAll(async () => {
  system = await openSystem('moving');
  records = openRecords(storeConfig(system.env));
  data = await put('data');
  elsewhere = await put('elsewhere');
  await writeLife();
});
afterAll(async () => {
  await records.close();
  await system.close();
});

async function put(name: string): Promise<ArtifactRef> {
  const path = join(system.folder, name);
  await writeFile(path, name);
  return system.stores.artifacts.put({ name, path, mediaType: 'text/plain' });
}

async function commit<K extends FactKind>(
  kind: K,
  _id: string,
  body: unknown,
  inputs: readonly Ref[] = [],
  artifacts: readonly ArtifactRef[] = []
): Promise<Ref<K>> {
  const digest = digestOf(body);
  await system.stores.facts.commit({ _id, kind, digest, inputs, artifacts, body: body as FactBodies[K] });
  return { kind, id: _id, digest };
}

/** Cycle 1 was deployed; its second window triggered cycle 2, which came to an evaluation and no version. */
async function writeLife(): Promise<void> {
  const stored = raw(system.stores);
  const definition = await commit('definition', 'life/sha256:d', { definition: { name: 'life' }, appliedBy: 'cem' });
  const steps = async (digit: string, artifacts: readonly ArtifactRef[]) => {
    const snapshot = await commit('snapshot', key(`${digit}1`), { digit, rows: 10, asOf: FIRST }, [], artifacts);
    const labelSet = await commit('labelSet', key(`${digit}2`), { digit, label: 'late' });
    const featureSet = await commit('featureSet', key(`${digit}3`), { digit, trainRows: 8 });
    const run = await commit('run', key(`${digit}4`), { digit, trainer: 'network', rows: 8 });
    const evaluation = await commit('evaluation', key(`${digit}5`), { digit, run });
    return { snapshot, labelSet, featureSet, run, evaluation };
  };
  const [deployed, tried] = [await steps('a', []), await steps('b', [data])];
  await steps('c', [elsewhere]);
  const { featureSet: features, ...made } = deployed;
  const version = await commit('version', 'life/1', { project: 'life', number: 1, definition, features, ...made });
  const decision = { request: 'life/1', by: 'ana', verdict: 'approve' };
  await commit('decision', 'life/1/ana', decision);
  const fired = [{ on: 'bias', detail: 'too high', outcome: 'fired' }];
  const windows = [
    [FIRST, 0, []],
    [SECOND, 0, fired],
    [SECOND, 1, fired],
  ] as const;
  for (const [from, revision, triggers] of windows) {
    const body = { endpoint: 'life', period: { from, to: from }, revision, asOf: from, triggers };
    await commit('window', `life/${from}/r${revision}`, body);
  }
  const cycle = { v: 1, revision: 0, project: 'life', definition, asOf: FIRST, state: 'finished', phase: 'deploy' };
  const cause = { kind: 'bias', detail: 'too high', window: `life/${SECOND}/r0` };
  await stored.cycles.insertMany([
    { ...cycle, _id: 'life/1', cycle: 1, causes: [], refs: { ...deployed, version }, startedAt: new Date(1) },
    { ...cycle, _id: 'life/2', cycle: 2, causes: [cause], refs: tried, startedAt: new Date(2) },
  ] as never);
  const { evaluation, snapshot } = deployed;
  await stored.requests.insertOne({ _id: 'life/1', project: 'life', about: [version, evaluation, snapshot] } as never);
  const rollout = { _id: 'mlops/life/1/deploy/run', project: 'life', endpoint: 'life', version };
  await stored.db
    .collection<{ _id: string }>('rollouts')
    .insertOne({ ...rollout, former: { version: 'life/0', number: 0 } } as never);
}

const ids = ({ records: listed }: { records: readonly { _id: unknown }[] }): unknown[] => listed.map(({ _id }) => _id);

test.each([
  ['snapshot', '1'],
  ['labelSet', '2'],
  ['featureSet', '3'],
  ['run', '4'],
  ['evaluation', '5'],
] as const)(
  '%s: of a project are those of its versions, and those that a cycle came to without one',
  async (kind, n) => {
    expect(ids(await records.list(kind, { project: 'life' }))).toEqual([key(`a${n}`), key(`b${n}`)]);
    expect((await records.list(kind)).total).toBe(3);
    expect(ids(await records.list(kind, { project: 'nobody' }))).toEqual([]);
  }
);

test('artifacts of a project are those that its records name', async () => {
  expect(ids(await records.list('artifact', { project: 'life' }))).toEqual([data.digest]);
  expect(new Set(ids(await records.list('artifact')))).toEqual(new Set([data.digest, elsewhere.digest]));
});

test('a window that was corrected is listed and counted once, by its last revision', async () => {
  const windows = await records.list('window', { project: 'life' });
  expect([ids(windows), windows.total]).toEqual([[`life/${FIRST}/r0`, `life/${SECOND}/r1`], 2]);
  const newest = await records.list('window', { limit: 1 });
  expect([ids(newest), newest.total]).toEqual([[`life/${SECOND}/r1`], 2]);
  expect(await records.find('window', `life/${SECOND}/r0`)).toMatchObject({ body: { revision: 0 } });
});

/** The node, then its children by their relation; what is cut below them is left out. */
function lines({ node, children }: LineageNode): string[] {
  return [node, ...children.map((child) => `${child.relation} ${child.node}`)];
}

test.each<[RecordKind, string, string[], string[]]>([
  [
    'trigger',
    `life/${SECOND}/r0/bias`,
    [`trigger:life/${SECOND}/r0/bias`, `was found in window:life/${SECOND}/r0`],
    [`trigger:life/${SECOND}/r0/bias`, 'led to cycle:life/2'],
  ],
  [
    'cycle',
    'life/2',
    ['cycle:life/2', 'goes by definition:life/sha256:d', `was caused by window:life/${SECOND}/r0`],
    [
      'cycle:life/2',
      ...['evaluation:b5', 'run:b4', 'featureSet:b3', 'labelSet:b2', 'snapshot:b1'].map(
        (made) => `came to ${made.replace(/..$/, (digits) => key(digits))}`
      ),
    ],
  ],
  [
    'request',
    'life/1',
    [
      'request:life/1',
      'asks about version:life/1',
      `asks about evaluation:${key('a5')}`,
      `asks about snapshot:${key('a1')}`,
    ],
    ['request:life/1', 'was answered by decision:life/1/ana'],
  ],
  [
    'rollout',
    'mlops/life/1/deploy',
    ['rollout:mlops/life/1/deploy/run', 'brought version:life/1', 'met version:life/0'],
    ['rollout:mlops/life/1/deploy/run', 'went to endpoint:life'],
  ],
])('lineage of a %s: by the records that it names', async (kind, id, up, down) => {
  const lineage = await records.lineage(kind, id, { depth: 1 });
  expect([lines(lineage.up), lines(lineage.down)]).toEqual([up, down]);
});

test('from the window that triggered it down to what the cycle came to', async () => {
  const { down } = await records.lineage('trigger', `life/${SECOND}/r0/bias`, { depth: 2 });
  expect(down.children[0]?.children.map(({ node }) => node)).toContain(`run:${key('b4')}`);
  const first = await records.lineage('cycle', 'life/1', { depth: 2 });
  expect(lines(first.down).slice(0, 3)).toEqual(['cycle:life/1', 'asked request:life/1', 'came to version:life/1']);
  expect(first.down.children[0]?.children.map(({ node }) => node)).toEqual(['decision:life/1/ana']);
});
