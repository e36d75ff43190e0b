/** Every query of a cycle, a monitor and of people goes by an index: MongoDB's profiler sees no scan of a collection that grows. */
import type { Document } from 'mongodb';
import { examineAudit } from '../../src/cli/doctor/audit';
import { examineMonitors } from '../../src/cli/doctor/monitors';
import { examineRefs } from '../../src/cli/doctor/refs';
import { examineReplicas } from '../../src/cli/doctor/replicas';
import { VERIFICATIONS } from '../../src/cli/doctor/verify/verify';
import type { ProjectDefinition } from '../../src/domain/definition';
import { monitorId, windowId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import { openRecords, RECORD_KINDS, type Records } from '../../src/records';
import { openRecordStores, type RecordStores } from '../../src/records/stores';
import { championOf } from '../../src/stores/aliases';
import { storeConfig } from '../../src/stores/config';
import { recordWriter } from '../../src/stores/predictions';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { by, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { startReplica } from '../support/replica';
import { raw } from '../support/raw-records';

/** One document for an endpoint, a replica, an alias, a hold: their number is that of what people run or did. */
const FEW = ['system.profile', 'endpoints', 'replicas', 'aliases', 'chains', 'code', 'counters', 'holds'];
const AT_ONCE = { name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } } as const;
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
  const defined = lifecycles.define();
  definition = { ...defined, rollout: { ...defined.rollout, steps: [AT_ONCE] } };
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

let looked = new Date(0);

/** What was scanned since the last call: collection, operation and filter. */
async function scanned(): Promise<string[]> {
  const profile = raw(system.stores).db.collection('system.profile');
  const ours = { planSummary: /COLLSCAN/, appName: /^temporal-mlops/, ts: { $gt: looked } };
  const found = await profile.find(ours).sort({ ts: 1 }).toArray();
  looked = (found.at(-1)?.ts as Date | undefined) ?? looked;
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
    async () => (await system.stores.facts.find('window', windowId(project, WEEK.from, 0))) ?? undefined
  );
  expect(await scanned()).toEqual([]);
});

test('a cycle beside a champion, and a rollback', async () => {
  await system.client.retrain(project, { ...by('dan'), asOf: MARCH });
  await lifecycles.decide(project, 2, 'approve');
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'deployed' });
  expect(await system.client.rollback(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  await eventually('the rollback to be live', async () =>
    (await championOf(reading, project))?.version === `${project}/1` ? true : undefined
  );
  expect(await scanned()).toEqual([]);
});

test('housekeeping, which walks through all rollouts and checkpoints', async () => {
  const { kept } = await system.client.housekeep();
  expect(kept.map(({ why }) => why)).toContain('live');
  const walked = (await scanned()).map((one) => /^\w+ query \{"find":"\w+","filter":\{\}/.exec(one)?.[0] ?? one);
  const wholes = ['checkpoints', 'rollouts'].map((name) => `${name} query {"find":"${name}","filter":{}`);
  expect([...new Set(walked)].sort()).toEqual(wholes);
});

test('a replica, from its start to what it ships', async () => {
  const real = await startReplica(system, project, 'real');
  try {
    const post = async (path: string, body: unknown): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      const url = `${real.address}/v2/models/${project}/${path}`;
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    };
    const inputs = [
      ['date', 'INT64', 981_189_000_000_000],
      ['distance', 'INT64', 1846],
      ['origin', 'BYTES', 'SFO'],
      ['destination', 'BYTES', 'ORD'],
    ].map(([name, datatype, value]) => ({ name, datatype, shape: [1], data: [value] }));
    const asked = { id: 'asked', parameters: { eventTime: '2001-02-03T08:30:00Z' }, inputs };
    await eventually('it answers', async () => ((await post('infer', asked)) === 200 ? true : undefined));
    expect(await post('truth', { id: 'asked', value: 1, eventTime: '2001-02-04T12:00:00Z' })).toBe(200);
    expect(await post('truth', { id: 'nobody', value: 1, eventTime: '2001-02-04T12:00:00Z' })).toBe(200);
    await eventually('its records', async () =>
      (await records.unmatchedTruths(project)).total > 0 ? true : undefined
    );
  } finally {
    await real.close();
  }
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
  await records.eventClock(project);
  const snapshot = await records.newestSnapshot(project);
  await records.report(snapshot!._id);
  for (const name of [project, `${project}@1`, `${project}/1`, `${project}@2001-03-01`]) await records.labels(name);
  expect(await scanned()).toEqual([]);
});

test('doctor, and doctor --verify', async () => {
  await examineRefs(reading, true);
  await examineMonitors(system.client, reading);
  await examineReplicas(reading);
  await examineAudit(reading);
  await reading.audit.firstBroken(project);
  for (const [, verify] of VERIFICATIONS) await verify(reading);
  expect(await scanned()).toEqual([]);
});
