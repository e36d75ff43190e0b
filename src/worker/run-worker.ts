/** The worker process: Temporal's connection and runtime, our plugin and our built workflows, put together. */
import { existsSync, readFileSync } from 'node:fs';
import { DefaultLogger, type LogLevel, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { MlopsError } from '../domain/errors';
import { COMPUTE_SUFFIX, LIGHT_SUFFIX } from '../domain/queues';
import { type Environment, readEnvironment } from '../runtime/environment';
import { dataConverter } from '../runtime/data-converter';
import { builtFile } from '../runtime/package-root';
import { type Connections, readConnections } from '../sources/connections';
import { storeConfig } from '../stores/config';
import { startServer } from '../runtime/server-advice';
import { temporalConfig } from '../runtime/temporal-config';
import { MlopsPlugin, type MlopsPluginOptions } from './plugin';

export interface RunWorkerOptions extends Omit<MlopsPluginOptions, 'stores'> {
  readonly taskQueue: string;
  /** Where the servers are. Default: the process's environment, else what `scripts/stack.sh up` wrote. */
  readonly env?: Environment;
  /** Installs a runtime for the process, which logs to standard error. Default: the process's own runtime is used. */
  readonly logLevel?: LogLevel;
  /** Called once its queues are polled. */
  readonly onReady?: (ready: WorkerReady) => void;
}

export interface WorkerReady {
  readonly taskQueue: string;
  /** Of compute by slots, and of short compute. Undefined where compute is elsewhere. */
  readonly computeQueue?: string;
  readonly lightQueue?: string;
  readonly namespace: string;
  readonly address: string;
}

/**
 * For this process, once, just before its first connection: a runtime that no connection ever used keeps the process from
 * ending, so that whatever may be refused without one is read before. What the SDK and Temporal's core have to say goes to standard error.
 * @param level of the SDK's messages; of the core's only warnings and errors come through
 */
export function installRuntime(level: LogLevel): void {
  const logger = new DefaultLogger(level, ({ level: of, message, meta }) => {
    const { error, ...rest } = meta ?? {};
    const about = error instanceof Error ? { ...rest, error: error.message } : rest;
    process.stderr.write(
      `${JSON.stringify({ at: new Date().toISOString(), level: of.toLowerCase(), message, ...about })}\n`
    );
  });
  const core = level === 'ERROR' ? 'ERROR' : 'WARN';
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: { core, other: 'ERROR' } } } });
}

/** @throws MlopsError MLOPS_CONFIGURATION, which shows nothing of what stands in the file */
export function connectionsIn(file: string): Connections {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    // What JSON.parse says may quote the file.
    const what =
      cause instanceof SyntaxError ? 'The file is not JSON.' : `The file can't be read: ${messageOf(cause)}.`;
    throw new MlopsError('MLOPS_CONFIGURATION', what, { file }, 'docs/sources.md shows one.');
  }
  return readConnections(given);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Runs until SIGINT, SIGTERM or `shutdown` of Temporal's runtime; what is running gets 10 s. */
export async function runWorker({
  taskQueue,
  env = readEnvironment(),
  logLevel,
  onReady,
  ...options
}: RunWorkerOptions): Promise<void> {
  const codePath = builtFile('build', 'workflow-bundle.js');
  if (!existsSync(codePath)) {
    throw new MlopsError(
      'MLOPS_CONFIGURATION',
      'The workflows are not built.',
      { file: codePath },
      'Run: npm run build.'
    );
  }
  const stores = storeConfig(env);
  const converter = dataConverter(env);
  const config = temporalConfig(env);
  const namespace = config.namespace ?? 'default';
  const address = config.connectionOptions.address ?? 'localhost:7233';
  // Whatever can be wrong without a server is known by now.
  const plugin = new MlopsPlugin({ ...options, stores });
  if (logLevel !== undefined) installRuntime(logLevel);
  const connection = await NativeConnection.connect(config.connectionOptions).catch((error: Error) => {
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      `Temporal can't be reached at ${address}: ${error.message}.`,
      { address },
      startServer('TEMPORAL_ADDRESS'),
      { cause: error }
    );
  });
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      workflowBundle: { codePath },
      ...converter,
      plugins: [plugin],
    });
    const computeQueues =
      options.compute === 'elsewhere'
        ? {}
        : { computeQueue: `${taskQueue}${COMPUTE_SUFFIX}`, lightQueue: `${taskQueue}${LIGHT_SUFFIX}` };
    // The plugin checks servers and starts the compute workers before this one polls.
    const watch = setInterval(() => {
      if (worker.getState() !== 'RUNNING') return;
      clearInterval(watch);
      onReady?.({ taskQueue, ...computeQueues, namespace, address });
    }, 20);
    await worker.run().finally(() => clearInterval(watch));
  } finally {
    await connection.close();
  }
}
