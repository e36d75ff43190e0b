/** What SimplePlugin would do behind a user's back, and ours doesn't. */
import { availableParallelism } from 'node:os';
import type { ActivityInterceptorsFactory, WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import { ActivityFailures } from '../../src/worker/activity-failures';
import { MlopsPlugin, shared, slots, threadsOfChild } from '../../src/worker/plugin';

const options = (changes: Partial<WorkerOptions> = {}): WorkerOptions => ({ taskQueue: 'own', ...changes });
const namesOf = (configured: WorkerOptions): string[] => Object.keys(configured.activities ?? {});

test('a user’s workflows stay the user’s: the plugin sets neither path nor bundle', () => {
  const configured = new MlopsPlugin().configureWorker(options({ workflowsPath: '/user/workflows.ts' }));
  expect(configured.workflowsPath).toBe('/user/workflows.ts');
  expect(configured.workflowBundle).toBeUndefined();
});

test('bundling a user’s workflows is logged, once, after the user’s own hook; a prebuilt bundle is left alone', () => {
  const plugin = new MlopsPlugin();
  const webpackConfigHook = (config: object) => ({ ...config, name: 'user' });
  const once = plugin.configureWorker(
    options({ workflowsPath: '/user/workflows.ts', bundlerOptions: { webpackConfigHook } })
  );
  const { bundlerOptions } = plugin.configureWorker(once);
  const { name, plugins } = bundlerOptions!.webpackConfigHook!({});
  expect([name, plugins?.length]).toEqual(['user', 1]);
  expect(
    plugin.configureWorker(options({ workflowBundle: { codePath: '/bundle.js' } })).bundlerOptions
  ).toBeUndefined();
});

test('a user’s activities stand beside ours', () => {
  const greeting = async (): Promise<string> => 'hello';
  const configured = new MlopsPlugin().configureWorker(options({ activities: { greeting } }));
  expect(namesOf(configured)).toEqual(
    expect.arrayContaining(['greeting', 'mlopsIngest', 'mlopsTrain', 'mlopsRecordDecisions'])
  );
});

test('an activity of a user’s under one of our names is refused, not silently replaced', () => {
  expect(() => new MlopsPlugin().configureWorker(options({ activities: { mlopsTrain: async () => 'mine' } }))).toThrow(
    /MLOPS_ACTIVITY_NAME_TAKEN.*activity=mlopsTrain/
  );
});

test('asked twice, as when it is on the connection and on the worker, it adds nothing twice', () => {
  const plugin = new MlopsPlugin();
  const once = plugin.configureWorker(options());
  const twice = plugin.configureWorker(once);
  expect(namesOf(twice)).toEqual(namesOf(once));
  expect(twice.interceptors?.activity?.filter((factory) => factory === ActivityFailures)).toHaveLength(1);
});

test('a user’s interceptors are kept, before ours', () => {
  const own: ActivityInterceptorsFactory = () => ({});
  const configured = new MlopsPlugin().configureWorker(
    options({ interceptors: { activity: [own], workflowModules: ['/user/interceptor.ts'] } })
  );
  expect(configured.interceptors).toEqual({
    activity: [own, ActivityFailures],
    workflowModules: ['/user/interceptor.ts'],
  });
});

test('a user’s own settings win over our defaults', () => {
  expect(new MlopsPlugin().configureWorker(options({ shutdownGraceTime: '1 minute' })).shutdownGraceTime).toBe(
    '1 minute'
  );
  expect(new MlopsPlugin().configureWorker(options()).shutdownGraceTime).toBe('10 seconds');
});

test('client options pass through unchanged', () => {
  const client = { interceptors: { workflow: [{}], activity: [{}] } };
  expect(new MlopsPlugin().configureClient(client as never)).toEqual(client);
});

test('every activity of ours has a name of ours', () => {
  const names = Object.keys(createActivities({} as never));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !/^mlops[A-Z]/.test(name))).toEqual([]);
});

test('what a user says of the worker holds for the compute worker, too', () => {
  const dataConverter = { payloadCodecs: [] };
  const given = options({ dataConverter, identity: 'me', buildId: '7', maxCachedWorkflows: 3 });
  expect(shared(new MlopsPlugin().configureWorker(given))).toEqual({
    dataConverter,
    identity: 'me',
    buildId: '7',
    shutdownGraceTime: '10 seconds',
    maxHeartbeatThrottleInterval: '500 milliseconds',
    defaultHeartbeatThrottleInterval: '500 milliseconds',
  });
});

test('slots of compute: those that are declared, else the tuner’s, else one', () => {
  const tuner = { tunerOptions: {} } as unknown as NonNullable<WorkerOptions['tuner']>;
  expect(slots(2, tuner)).toEqual({ maxConcurrentActivityTaskExecutions: 2 });
  expect(slots(undefined, tuner)).toEqual({ tuner });
  expect(slots(undefined, undefined)).toEqual({ maxConcurrentActivityTaskExecutions: 1 });
  // All that run at once share the processors; of a tuner's it isn't known how many do.
  expect(threadsOfChild(slots(undefined, undefined))).toBe(availableParallelism());
  expect(threadsOfChild(slots(2, undefined))).toBe(Math.max(1, Math.floor(availableParallelism() / 2)));
  expect([threadsOfChild(slots(1000, undefined)), threadsOfChild(slots(undefined, tuner))]).toEqual([1, 1]);
});

test('one instance serves one worker', async () => {
  const s3 = { endpoint: 'http://127.0.0.1:1', accessKey: 'a', secretKey: 'b', bucket: 'ccc', region: 'd' };
  const plugin = new MlopsPlugin({ stores: { mongodbUri: 'no address', s3 } });
  plugin.configureWorker(options());
  const worker = () => ({ getState: () => 'STOPPED' }) as never;
  const ran: string[] = [];
  const first = plugin.runWorker(worker(), async () => void ran.push('first'));
  await expect(plugin.runWorker(worker(), async () => void ran.push('second'))).rejects.toThrow(
    /MLOPS_CONFIGURATION: One MlopsPlugin serves one worker/
  );
  await expect(first).rejects.toThrow(/Invalid/);
  expect(ran).toEqual([]);
});

test('limits are known by name and positive', () => {
  expect(() => new MlopsPlugin({ limits: { readerParts: 20 } })).not.toThrow();
  expect(() => new MlopsPlugin({ limits: { readerPart: 20 } as never })).toThrow(/no such limit.*readerParts/);
  expect(() => new MlopsPlugin({ limits: { codeTime: Number.NaN } })).toThrow(/positive.*limit=codeTime/);
});
