/** What a worker starts on: where a server is unfit or away it says so, and its process ends. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { temporal } from '@temporalio/proto';
import { isTemporalTooOld } from '../../src/domain/temporal-version';
import { readEnvironment } from '../../src/runtime/environment';
import { mlops } from '../cli/mlops';
import { openSystem, type TestSystem } from '../support/system';

test.each([
  ['1.28.0', false],
  ['1.32.0', false],
  ['v1.29.1', false],
  ['2.0.0-rc.1', false],
  ['1.27.9', true],
  ['1.3.0', true],
  ['0.99.0', true],
  ['', false],
  ['unknown', false],
])('version "%s": too old is %p', (version, tooOld) => {
  expect(isTemporalTooOld(version)).toBe(tooOld);
});

describe('a server that says 1.20.0', () => {
  let system: TestSystem;
  let old: Server;
  let port: number;
  beforeAll(async () => {
    system = await openSystem('old-temporal');
    old = new Server();
    const { GetSystemInfoResponse, DescribeNamespaceResponse } = temporal.api.workflowservice.v1;
    old.addService(
      { ...answering('GetSystemInfo'), ...answering('DescribeNamespace') },
      {
        GetSystemInfo: (_: unknown, answer: Answer) =>
          answer(null, GetSystemInfoResponse.encode({ serverVersion: '1.20.0', capabilities: {} }).finish()),
        DescribeNamespace: (_: unknown, answer: Answer) =>
          answer(null, DescribeNamespaceResponse.encode({ namespaceInfo: { name: 'default' } }).finish()),
      }
    );
    port = await new Promise<number>((bound, failed) =>
      old.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
        error === null ? bound(at) : failed(error)
      )
    );
  });
  afterAll(async () => {
    old.forceShutdown();
    await system.close();
  });

  test('no worker starts on it, and says why', async () => {
    const { code, stderr } = await mlops(['worker'], { ...system.env, TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
    expect(stderr).toMatch(/^mlops: MLOPS_SERVER_UNFIT: Temporal is too old: .* \[version=1\.20\.0\] .*1\.28.*\n$/m);
    expect(code).toBe(1);
  });
});

test('MongoDB away: no worker starts, and it says which server', async () => {
  const { code, stderr } = await mlops(['worker'], {
    ...readEnvironment(),
    MONGODB_URI: 'mongodb://127.0.0.1:1/none?replicaSet=none',
  });
  expect(stderr).toMatch(
    /^mlops: MLOPS_STORE_UNAVAILABLE: MongoDB can't be reached at mongodb:\/\/127\.0\.0\.1:1\/none: .*MONGODB_URI .*\n$/m
  );
  expect(code).toBe(1);
});

test.each([
  ['MONGODB_URI', { MONGODB_URI: undefined }, []],
  ['S3_SECRET_KEY', { S3_SECRET_KEY: undefined }, []],
  ['S3_ENDPOINT', { S3_ENDPOINT: 'nowhere' }, []],
  ['MLOPS_DATA_CONVERTER', { MLOPS_DATA_CONVERTER: '/none/converter.cjs' }, []],
  ['grace', {}, ['--keep', 'grace=1 second']],
  ['registered code', {}, ['--register', '/none/registered.cjs']],
])('%s missing or wrong: no worker starts, its process ends and says so', async (named, changed, args) => {
  // Not of a stack's file either.
  const env = { ...readEnvironment(), MLOPS_STACK_DIR: '/none', ...changed };
  const { code, stderr } = await mlops(['worker', ...args], env);
  expect(stderr).toMatch(/^mlops: MLOPS_CONFIGURATION: .+\n$/);
  expect(stderr).toContain(named);
  expect(code).toBe(1);
});

type Answer = (error: null, response: Uint8Array) => void;

/** A method of Temporal's service, its messages as bytes. */
function answering(method: string) {
  const bytes = (message: Uint8Array) => Buffer.from(message);
  return {
    [method]: {
      path: `/temporal.api.workflowservice.v1.WorkflowService/${method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  };
}
