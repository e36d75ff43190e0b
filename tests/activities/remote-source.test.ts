/** Sources behind a connection, as activities on the real stores: the rows of a file, and nothing of how it was reached. */
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps, JobName } from '../../src/activities/deps';
import { ingestActivities } from '../../src/activities/ingest';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Ref } from '../../src/domain/refs';
import { ingest } from '../../src/engines/tables/ingest';
import { defineProject } from '../../src/project/define-project';
import { packageRoot } from '../../src/runtime/package-root';
import { readConnections } from '../../src/sources/connections';
import { PART_BYTES } from '../../src/sources/source-cache';
import { serving, type TestServer } from '../support/http-server';
import { type OwnStores, openOwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';

const ASOF = '2024-03-01T00:00:00Z';
const SECRET = 'Bearer s3cret-of-the-lab';
const ROWS = 'id,at,value\na,2024-01-01,1\nb,2024-01-02,2\n';

let system: OwnStores;
let deps: ActivityDeps;
let servers: TestServer[] = [];

beforeAll(async () => {
  system = await openOwnStores('remote');
  const runJob = async (job: JobName, input: never, { folder }: { readonly folder: string }) => {
    if (job !== 'ingest') throw new Error(`no job ${job} here`);
    return ingest(input, { folder, progress: () => undefined, checkpoint: () => undefined } as never);
  };
  deps = { ...system.deps, runJob: runJob as never };
  process.env.MLOPS_TEST_TOKEN = SECRET;
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});
afterAll(() => system.close());

async function server(...args: Parameters<typeof serving>): Promise<TestServer> {
  const started = await serving(...args);
  servers.push(started);
  return started;
}

function project(reader: Parameters<typeof defineProject>[0]['source']['reader']): ProjectDefinition {
  return defineProject({
    name: 'remote',
    source: {
      reader,
      columns: { id: 'string', at: 'timestamp', value: 'integer' },
      key: ['id'],
      eventTime: 'at',
    },
    schema: { minRows: 1 },
    label: { name: 'high', labeler: { rule: { column: 'value', op: '>', value: 1 } } },
    features: [{ transform: 'weekday', column: 'at' }],
    approval: { approvers: ['ana'] },
  });
}

const lab = (address: string): ActivityDeps['connections'] => ({
  lab: { kind: 'http', address, headers: { authorization: { env: 'MLOPS_TEST_TOKEN' } }, allow: ['loopback'] },
});

const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

async function snapshot(own: ActivityDeps, reader: Parameters<typeof project>[0]): Promise<Ref<'snapshot'>> {
  const { definition } = await registeredDefinition(system.stores, project(reader));
  const observation = await run(() => ingestActivities(own).mlopsObserve({ definition, asOf: ASOF }));
  expect(JSON.stringify(observation).length).toBeLessThan(1_000);
  // Ingest runs elsewhere: it has no connection.
  return run(() => ingestActivities({ ...own, connections: {} }).mlopsIngest({ definition, observation }));
}

test('files over HTTP are rows as of a local file, and no record, file or list holds address or secret', async () => {
  const { url } = await server((request, response) => {
    if (request.headers.authorization !== SECRET) response.writeHead(401).end();
    else response.end(request.url === '/exports/a.csv' ? ROWS : 'id,at,value\nc,2024-01-03,3\n');
  });
  const own = { ...deps, connections: lab(`${url}/exports/`) };
  const ref = await snapshot(own, { http: { connection: 'lab', path: ['a.csv', 'b.csv'] } });
  const { body, artifacts } = await system.stores.facts.get(ref);
  expect(body.account).toMatchObject({ source: 3, inSnapshot: 3 });
  expect(body.files.map(({ path }) => path)).toEqual(['a.csv', 'b.csv']);
  await writeFile(join(system.folder, 'a.csv'), ROWS);
  await writeFile(join(system.folder, 'b.csv'), 'id,at,value\nc,2024-01-03,3\n');
  const same = await system.stores.facts.get(await snapshot(deps, { file: { path: '*.csv' } }));
  expect(same.artifacts).toEqual(artifacts);
  for (const collection of await raw(system.stores).db.collections()) {
    const text = JSON.stringify(await collection.find().toArray());
    expect(text).not.toContain('s3cret');
    expect(text).not.toContain(new URL(url).host);
  }
  for (const name of await readdir(deps.workFolder, { recursive: true })) {
    const text = await readFile(join(deps.workFolder, name), 'utf8').catch(() => '');
    expect(text).not.toContain('s3cret');
  }
});

test('the example of docs/sources.md', async () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'sources.md'), 'utf8');
  const [, example = '', json = ''] = /```ts\n(.*?)```.*?```json\n(.*?)```/s.exec(page) ?? [];
  const file = join(system.folder, 'sources.ts');
  await writeFile(file, example.replace("'temporal-mlops'", `'${join(packageRoot(), 'src', 'index.ts')}'`));
  const { default: definition } = require(file) as { default: ProjectDefinition };
  const rows = (day: string, celsius: number): string => `at,celsius,failed\n2026-${day},${celsius},0\n`;
  const { url, asked } = await server((request, response) =>
    response.end(request.url === '/2026/january.csv' ? rows('01-03', 20) : gzipSync(rows('02-03', 21)))
  );
  process.env.LAB_AUTHORIZATION = SECRET;
  const { lab: declared } = readConnections(JSON.parse(json));
  const own = { ...deps, connections: readConnections({ lab: { ...declared, address: url, allow: ['loopback'] } }) };
  const recorded = await registeredDefinition(system.stores, {
    ...definition,
    schema: { ...definition.schema, minRows: 1 },
  });
  const observed = { definition: recorded.definition, asOf: '2026-03-01T00:00:00Z' };
  const observation = await run(() => ingestActivities(own).mlopsObserve(observed));
  const ref = await run(() => ingestActivities(own).mlopsIngest({ definition: recorded.definition, observation }));
  expect((await system.stores.facts.get(ref)).body.account).toMatchObject({ source: 2, inSnapshot: 2 });
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([SECRET, SECRET]);
});

test('the same bytes at another address are the same snapshot: nothing is read again', async () => {
  const one = await server((_, response) => response.end(ROWS));
  const two = await server((_, response) => response.end(ROWS));
  const reader = { http: { connection: 'lab', path: 'same.csv' } };
  const first = await snapshot({ ...deps, connections: lab(one.url) }, reader);
  expect(await snapshot({ ...deps, connections: lab(two.url) }, reader)).toEqual(first);
});

test('of several files those that were fetched before the failure are not fetched again', async () => {
  let down = true;
  const { url, asked } = await server((request, response) => {
    if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end();
    else if (request.url === '/b.csv' && down) response.writeHead(503).end();
    else response.writeHead(200, { etag: `"${request.url}"` }).end(ROWS.replace('a,', `${request.url},`));
  });
  const own = { ...deps, connections: lab(url) };
  const reader = { http: { connection: 'lab', path: ['a.csv', 'b.csv'] } };
  await expect(snapshot(own, reader)).rejects.toMatchObject({ code: 'MLOPS_SOURCE_AWAY' });
  down = false;
  await snapshot(own, reader);
  const bodies = asked.filter(({ headers }) => headers['if-none-match'] === undefined).map((request) => request.url);
  expect(bodies).toEqual(['/a.csv', '/b.csv', '/b.csv']);
});

test('a cancellation stops it and leaves nothing behind, though the server sends nothing more; a worker that shuts down keeps the parts', async () => {
  const etag = '"endless"';
  const { url } = await server((_, response) => {
    response.writeHead(200, { etag, 'content-length': 100 * PART_BYTES });
    response.write(Buffer.alloc(1.5 * PART_BYTES));
  });
  const own = { ...deps, connections: lab(url) };
  const reader = { http: { connection: 'lab', path: 'endless.csv' } };
  const { definition } = await registeredDefinition(system.stores, project(reader));
  const parts = async () =>
    (await readdir(join(deps.workFolder, 'sources'), { recursive: true })).filter((name) => name.includes('/parts-'));
  for (const [reason, requested] of [
    ['WORKER_SHUTDOWN', false],
    ['CANCELLED', true],
  ] as const) {
    const environment = new MockActivityEnvironment();
    let cancelled = false;
    environment.on('heartbeat', ({ note }: { readonly note: string }) => {
      if (!note.includes('12.6 MB') || cancelled) return;
      cancelled = true;
      environment.cancel(reason, { cancelRequested: requested } as never);
    });
    const observing = environment.run(() => ingestActivities(own).mlopsObserve({ definition, asOf: ASOF }));
    await expect(observing).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect((await parts()).some((name) => /\d{6}-/.test(name))).toBe(!requested);
  }
  expect(await parts()).toEqual([]);
  const attempts = await readdir(join(deps.workFolder, 'attempts'), { recursive: true });
  expect(attempts.filter((name) => name.includes('fetch'))).toEqual([]);
});

test('fetching that takes longer than sourceTime is the operator’s; what was fetched stays', async () => {
  const { url } = await server((_, response) => {
    response.writeHead(200, { etag: '"slow"' });
    response.write(Buffer.alloc(PART_BYTES));
    const timer = setInterval(() => response.write('more'), 50);
    response.once('close', () => clearInterval(timer));
  });
  const own = { ...deps, connections: lab(url), limits: { ...deps.limits, sourceTime: 2_000 } };
  const failed = snapshot(own, { http: { connection: 'lab', path: 'slow.csv' } });
  await expect(failed).rejects.toMatchObject({ code: 'MLOPS_TIME_LIMIT', where: { file: 'slow.csv' } });
});

test('a connection that the worker does not declare, and our own servers, are refused', async () => {
  const reader = { http: { connection: 'none', path: 'a.csv' } };
  await expect(snapshot(deps, reader)).rejects.toMatchObject({ code: 'MLOPS_CONNECTION_UNKNOWN' });
  const { url, port, asked } = await server((_, response) => response.end(ROWS));
  const own = { ...deps, connections: lab(url), ownServers: () => [{ host: 'localhost', port }] };
  const failed = snapshot(own, { http: { connection: 'lab', path: 'a.csv' } });
  await expect(failed).rejects.toMatchObject({ code: 'MLOPS_ADDRESS_REFUSED' });
  expect(asked).toEqual([]);
});
