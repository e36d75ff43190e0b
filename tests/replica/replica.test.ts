import { appendFile, chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreConfig } from '../../src/stores/config';
import { countStored, findPrediction } from '../../src/stores/predictions';
import { listUnmatched } from '../../src/stores/truths';
import { flightRequest, flightsVersion, servedVersion } from '../serve/flights-model';
import { type Gate, openGate } from './gate';
import { openTestEndpoint, type TestEndpoint, type TestReplica, until } from './test-endpoint';
import { raw } from '../support/raw-records';

const ONE = flightsVersion(1);
const TWO = flightsVersion(2);

let endpoint: TestEndpoint;
beforeEach(async () => {
  endpoint = await openTestEndpoint();
  await endpoint.putModel(ONE);
  await endpoint.putModel(TWO);
  await endpoint.publish({ revision: 1, champion: ONE.version });
});
afterEach(async () => {
  for (const gate of opened) gate.open();
  await endpoint.close();
  await Promise.all(opened.splice(0).map((gate) => gate.close()));
});

const serves = (revision: number, replica = 'r1') =>
  until(`${replica} reports revision ${revision}`, async () => {
    const report = await endpoint.report(replica);
    return report?.revision === revision && report;
  });
const stored = (predictions: number, truths = 0) =>
  until(`${predictions} predictions and ${truths} truths are stored`, async () => {
    const counts = await countStored(endpoint.stores, endpoint.name);
    return counts.predictions === predictions && counts.truths === truths;
  });
const answerOf = async (replica: TestReplica, request = flightRequest()) => {
  const { status, body } = await replica.infer(request);
  return { status, version: body.model_version };
};
const throughGate = (port: number): StoreConfig => ({
  ...endpoint.config,
  mongodbUri: `mongodb://127.0.0.1:${port}/?directConnection=true`,
});
const opened: Gate[] = [];
const mongo = async () => {
  const { hostname, port } = new URL(endpoint.config.mongodbUri);
  const gate = await openGate(hostname, Number(port));
  opened.push(gate);
  return gate;
};
const NOWHERE = 'http://127.0.0.1:1';

test('serves what the document says, and reports it', async () => {
  const replica = await endpoint.start();
  const report = await serves(1);
  expect(report).toMatchObject({
    endpoint: endpoint.name,
    replica: 'r1',
    address: replica.address,
    counts: { 1: { requests: 0, errors: 0 } },
  });
  expect(Math.abs(report.reportedAt.getTime() - Date.now())).toBeLessThan(60_000);
  expect(await answerOf(replica)).toEqual({ status: 200, version: '1' });
  expect((await replica.get('/v2/health/ready')).status).toBe(200);
  await until('the request is counted', async () => (await endpoint.report('r1'))?.counts['1']?.requests === 1);
});

test('requests that it refuses are in its report, by their errors’ codes', async () => {
  await endpoint.publish({ revision: 1, champion: ONE.version });
  const replica = await endpoint.start();
  await until('it is ready', async () => (await replica.get('/v2/health/ready')).status === 200);
  expect((await endpoint.report('r1'))?.refused).toBeUndefined();
  for (const body of [{}, { inputs: [] }, []]) expect((await replica.infer(body)).status).toBe(400);
  expect((await replica.truth({ id: 'a', value: 7 })).status).toBe(400);
  expect((await replica.get('/elsewhere')).status).toBe(404);
  expect((await replica.infer(flightRequest({ id: 'good' }))).status).toBe(200);
  const refused = { MLOPS_REQUEST_INVALID: 3, MLOPS_TRUTH_INVALID: 1, MLOPS_NOT_FOUND: 1 };
  const reported = await until('its report', async () => {
    const { refused: counts } = (await endpoint.report('r1')) ?? {};
    return Object.keys(counts ?? {}).length === 3 && counts;
  });
  expect(reported).toEqual(refused);
});

test('waits, alive and not ready, for a document and for a champion', async () => {
  await raw(endpoint.stores).endpoints.deleteMany({});
  const replica = await endpoint.start();
  await serves(0);
  expect((await replica.get('/v2/health/live')).status).toBe(200);
  await endpoint.publish({ revision: 1 });
  await serves(1);
  expect((await replica.get('/v2/health/ready')).status).toBe(503);
  await endpoint.publish({ revision: 2, champion: ONE.version });
  await serves(2);
  expect((await answerOf(replica)).status).toBe(200);
});

test('takes a later revision while requests go on: none is dropped', async () => {
  const replica = await endpoint.start();
  await serves(1);
  const answers: Promise<{ status: number; version: unknown }>[] = [];
  let over = false;
  const traffic = (async () => {
    while (!over) {
      answers.push(answerOf(replica));
      await answers.at(-1);
    }
  })();
  for (const [revision, version] of [
    [2, TWO],
    [3, ONE],
    [4, TWO],
  ] as const) {
    await endpoint.publish({ revision, champion: version.version });
    await serves(revision);
  }
  over = true;
  await traffic;
  const all = await Promise.all(answers);
  expect(all.every(({ status }) => status === 200)).toBe(true);
  expect(new Set(all.map(({ version }) => version))).toEqual(new Set(['1', '2']));
  expect(await answerOf(replica)).toEqual({ status: 200, version: '2' });
});

test('keeps the revision it serves while the next can not be loaded, says why, and goes on with the one after', async () => {
  const replica = await endpoint.start();
  await serves(1);
  const lost = flightsVersion(3);
  await endpoint.publish({ revision: 2, champion: lost.version });
  const report = await until('the report says why', async () => {
    const found = await endpoint.report('r1');
    return found?.error !== undefined && found;
  });
  expect(report).toMatchObject({
    revision: 1,
    error: expect.stringMatching(/revision 2 needs version 3: MLOPS_ARTIFACT_CORRUPT.*not in the object store/),
  });
  expect(await answerOf(replica)).toEqual({ status: 200, version: '1' });

  await endpoint.publish({
    revision: 3,
    champion: ONE.version,
    candidate: { ...TWO.version, share: 1, shadow: false },
  });
  expect((await serves(3)).error).toBeUndefined();
  expect(await answerOf(replica)).toEqual({ status: 200, version: '2' });
});

test('refuses bytes that are no model, and a graph that does not take the declared inputs', async () => {
  const replica = await endpoint.start();
  await serves(1);
  const noModel = { bytes: Buffer.from('not a model'), version: servedVersion(4, Buffer.from('not a model')) };
  await endpoint.putModel(noModel);
  await endpoint.publish({ revision: 2, champion: noModel.version });
  await until('the report names the model', async () =>
    (await endpoint.report('r1'))?.error?.includes('MLOPS_MODEL_INVALID')
  );
  await endpoint.publish({ revision: 3, champion: { ...TWO.version, inputs: TWO.version.inputs.slice(1) } });
  await until('the report names the input', async () => (await endpoint.report('r1'))?.error?.includes('inputs=date'));
  expect(await answerOf(replica)).toEqual({ status: 200, version: '1' });
});

test('stores each prediction and truth once, and finds it by its id', async () => {
  const replica = await endpoint.start();
  await serves(1);
  const request = flightRequest({ id: 'a', eventTime: '2001-02-03T04:05:06Z' });
  await Promise.all([
    replica.infer(request),
    replica.infer(request),
    replica.infer(flightRequest({ id: 'b', eventTime: '2001-02-04T04:05:06Z' })),
  ]);
  await replica.infer(flightRequest({ id: 'p', eventTime: '2001-02-03T04:05:06Z', synthetic: true }));
  const truth = { id: 'a', value: 1, eventTime: '2001-02-05T00:00:00Z' };
  await replica.truth(truth);
  await replica.truth({ truths: [truth, { ...truth, value: 0, revision: 1 }, { ...truth, id: 'nobody' }] });
  await stored(2, 2);
  // Kept aside once the others of its batch are stored.
  const unmatched = await until('what is kept aside', async () => {
    const found = await listUnmatched(endpoint.stores, endpoint.name, 10);
    return found.length > 0 && found;
  });
  expect(unmatched).toMatchObject([{ prediction: 'nobody', value: 1, why: 'no prediction of this id' }]);
  const found = await findPrediction(endpoint.stores, endpoint.name, 'a');
  expect(found).toEqual({
    endpoint: endpoint.name,
    record: expect.objectContaining({
      version: 1,
      route: 'champion',
      replica: 'r1',
      eventTime: new Date('2001-02-03T04:05:06Z'),
    }),
    truths: [expect.objectContaining({ revision: 0, value: 1 }), expect.objectContaining({ revision: 1, value: 0 })],
  });
  expect(await findPrediction(endpoint.stores, endpoint.name, 'p')).toMatchObject({ record: { synthetic: true } });
  await until('its shipped time is reported', async () => {
    return (await endpoint.report('r1'))?.shippedTo?.toISOString() === '2001-02-05T00:00:00.000Z';
  });
});

test('a replica that restarts under its name ships the rest and goes on from its shipped time', async () => {
  const gate = await mongo();
  const first = await endpoint.start({
    stores: throughGate(gate.port),
    timing: { reconcileMs: 20, shipMs: 10, reportMs: 50, drainMs: 100 },
  });
  await serves(1);
  await first.infer(flightRequest({ id: 'a', eventTime: '2001-02-03T00:00:00Z' }));
  await until('the first is shipped', async () => (await endpoint.report('r1'))?.shippedTo !== undefined);
  gate.shut();
  await first.infer(flightRequest({ id: 'b', eventTime: '2001-02-04T00:00:00Z' }));
  await first.close();
  await stored(1);
  gate.open();
  const [spool] = (await readdir(join(first.folder, 'spool'))).filter((name) => name.endsWith('.jsonl')).slice(-1);
  await appendFile(join(first.folder, 'spool', spool!), '{"request":"torn","pred');

  await endpoint.start({ folder: first.folder });
  await stored(2);
  const shipped: string[] = [];
  await until('it reports the second time', async () => {
    shipped.push((await endpoint.report('r1'))?.shippedTo?.toISOString() ?? 'none');
    return shipped.at(-1) === '2001-02-04T00:00:00.000Z';
  });
  // Never back to nothing: what was shipped before is remembered with the position.
  expect(['2001-02-03T00:00:00.000Z', '2001-02-04T00:00:00.000Z']).toEqual(expect.arrayContaining(shipped));
});

test.each(['shut', 'hang'] as const)(
  'MongoDB gone (%s): answers go on, and are stored when it is back',
  async (how) => {
    const gate = await mongo();
    const replica = await endpoint.start({ stores: throughGate(gate.port) });
    await serves(1);
    gate[how]();
    for (let i = 0; i < 50; i += 1) {
      const { status } = await replica.infer(flightRequest({ id: `x${i}`, eventTime: '2001-02-03T00:00:00Z' }));
      expect(status).toBe(200);
    }
    await endpoint.publish({ revision: 2, champion: TWO.version });
    await until('the replica notices', () =>
      replica.warnings.some((warning) => warning.includes('"part":"reconcile"'))
    );
    expect((await answerOf(replica)).version).toBe('1');
    gate.open();
    await stored(51);
    await serves(2);
    await replica.close();
  }
);

test('starts and serves from its own disk with MongoDB and S3 down', async () => {
  const first = await endpoint.start();
  await serves(1);
  await endpoint.publish({
    revision: 2,
    champion: ONE.version,
    candidate: { ...TWO.version, share: 1, shadow: false },
  });
  await serves(2);
  await first.close();

  const down = {
    ...endpoint.config,
    mongodbUri: 'mongodb://127.0.0.1:1/?directConnection=true',
    s3: { ...endpoint.config.s3, endpoint: NOWHERE },
  };
  const second = await endpoint.start({
    folder: first.folder,
    stores: down,
    timing: { reconcileMs: 20, shipMs: 10, reportMs: 50, drainMs: 100 },
  });
  expect(await answerOf(second, flightRequest({ id: 'a', eventTime: '2001-02-03T00:00:00Z' }))).toEqual({
    status: 200,
    version: '2',
  });
  await second.close();

  await endpoint.start({ folder: first.folder });
  await stored(1);
});

test('a rollback to a model on disk needs no S3', async () => {
  const first = await endpoint.start();
  await serves(1);
  await endpoint.publish({ revision: 2, champion: TWO.version });
  await serves(2);
  await first.close();
  const noS3 = { ...endpoint.config, s3: { ...endpoint.config.s3, endpoint: NOWHERE } };
  const second = await endpoint.start({ folder: first.folder, stores: noS3 });
  await endpoint.publish({ revision: 3, champion: ONE.version });
  await serves(3);
  expect(await answerOf(second)).toEqual({ status: 200, version: '1' });
});

test('a full spool refuses while MongoDB is away, and takes requests again when it is back', async () => {
  const gate = await mongo();
  const replica = await endpoint.start({ stores: throughGate(gate.port), spoolBytes: 10_000 });
  await serves(1);
  gate.shut();
  let kept = 0;
  const refused = await until('the spool is full', async () => {
    const answer = await replica.infer(flightRequest({ eventTime: '2001-02-03T00:00:00Z' }));
    if (answer.status === 200) kept += 1;
    return answer.status !== 200 && answer;
  });
  expect(refused).toMatchObject({ status: 503, body: { error: expect.stringMatching(/^MLOPS_SPOOL_FULL/) } });
  gate.open();
  await stored(kept);
  await until('it takes requests again', async () => (await answerOf(replica)).status === 200);
  await replica.close();
});

test('closing ships what there is, and withdraws the report', async () => {
  const replica = await endpoint.start({ timing: { reconcileMs: 20, shipMs: 60_000, reportMs: 50, drainMs: 60_000 } });
  await serves(1);
  for (let i = 0; i < 20; i += 1) await replica.infer(flightRequest({ eventTime: '2001-02-03T00:00:00Z' }));
  expect(await countStored(endpoint.stores, endpoint.name)).toEqual({ predictions: 0, truths: 0 });
  await replica.close();
  expect(await countStored(endpoint.stores, endpoint.name)).toEqual({ predictions: 20, truths: 0 });
  expect(await endpoint.report('r1')).toBeNull();
});

test('its folder, where callers’ inputs lie, is closed to everybody else', async () => {
  const folder = await endpoint.newFolder();
  await chmod(folder, 0o755);
  await endpoint.start({ folder });
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('two replicas in one folder are refused', async () => {
  const first = await endpoint.start();
  const { writeFile } = await import('node:fs/promises');
  // Another process's lock: this test process's parent is alive.
  await writeFile(join(first.folder, 'lock'), String(process.ppid));
  await expect(endpoint.start({ folder: first.folder, replica: 'r2' })).rejects.toMatchObject({
    code: 'MLOPS_CONFIGURATION',
  });
});

test('a document of a later release is not acted on', async () => {
  const replica = await endpoint.start();
  await serves(1);
  await endpoint.publish({ revision: 2, champion: TWO.version, v: 2 as 1 });
  await until('the report says so', async () => (await endpoint.report('r1'))?.error?.includes('MLOPS_RECORD_VERSION'));
  expect(await answerOf(replica)).toEqual({ status: 200, version: '1' });
});
