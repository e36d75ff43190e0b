/** Sources behind connections, in the real worker: rows of S3, MongoDB and HTTP; and no secret in anything that is left. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'minio';
import { phaseId } from '../../src/domain/ids';
import type { IngestResult } from '../../src/domain/phases';
import { defineProject } from '../../src/project/define-project';
import { serversOf, storeConfig } from '../../src/stores/config';
import { serving, type TestServer } from '../support/http-server';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

const SECRETS = { TOKEN: 'Bearer s3cret-token', WRONG: 's3cret-key-that-is-wrong', PASSWORD: 's3cret-password' };
const ROWS = 'id,at,value\na,2024-01-01,1\nb,2024-01-02,2\n';

let system: TestSystem;
let worker: WorkerProcess;
let server: TestServer;
let workflows: string[] = [];

beforeAll(async () => {
  system = await openSystem('sources');
  server = await serving((request, response) => {
    if (request.headers.authorization !== SECRETS.TOKEN) response.writeHead(401).end();
    else if (request.url === '/moved.csv') response.writeHead(302, { location: '/a.csv?signature=s3cret' }).end();
    else if (request.url?.startsWith('/a.csv') === true) response.end(ROWS);
    else response.writeHead(418).end();
  });
  const { s3 } = storeConfig(system.env);
  const [mongo] = serversOf(storeConfig(system.env));
  const allow = ['loopback', 'own-servers'];
  const lake = { kind: 's3', address: s3.endpoint, accessKey: { env: 'S3_ACCESS_KEY' }, allow };
  const shop = { kind: 'mongodb', address: `mongodb://${mongo!.host}:${mongo!.port}/`, allow };
  const connections = {
    lab: { kind: 'http', address: server.url, headers: { authorization: { env: 'TOKEN' } }, allow },
    lake: { ...lake, secretKey: { env: 'S3_SECRET_KEY' } },
    wrongLake: { ...lake, secretKey: { env: 'WRONG' } },
    shop,
    wrongShop: { ...shop, user: { env: 'TOKEN' }, password: { env: 'PASSWORD' } },
    ours: { ...shop, allow: ['loopback'] },
  };
  const file = join(system.folder, 'connections.json');
  await writeFile(file, JSON.stringify(connections));
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3;
  const minio = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
  await minio.putObject(s3.bucket, 'in/a.csv', ROWS);
  await raw(system.stores)
    .db.collection<{ _id: string; at: Date; value: number }>('orders')
    .insertMany([
      { _id: 'a', at: new Date('2024-01-01'), value: 1 },
      { _id: 'b', at: new Date('2024-01-02'), value: 2 },
    ]);
  worker = spawnWorker(
    { ...system, env: { ...system.env, ...SECRETS } },
    { args: ['--connections', file, '--log-level', 'debug'] }
  );
  await worker.ready;
});
afterAll(async () => {
  await worker.stop();
  await server.close();
  await system.close();
});

type Reader = Parameters<typeof defineProject>[0]['source']['reader'];

async function ingested(reader: Reader): Promise<{ readonly rows: number; readonly files: readonly string[] }> {
  const definition = defineProject({
    name: `sources-${randomUUID().slice(0, 8)}`,
    source: {
      reader,
      columns: {
        id: 'mongodb' in reader ? { type: 'string', from: '_id' } : 'string',
        at: 'timestamp',
        value: 'integer',
      },
      key: ['id'],
      eventTime: 'at',
    },
    schema: { minRows: 1 },
    label: { name: 'high', labeler: { rule: { column: 'value', op: '>', value: 1 } } },
    features: [{ transform: 'weekday', column: 'at' }],
    approval: { approvers: ['ana'] },
  });
  const cycle = `solo-${randomUUID()}` as const;
  const workflowId = phaseId(definition.name, cycle, 'ingest');
  workflows = [...workflows, workflowId];
  const input = {
    v: 1,
    project: definition.name,
    cycle,
    ...(await registeredDefinition(system.stores, definition)),
    searchAttributes: true,
    asOf: '2024-03-01T00:00:00Z',
  };
  const run = { workflowId, taskQueue: system.taskQueue, args: [input] };
  const made = (await system.client.temporal.workflow.execute('ingest', run)) as IngestResult;
  const { body } = await system.stores.facts.get(made.snapshot);
  return { rows: body.rows, files: body.files.map(({ path }) => path) };
}

async function failure(reader: Reader): Promise<string | undefined> {
  return ingested(reader).then(
    () => 'ingested',
    (error: { readonly cause?: { readonly cause?: { readonly type?: string } } }) => error.cause?.cause?.type
  );
}

test('rows come from everywhere; what is refused waits for a person; no secret is left anywhere', async () => {
  const bucket = system.env.S3_BUCKET!;
  const database = system.env.MLOPS_DATABASE!;
  const orders = { database, collection: 'orders' };
  expect(await ingested({ http: { connection: 'lab', path: 'a.csv' } })).toEqual({ rows: 2, files: ['a.csv'] });
  expect(await ingested({ http: { connection: 'lab', path: 'moved.csv' } })).toMatchObject({ rows: 2 });
  expect(await ingested({ s3: { connection: 'lake', bucket, path: 'in/*.csv' } })).toEqual({
    rows: 2,
    files: ['in/a.csv'],
  });
  expect(await ingested({ mongodb: { connection: 'shop', ...orders } })).toEqual({
    rows: 2,
    files: [`${database}.orders`],
  });

  expect(await failure({ http: { connection: 'lab', path: 'teapot.csv?key=of-the-definition' } })).toBe(
    'MLOPS_SOURCE_UNREADABLE'
  );
  expect(await failure({ s3: { connection: 'wrongLake', bucket, path: 'in/a.csv' } })).toBe('MLOPS_SOURCE_REFUSED');
  expect(await failure({ mongodb: { connection: 'wrongShop', ...orders } })).toBe('MLOPS_SOURCE_REFUSED');
  expect(await failure({ mongodb: { connection: 'ours', ...orders } })).toBe('MLOPS_ADDRESS_REFUSED');
  expect(await failure({ http: { connection: 'nobody', path: 'a.csv' } })).toBe('MLOPS_CONNECTION_UNKNOWN');

  const left: (readonly [string, string])[] = [['log', worker.said()]];
  for (const workflowId of workflows) {
    const history = await system.client.temporal.workflow.getHandle(workflowId).fetchHistory();
    // Payloads are bytes.
    const text = JSON.stringify(history, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value
    );
    expect(text).toContain('mlopsObserve');
    left.push([workflowId, text]);
  }
  for (const collection of await raw(system.stores).db.collections())
    left.push([collection.collectionName, JSON.stringify(await collection.find().toArray())]);
  for (const name of await readdir(join(system.folder, 'work'), { recursive: true }))
    left.push([name, await readFile(join(system.folder, 'work', name), 'utf8').catch(() => '')]);
  const secrets = ['s3cret', system.env.S3_SECRET_KEY!];
  expect(left.filter(([, text]) => secrets.some((secret) => text.includes(secret))).map(([name]) => name)).toEqual([]);
});
