/**
 * `MlopsPlugin`: our activities, and the compute workers beside the user's own, on any Temporal worker. It ships no
 * workflows, since a bundle holds one module's: users write `export * from 'temporal-mlops/workflows'` in theirs.
 */
import { statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimplePlugin } from '@temporalio/plugin';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities';
import type { Registered } from '../activities/registered/user-code';
import { sweepAttempts } from '../activities/step/attempt-folder';
import { preparePrivate } from '../runtime/private-folder';
import { temporalConfig } from '../runtime/temporal-config';
import type { ActivityDeps } from '../activities/deps';
import { type Limits, limitsWith } from '../activities/limits';
import type { Retention } from '../domain/housekeeping';
import { retentionWith } from '../activities/housekeeping/retention';
import { MlopsError } from '../domain/errors';
import { COMPUTE_SUFFIX, LIGHT_SUFFIX } from '../domain/queues';
import type { HostPort } from '../sources/addresses';
import { type Connections, readConnections } from '../sources/connections';
import { checkSecrets } from '../sources/secrets';
import { SourceCache } from '../sources/source-cache';
import { serversOf, type StoreConfig, storeConfig } from '../stores/config';
import { connectStores, type Stores } from '../stores/connect';
import { ActivityFailures } from './activity-failures';
import { withBundlingProgress } from './bundling-progress';
import { type ComputePool, computePool } from './compute/pool';
import { LIGHT_SLOTS } from './compute/warm';
import { readModules } from './registered-modules';
import { checkSearchAttributes } from './search-attributes';
import { checkTemporal } from './temporal-server';

/**
 * How long one step of a workflow's code may compute. After the SDK's five seconds Node's async hooks are corrupt and the
 * process dies, and a step with 5,000 signals may take that long on a busy machine. Not exposed by the SDK's types.
 */
const PATIENT = { isolateExecutionTimeout: '2 minutes' };

export interface MlopsPluginOptions {
  /** Default: MONGODB_URI and S3_* of the environment, or what `scripts/stack.sh up` wrote. */
  readonly stores?: StoreConfig;
  /**
   * Paths of modules (`require.resolve('./registered')`) whose default exports are the sources, labelers, trainers,
   * metrics and notifiers that definitions refer to by name. Child processes import them; the worker never does.
   */
  readonly registered?: string | readonly string[];
  /** How this worker reaches what definitions' readers name, by name; secrets stay in its environment or in files. */
  readonly connections?: Connections;
  /** Ceilings that differ from their defaults. */
  readonly limits?: Partial<Limits>;
  /** How long housekeeping keeps bytes that nothing needs, where it differs from the defaults: docs/housekeeping.md. */
  readonly retention?: Partial<Retention>;
  /** `here`: workers for compute run beside this one (default). `elsewhere`: another process has them. */
  readonly compute?: 'here' | 'elsewhere';
  /** Compute children at once, beside two for short work; they share the processors. Default: what the worker's `tuner` allows, else 1. */
  readonly computeSlots?: number;
  /** Relative source paths start here. Default: the working directory. */
  readonly dataFolder?: string;
  /** Attempts' folders and downloaded artifacts. Default: in the system's temporary folder. */
  readonly workFolder?: string;
  /** False goes without search attributes, where the namespace may not have them. */
  readonly searchAttributes?: boolean;
}

function existingFolder(folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  const fix = 'Make it, or name the folder that holds the files of your sources (mlops worker --data).';
  throw new MlopsError('MLOPS_CONFIGURATION', 'The data folder is not there.', { dataFolder: folder }, fix);
}

/** Serves one worker: its data converter, interceptors, build id and tuner hold for the compute workers beside it. */
export class MlopsPlugin extends SimplePlugin {
  readonly #options: MlopsPluginOptions;
  readonly #activities: ReturnType<typeof createActivities>;
  readonly #workFolder: string;
  readonly #registered: Registered;
  readonly #pool: ComputePool;
  readonly #connections: Connections;
  #stores: Promise<Stores> | undefined;
  #workerOptions: WorkerOptions | undefined;
  #worker: Worker | undefined;

  constructor(options: MlopsPluginOptions = {}) {
    super({ name: 'temporal-mlops.MlopsPlugin' });
    this.#options = options;
    this.#workFolder = options.workFolder ?? join(tmpdir(), `temporal-mlops-${process.getuid?.() ?? 'user'}`);
    const limits = limitsWith(options.limits);
    this.#connections = readConnections(options.connections);
    this.#pool = computePool(limits);
    const { runJob } = this.#pool;
    this.#registered = readModules([options.registered ?? []].flat(), runJob, this.#workFolder);
    const deps: ActivityDeps = {
      stores: () => this.#connected(),
      runJob,
      registered: this.#registered,
      limits,
      retention: retentionWith(options.retention),
      searchAttributes: options.searchAttributes !== false,
      connections: this.#connections,
      ownServers: () => [...serversOf(this.#options.stores ?? storeConfig()), temporalServer()],
      dataFolder: existingFolder(options.dataFolder ?? process.cwd()),
      workFolder: this.#workFolder,
    };
    this.#activities = createActivities(deps);
  }

  /** Idempotent: an instance that is on the connection and on the worker is asked twice. */
  override configureWorker(options: WorkerOptions): WorkerOptions {
    const existing = (options.activities ?? {}) as Readonly<Record<string, unknown>>;
    for (const [name, activity] of Object.entries(this.#activities)) {
      if (existing[name] === undefined || existing[name] === activity) continue;
      throw new MlopsError(
        'MLOPS_ACTIVITY_NAME_TAKEN',
        'An activity of the worker has a name of ours.',
        { activity: name },
        'Give yours another name.'
      );
    }
    const interceptors = options.interceptors?.activity ?? [];
    const configured = withBundlingProgress({
      stickyQueueScheduleToStartTimeout: '2 seconds',
      ...PATIENT,
      shutdownGraceTime: '10 seconds',
      maxHeartbeatThrottleInterval: '500 milliseconds',
      defaultHeartbeatThrottleInterval: '500 milliseconds',
      ...options,
      activities: { ...existing, ...this.#activities },
      interceptors: {
        ...options.interceptors,
        activity: interceptors.includes(ActivityFailures) ? interceptors : [...interceptors, ActivityFailures],
      },
    });
    this.#workerOptions = configured;
    return configured;
  }

  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    const options = this.#workerOptions;
    if (options === undefined) throw new Error('runWorker before configureWorker');
    // On the connection and on the worker, it is asked to run the one worker twice.
    if (this.#worker === worker) return super.runWorker(worker, next);
    if (this.#worker !== undefined) {
      await release(worker, () => super.runWorker(worker, next));
      throw oneWorker();
    }
    this.#worker = worker;
    const compute = await this.#prepare(options).catch(async (error: unknown) => {
      // Whether it can be released or not, nothing of it stays.
      await release(worker, () => super.runWorker(worker, next)).catch(() => undefined);
      await this.#disconnect().catch(() => undefined);
      throw error;
    });
    const running = compute.map((each) => each.run());
    // A compute worker that fails must not go unseen until the others stop.
    for (const each of running) each.catch(() => worker.getState() === 'RUNNING' && worker.shutdown());
    const shutdown = (): void => {
      for (const each of compute) if (each.getState() === 'RUNNING') each.shutdown();
    };
    try {
      await super.runWorker(worker, next);
      shutdown();
      await Promise.all(running);
    } finally {
      shutdown();
      await Promise.allSettled(running);
      await this.#disconnect();
    }
  }

  /** The workers for compute, not run yet. */
  async #prepare(options: WorkerOptions): Promise<readonly Worker[]> {
    await this.#connected();
    await preparePrivate(this.#workFolder);
    await sweepAttempts(this.#workFolder);
    await checkSecrets(this.#connections);
    await new SourceCache(this.#workFolder).sweep();
    await this.#registered.describe();
    if (options.connection !== undefined) {
      await checkTemporal(options.connection);
      if (this.#options.searchAttributes !== false)
        await checkSearchAttributes(options.connection, options.namespace ?? 'default');
    }
    if (this.#options.compute === 'elsewhere') return [];
    const ofSlots = slots(this.#options.computeSlots, options.tuner);
    this.#pool.open(threadsOfChild(ofSlots));
    // They run no workflows.
    const { workflowModules: _none, ...interceptors } = options.interceptors ?? {};
    const common = {
      ...shared(options),
      namespace: options.namespace ?? 'default',
      activities: this.#activities,
      interceptors,
    };
    const taskQueue = (suffix: string) => `${options.taskQueue}${suffix}`;
    const heavy = await Worker.create({ ...common, ...ofSlots, taskQueue: taskQueue(COMPUTE_SUFFIX) });
    const light = { taskQueue: taskQueue(LIGHT_SUFFIX), maxConcurrentActivityTaskExecutions: LIGHT_SLOTS };
    return [heavy, await Worker.create({ ...common, ...light })];
  }

  /** Opened once, by whoever needs it first; a failure is forgotten, so that the next one tries again. */
  #connected(): Promise<Stores> {
    this.#stores ??= connectStores(this.#options.stores ?? storeConfig()).catch((error: unknown) => {
      this.#stores = undefined;
      throw error;
    });
    return this.#stores;
  }

  async #disconnect(): Promise<void> {
    this.#pool.close();
    const stores = this.#stores;
    this.#stores = undefined;
    await (await stores)?.close();
  }
}

/** What a user says of the worker that holds for the compute worker too. */
const SHARED = [
  ...(['connection', 'identity', 'dataConverter', 'shutdownGraceTime', 'shutdownForceTime'] as const),
  ...(['buildId', 'useVersioning', 'workerDeploymentOptions'] as const),
  ...(['maxHeartbeatThrottleInterval', 'defaultHeartbeatThrottleInterval'] as const),
] satisfies readonly (keyof WorkerOptions)[];

export function shared(options: WorkerOptions): Partial<WorkerOptions> {
  return Object.fromEntries(SHARED.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}

/** `computeSlots`, else the user's tuner, else one. */
export function slots(computeSlots: number | undefined, tuner: WorkerOptions['tuner']): Partial<WorkerOptions> {
  if (computeSlots === undefined && tuner !== undefined) return { tuner };
  return { maxConcurrentActivityTaskExecutions: computeSlots ?? 1 };
}

/** So that all children at once have as many as processors. How many a tuner allows isn't known: then one. */
export function threadsOfChild({ maxConcurrentActivityTaskExecutions: most }: Partial<WorkerOptions>): number {
  return most === undefined ? 1 : Math.max(1, Math.floor(availableParallelism() / most));
}

function temporalServer(): HostPort {
  const address = temporalConfig().connectionOptions.address ?? 'localhost';
  const [, host = address, port] = /^(?:https?:\/\/)?\[?([^[\]/]+?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return { host, port: Number(port ?? 7233) };
}

function oneWorker(): MlopsError {
  return new MlopsError(
    'MLOPS_CONFIGURATION',
    'One MlopsPlugin serves one worker, and this one has a worker.',
    {},
    'Make a new MlopsPlugin for each worker.'
  );
}

/**
 * A worker that never ran holds its connection, which then can't be closed, and keeps the process from ending. The only
 * way out of that is to run it, so it is begun and shut down at once.
 */
async function release(worker: Worker, run: () => Promise<void>): Promise<void> {
  if (worker.getState() !== 'INITIALIZED') return;
  const ended = run();
  worker.shutdown();
  // The caller says why it can't start.
  await ended.catch(() => undefined);
}
