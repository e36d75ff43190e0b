/** Every query of a cycle, a monitor and of people goes by an index: MongoDB's profiler sees no scan of a collection that grows. */
import type { Document } from 'mongodb';
import { examineRefs } from '../../src/cli/doctor/refs';
import { VERIFICATIONS } from '../../src/cli/doctor/verify/verify';
import type { ProjectDefinition } from '../../src/domain/definition';
import { monitorId, windowId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import { openRecords, RECORD_KINDS, type Records } from '../../src/records';
import { openRecordStores, type RecordStores } from '../../src/records/stores';
import { storeConfig } from '../../src/stores/config';
import { recordWriter } from '../../src/stores/predictions';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

jest.setTimeout(120_000);

/** One document for an endpoint, a replica, an alias: their number is that of what people run. */
const FEW = ['system.profile', 'endpoints', 'replicas', 'aliases', 'chains', 'code', 'counters'];
const WEEK = { from: '2001-02-01T00:00:00.000Z', to: '2001-02-08T00:00:00.000Z' };

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: FollowingReplica;
let records: Records;
let reading: RecordStores;
let definition: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('indexes');
  const { db } = raw(system.stores);
  await db.createCollection('system.profile', { capped: true, size: 256 * 2 ** 20 });
  await db.command({ profile: 2 });
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
  definition = lifecycles.define();
  project = definition.name;
  replica = followingReplica(system.stores, project);
  records = openRecords(storeConfig(system.env));
  reading = openRecordStores(storeConfig(system.env));
});
afterAll(async () => {
  await raw(system.stores).db.command({ profile: 0 });
  await lifecycles.end();
  await replica.stop();
  await records.close();
  await reading.close();
  await system.close();
});

/** What was scanned since the last call: collection, operation and filter. */
async function scanned(): Promise<string[]> {
  const profile = raw(system.stores).db.collection('system.profile');
  const found = await profile.find({ planSummary: /COLLSCAN/, appName: /^temporal-mlops/ }).toArray();
  return found
    .filter(({ ns, command }) => !FEW.includes(nameIn(ns as string)) && !isNewest(command as Document))
    .map(
      ({ ns, op, command }) =>
        `${nameIn(ns as string)} ${op} ${JSON.stringify((command as Document) ?? {}).slice(0, 300)}`
    );
}

/** The newest few, in the order of their storage, backwards: it reads no more than those. */
const isNewest = ({ sort, limit }: Document): boolean =>
  (sort as Document)?.$natural === -1 && (limit as number) <= 1000;

const nameIn = (ns: string): string => ns.slice(ns.indexOf('.') + 1);

test('the profiler sees a scan where there is one', async () => {
  await raw(system.stores).db.collection('runs').findOne({ 'body.nothing': 1 });
  expect(await scanned()).toEqual([expect.stringMatching(/^runs query .*body\.nothing/)]);
  await raw(system.stores).db.command({ profile: 0 });
  await raw(system.stores).db.collection('system.profile').drop();
  await raw(system.stores).db.createCollection('system.profile', { capped: true, size: 256 * 2 ** 20 });
  await raw(system.stores).db.command({ profile: 2 });
});

test('a cycle, from its start to its deployment', async () => {
  await lifecycles.start(definition);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  expect(await scanned()).toEqual([]);
});

test('a window of the monitor', async () => {
  const receivedAt = new Date();
  const writer = recordWriter(system.stores, project);
  const rows = Array.from({ length: 70 }, (_, row) => ({
    _id: `p${row}`,
    eventTime: new Date(Date.parse(WEEK.from) + row * 8_000_000),
  }));
  const answer = { v: 1, version: 1, route: 'champion', revision: 1, score: 0.2, decision: 0, replica: 'r1' } as const;
  const inputs = { date: 980_985_600_000_000, distance: 300, origin: 'ORD', destination: 'SFO' };
  await writer.insertPredictions(rows.map((row) => ({ ...row, ...answer, inputs, receivedAt })));
  await writer.insertTruths(
    rows.map(({ _id, eventTime }) => ({
      _id: `${_id}#0`,
      v: 1,
      prediction: _id,
      revision: 0,
      value: 0,
      knownAt: eventTime,
      receivedAt,
    }))
  );
  replica.state.shippedTo = '2001-02-20T00:00:00Z';
  await replica.reported();
  const watermark = { endpoint: project, watermark: '2001-02-19T00:00:00.000Z', edge: WEEK.to, reason: 'passed' };
  await lifecycles.handle(monitorId(project)).signal(MESSAGES.watermark, watermark);
  await eventually(
    'the window',
    async () => (await system.stores.facts.find('window', windowId(project, WEEK.from, 0))) ?? undefined,
    30_000
  );
  expect(await scanned()).toEqual([]);
});

test('lists of every kind, of a project and of all; each record and its lineage', async () => {
  for (const kind of RECORD_KINDS) {
    if (kind === 'prediction') continue;
    const { records: all } = await records.list(kind);
    await records.list(kind, { project });
    const id = (all.at(-1) as { readonly _id?: string } | undefined)?._id;
    if (id === undefined) continue;
    await records.find(kind, id);
    await records.lineage(kind, id);
  }
  await records.find('version', `${project}@1`);
  await records.find('audit', `${project}/1`);
  await records.predictionDays(project);
  await records.predictions(project, '20010201');
  await records.find('prediction', `${project}/p1`);
  await records.unmatchedTruths(project);
  await records.conflictingPredictions(project);
  expect(await scanned()).toEqual([]);
});

test('doctor, and doctor --verify', async () => {
  await examineRefs(reading, true);
  await reading.audit.firstBroken(project);
  for (const [, verify] of VERIFICATIONS) await verify(reading);
  expect(await scanned()).toEqual([]);
});
