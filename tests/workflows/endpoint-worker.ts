/** A worker on the real Temporal server, with stores of its own, for the workflows around an endpoint. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { alive } from '../../src/activities/step/heartbeat';
import { deployActivities } from '../../src/activities/deploy';
import type { ActivityDeps } from '../../src/activities/deps';
import { monitorActivities } from '../../src/activities/monitor';
import { noticeActivities } from '../../src/activities/notices';
import { digestOf } from '../../src/runtime/digest';
import type { ProjectDefinition } from '../../src/domain/definition';
import { modelInputs } from '../../src/domain/endpoint';
import { monitorId } from '../../src/domain/ids';
import { LIGHT_SUFFIX } from '../../src/domain/queues';
import type { Ref } from '../../src/domain/refs';
import { DEFAULT_RETENTION } from '../../src/domain/housekeeping';
import { defaultLimits } from '../../src/activities/limits';
import { nothingRegistered } from '../../src/activities/registered/user-code';
import type { Stores } from '../../src/stores/connect';
import { refOf } from '../../src/stores/facts';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { ActivityFailures } from '../../src/worker/activity-failures';
import { computePool } from '../../src/worker/compute/pool';
import { dropStores, ownStores } from '../stores/served';
import { quiet } from '../support/quiet';
import { raw } from '../support/raw-records';
import { PLAIN_NETWORK } from '../support/plain-network';

export interface EndpointWorker {
  readonly client: Client;
  readonly stores: Stores;
  readonly taskQueue: string;
  readonly deps: ActivityDeps;
  stop(): Promise<void>;
}

export async function startEndpointWorker(name: string): Promise<EndpointWorker> {
  quiet();
  const stores = await ownStores(name);
  const { connectionOptions, namespace = 'default' } = temporalConfig();
  const [connection, native] = await Promise.all([
    Connection.connect(connectionOptions),
    NativeConnection.connect(connectionOptions),
  ]);
  const taskQueue = `test-${name}-${randomBytes(4).toString('hex')}`;
  const workFolder = await mkdtemp(join(tmpdir(), `mlops-${name}-`));
  const deps: ActivityDeps = {
    stores: async () => stores,
    runJob: computePool(defaultLimits()).runJob,
    registered: nothingRegistered,
    limits: defaultLimits(),
    retention: DEFAULT_RETENTION,
    searchAttributes: false,
    connections: {},
    ownServers: () => [],
    dataFolder: workFolder,
    workFolder,
  };
  const activities = alive({ ...deployActivities(deps), ...monitorActivities(deps), ...noticeActivities(deps) });
  const options = { connection: native, namespace, activities, interceptors: { activity: [ActivityFailures] } };
  const workers = await Promise.all([
    Worker.create({
      ...options,
      taskQueue,
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: require.resolve('./endpoint-workflows'),
        logger: new DefaultLogger('ERROR'),
      }),
      stickyQueueScheduleToStartTimeout: '2 seconds',
    }),
    // None polls the queue of compute by slots: no rollout and no monitor waits for it.
    Worker.create({ ...options, taskQueue: `${taskQueue}${LIGHT_SUFFIX}`, maxConcurrentActivityTaskExecutions: 1 }),
  ]);
  const running = workers.map((worker) => worker.run());
  return {
    client: new Client({ connection, namespace }),
    stores,
    taskQueue,
    deps,
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      // What outlives its rollouts: the monitors that they began.
      const begun = await raw(stores).endpoints.find().toArray();
      const client = new Client({ connection, namespace });
      await Promise.all(
        begun.map(({ _id }) =>
          client.workflow
            .getHandle(monitorId(_id))
            .terminate()
            .catch(() => undefined)
        )
      );
      await Promise.all([connection.close(), native.close()]);
      await dropStores(stores);
      await rm(workFolder, { recursive: true, force: true });
    },
  };
}

/** A small complete definition of flights. */
export function flights(project: string, changes: Partial<ProjectDefinition> = {}): ProjectDefinition {
  return {
    v: 1,
    name: project,
    sources: {},
    views: {},
    source: {
      name: 'flights',
      reader: { file: { path: 'flights.parquet', format: 'parquet' } },
      missing: [''],
      columns: {
        date: { type: 'timestamp' },
        distance: { type: 'number' },
        origin: { type: 'string' },
        destination: { type: 'string' },
        delay: { type: 'integer' },
      },
      eventTime: 'date',
      knownAt: { eventTimePlus: { minutes: 35, minutesPer: { distance: 0.13 } } },
    },
    schema: {
      columns: [{ column: 'distance', required: true, min: 0, max: 6000, severity: 'block' }],
      table: [],
      dependencies: [],
      maxQuarantinedShare: 0.1,
      maxBrokenShare: 0.01,
      minRows: 1,
      newColumns: 'report',
      newCategories: 'report',
      newCategoriesOf: {},
    },
    label: { name: 'late', version: 1, labeler: { rule: { column: 'delay', op: '>', value: 15 } } },
    features: [
      { transform: 'standardize', column: 'distance' },
      { transform: 'embedding', column: 'origin', width: 8, minCount: 10, maxRows: 1000 },
    ],
    model: {
      network: { ...PLAIN_NETWORK, hidden: [8], batch: 64, learningRate: 0.001, epochs: 1, maxRowsSeen: 1000, seed: 1 },
    },
    period: { every: '7 days' },
    split: { by: 'time', testPeriods: 1, validationPeriods: 0, minTrainRows: 1, minTestRows: 1 },
    cluster: 'day',
    objective: { task: 'binary', decisionThreshold: 0.5 },
    metrics: [],
    slices: [],
    gates: [],
    approval: {
      approversNeeded: 1,
      rejectsNeeded: 1,
      approvers: ['ana'],
      roles: {},
      allowSelfApproval: false,
      deadline: { wall: '1 day' },
      validFor: { wall: '30 days' },
      reminders: [],
    },
    rollout: {
      steps: [
        { name: 'canary', share: 0.2, shadow: false, for: { event: '4 days' } },
        { name: 'full', share: 1, shadow: false, for: { event: '3 days' } },
      ],
      minReplicas: 1,
      replicasWithin: { wall: '1 second' },
    },
    monitoring: {
      period: { every: '7 days' },
      allowedLateness: { event: '0 seconds' },
      truthDelay: { event: '14 days' },
      truthCoverage: 0.95,
      withoutEventTime: 'now',
      minRows: 100,
      bias: { floor: 0.06, confidence: 0.95 },
      drift: { psiFloor: 0.1, falseDiscoveryRate: 0.05 },
    },
    triggers: [{ on: 'bias', breaches: 2, outOf: 3, coolDown: { event: '14 days' } }],
    notifiers: [],
    retryFor: { wall: '1 hour' },
    heartbeatWithin: { wall: '2 seconds' },
    ...changes,
  };
}

/** A version as training registers it, without the training. */
export async function registerVersion(
  stores: Stores,
  definition: ProjectDefinition,
  number: number
): Promise<Ref<'version'>> {
  const project = definition.name;
  const some = <K extends string>(kind: K) => ({ kind, id: `${project}/${kind}`, digest: digestOf(kind) });
  const { fact: defined } = await stores.facts.commit({
    _id: `${project}/${digestOf(definition)}`,
    kind: 'definition',
    digest: digestOf(definition),
    inputs: [],
    artifacts: [],
    body: { definition, appliedBy: 'ana' },
  });
  const period = { from: '2001-01-25T00:00:00.000Z', to: '2001-02-01T00:00:00.000Z' };
  const body = {
    project,
    number,
    cycle: number,
    run: { ...some('run'), id: `${project}/run-${number}` },
    features: some('featureSet'),
    snapshot: some('snapshot'),
    labelSet: some('labelSet'),
    definition: refOf(defined),
    model: { name: 'model', digest: digestOf(`model ${number}`), bytes: 1000, mediaType: 'application/onnx' },
    split: { by: 'time', train: { to: period.from }, test: period, knownBy: period.to } as const,
    trainRows: 1000,
    unlabelledRows: 0,
    tolerance: [],
    task: { kind: 'binary', decisionThreshold: 0.5 },
    origin: { kind: 'run' },
    signature: {
      inputs: modelInputs(definition).map((input) => ({ ...input, column: input.name, shape: [-1] })),
      outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1] }],
      determinism: 'exact',
    },
  } as const;
  const { fact } = await stores.facts.commit({
    _id: `${project}/${number}`,
    kind: 'version',
    digest: digestOf(body),
    inputs: [],
    artifacts: [],
    body,
  });
  return refOf(fact);
}
