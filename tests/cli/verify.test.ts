/** `mlops doctor --verify` after a whole cycle on the real servers: it finds nothing, and then each thing that somebody changed. */
import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import { Client as MinioClient } from 'minio';
import type { Finding } from '../../src/cli/doctor/finding';
import { VERIFICATIONS } from '../../src/cli/doctor/verify/verify';
import type { Digest } from '../../src/domain/refs';
import { openRecordStores, type RecordStores } from '../../src/records/stores';
import { digestOf } from '../../src/runtime/digest';
import { objectKey } from '../../src/stores/artifacts';
import { storeConfig } from '../../src/stores/config';
import { recordDigest } from '../../src/stores/fact-digest';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { mlops, mlopsJson } from './mlops';
import { raw } from '../support/raw-records';

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: FollowingReplica;
let records: RecordStores;
let minio: MinioClient;
let bucket: string;
let project: string;

beforeAll(async () => {
  system = await openSystem('verify');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
  const definition = lifecycles.define();
  project = definition.name;
  replica = followingReplica(system.stores, project);
  await lifecycles.start(definition);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const { s3 } = storeConfig(system.env);
  const { hostname, port } = new URL(s3.endpoint);
  bucket = s3.bucket;
  minio = new MinioClient({ ...s3, endPoint: hostname, port: Number(port), useSSL: false });
  records = openRecordStores(storeConfig(system.env));
});
afterAll(async () => {
  await lifecycles.end();
  await replica.stop();
  await records.close();
  await system.close();
});

async function found(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [, verify] of VERIFICATIONS) findings.push(...(await verify(records)));
  return findings;
}

const problems = async (): Promise<string[]> =>
  (await found()).filter(({ state }) => state === 'problem').map(({ about, what }) => `${about}: ${what}`);

const documents = (name: string) => raw(system.stores).db.collection<Document & { _id: string }>(name);

/** What is found while the documents are as `change` left them; afterwards they are as before. */
async function foundAfter(collections: readonly string[], change: () => Promise<unknown>): Promise<string[]> {
  const before = await Promise.all(collections.map((name) => documents(name).find().toArray()));
  try {
    await change();
    return await problems();
  } finally {
    for (const [index, name] of collections.entries()) {
      await documents(name).deleteMany({});
      const all = before[index] ?? [];
      if (all.length > 0) await documents(name).insertMany(all);
    }
  }
}

test('a cycle that ran undisturbed: every part is looked at, and nothing is found', async () => {
  const findings = await found();
  expect(findings.map(({ state, about }) => `${state} ${about}`)).toEqual([
    'ok audit',
    'ok records',
    'ok requests',
    'ok aliases',
    'ok objects',
  ]);
  expect(findings[1]?.what).toMatch(/^[1-9]\d* facts/);
  expect(findings[4]?.what).toMatch(/^[1-9]\d*, \d+ bytes/);
  const json = await mlopsJson<{ findings: Finding[] }>(['doctor', '--verify'], system.env);
  expect(json.findings.map(({ about }) => about)).toEqual(
    expect.arrayContaining(['records', 'requests', 'aliases', 'objects'])
  );
});

test('a decision that was changed', async () => {
  const changed = await foundAfter(['decisions'], () =>
    documents('decisions').updateOne({}, { $set: { 'body.by': 'eve' } })
  );
  expect(changed).toEqual([
    `decision:${project}/1/ana: it was changed: its content has another digest than it was recorded with`,
  ]);
});

test('a decision that was changed with all of its own digests', async () => {
  const changed = await foundAfter(['decisions'], async () => {
    const decision = (await documents('decisions').findOne()) as never as Parameters<typeof recordDigest>[0];
    const body = { ...decision.body, by: 'eve' };
    const forged = { ...decision, body, digest: digestOf(body) };
    await documents('decisions').replaceOne({}, { ...forged, record: recordDigest(forged) } as never);
  });
  expect(changed).toEqual([
    `audit ${project}: decision ${project}/1/ana is another one than was recorded`,
    `decision:${project}/1/ana: the audit recorded another content of it`,
  ]);
});

test('a decision that was deleted', async () => {
  expect(await foundAfter(['decisions'], () => documents('decisions').deleteMany({}))).toEqual([
    `audit ${project}: decision ${project}/1/ana was recorded and is gone`,
    `request:${project}/1: it is approved, and by its recorded decisions it is open`,
  ]);
});

test('a request that was changed, reopened or deleted', async () => {
  const change = (set: Document) => foundAfter(['requests'], () => documents('requests').updateOne({}, { $set: set }));
  expect(await change({ authors: ['nobody'] })).toEqual([
    `request:${project}/1: it was changed: the audit recorded another content of it`,
  ]);
  expect(await change({ state: 'open' })).toEqual([
    `audit ${project}: request ${project}/1 is open, and the audit says: request approved`,
  ]);
  expect(await foundAfter(['requests'], () => documents('requests').deleteMany({}))).toEqual(
    Array(2).fill(`audit ${project}: request ${project}/1 was recorded and is gone`)
  );
});

test('a request that was approved by hand', async () => {
  const forged = await foundAfter(['requests'], async () => {
    const request = await documents('requests').findOne();
    await documents('requests').insertOne({ ...request, _id: `${project}/9` });
  });
  expect(forged).toEqual([
    `request:${project}/9: no audit event records it: it was not opened by a worker`,
    `request:${project}/9: it is approved, and no audit event says so`,
    `request:${project}/9: it is approved, and by its recorded decisions it is open`,
  ]);
});

test('a version that was changed or added', async () => {
  const changed = await foundAfter(['versions'], () =>
    documents('versions').updateOne({}, { $set: { 'body.task.decisionThreshold': 0.1 } })
  );
  expect(changed).toEqual([expect.stringMatching(/^version:.*\/1: it was changed/)]);
  const model = digestOf('another model');
  const swapped = await foundAfter(['versions'], () =>
    documents('versions').updateOne({}, { $set: { 'body.model.digest': model, digest: model } })
  );
  expect(swapped).toEqual(expect.arrayContaining([`version:${project}/1: its model is not the one that its run made`]));
  const added = await foundAfter(['versions'], async () => {
    const version = (await documents('versions').findOne()) as never as Parameters<typeof recordDigest>[0];
    const forged = { ...version, _id: `${project}/9`, body: { ...version.body, number: 9 } };
    await documents('versions').insertOne({ ...forged, record: recordDigest(forged as never) } as never);
  });
  expect(added).toEqual([`version:${project}/9: no audit event records it: it was not written by a worker`]);
});

test('an alias that was moved or deleted', async () => {
  const moved = await foundAfter(['aliases'], () => documents('aliases').updateOne({}, { $set: { number: 7 } }));
  expect(moved).toEqual([
    `alias:${project}/champion: it names ${project}/1, and by the audit ${project}/1 was deployed last`,
  ]);
  expect(await foundAfter(['aliases'], () => documents('aliases').deleteMany({}))).toEqual([
    `alias:${project}/champion: it is gone, and by the audit ${project}/1 was deployed last`,
  ]);
});

test('a snapshot and a run that were changed with their own digests: those that name them differ', async () => {
  const changed = await foundAfter(['snapshots'], async () => {
    const snapshot = (await documents('snapshots').findOne()) as never as Parameters<typeof recordDigest>[0];
    const forged = { ...snapshot, digest: digestOf('other rows') };
    await documents('snapshots').replaceOne({}, { ...forged, record: recordDigest(forged) } as never);
  });
  expect(changed).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^snapshot:.*: it was changed: its digest is not that of its content$/),
      expect.stringMatching(/^labelSet:.*: names snapshot .* with the digest .*, and it has the digest/),
    ])
  );
});

test('an endpoint that serves other bytes', async () => {
  const changed = await foundAfter(['endpoints'], () =>
    documents('endpoints').updateOne({}, { $set: { 'champion.model': digestOf('another model') } })
  );
  expect(changed).toEqual([`endpoint:${project}: it serves other bytes than those of ${project}/1`]);
});

test('an object that was swapped for one of the same size, and one that is gone', async () => {
  const { body } = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  const key = objectKey(body.model.digest);
  const bytes = await readObject(key);
  const other = Buffer.from(bytes);
  other[other.length - 1] = (other.at(-1) as number) ^ 1;
  await minio.putObject(bucket, key, other);
  expect(await problems()).toEqual([
    expect.stringMatching(new RegExp(`^artifact ${body.model.digest}: its object holds other bytes, of sha256:`)),
  ]);
  await minio.removeObject(bucket, key);
  expect(await problems()).toEqual([`artifact ${body.model.digest}: its object is gone`]);
  await minio.putObject(bucket, key, bytes);
  expect(await problems()).toEqual([]);
});

async function readObject(key: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await minio.getObject(bucket, key)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const AUDIT = ['audit', 'chains'] as const;

/** As one does who knows how chains are made: what is left ends where the chain's own document says. */
async function cutAfter(sequence: number): Promise<void> {
  await documents('audit').deleteMany({ project, sequence: { $gt: sequence } });
  const last = await documents('audit').findOne({ project, sequence });
  if (last === null) await documents('chains').deleteOne({ _id: project });
  else await documents('chains').updateOne({ _id: project }, { $set: { sequence, digest: last.digest as Digest } });
}

test('events that were deleted at the end, and all events', async () => {
  const events = await documents('audit').countDocuments({ project });
  const cut = await foundAfter(AUDIT, () => cutAfter(events - 1));
  expect(cut).toContain(
    `audit ${project}: events up to number ${events} were recorded, and MongoDB ends at ${events - 1}: events were deleted`
  );
  const none = await foundAfter(AUDIT, () => cutAfter(0));
  expect(none).toContain(
    `audit ${project}: events up to number ${events} were recorded, and MongoDB ends at 0: events were deleted`
  );
});

test('a chain that was written anew from its second event on', async () => {
  const rewritten = await foundAfter(AUDIT, async () => {
    const events = await documents('audit').find({ project }).sort({ sequence: 1 }).toArray();
    let previous = events[0]?.digest as Digest;
    for (const { digest: _, ...event } of events.slice(1)) {
      const content = { ...event, by: 'eve', previous };
      previous = digestOf(content);
      await documents('audit').replaceOne({ _id: event._id }, { ...content, digest: previous } as never);
    }
    await documents('chains').updateOne({ _id: project }, { $set: { digest: previous } });
  });
  expect(rewritten[0]).toMatch(/is another one than its head in the object store names: the chain was rewritten$/);
});

test('an event whose head was never written is ahead, which is no problem; the next event covers it', async () => {
  const sequence = (await documents('audit').countDocuments({ project })) as number;
  await minio.removeObject(bucket, `audit/${project}/${String(sequence).padStart(12, '0')}`);
  const ahead = (await found()).filter(({ state }) => state !== 'ok');
  expect(ahead).toMatchObject([
    { state: 'warning', about: `audit ${project}`, what: 'its last 1 events are ahead of the last head' },
  ]);
  await system.stores.audit.record({ id: randomUUID(), project, what: 'noted', by: 'ana', detail: {} });
  expect((await found()).filter(({ state }) => state !== 'ok')).toEqual([]);
});

test('the command fails, and says what to do', async () => {
  await documents('aliases').updateOne({}, { $set: { number: 7 } });
  const { code, stdout } = await mlops(['doctor', '--verify'], system.env);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^problem +alias:.*\/champion +it names/m);
  expect(stdout).toMatch(/^alias:.*\/champion: Find out who wrote to MongoDB, and restore/m);
});
