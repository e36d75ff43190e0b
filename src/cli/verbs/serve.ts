import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import pino from 'pino';
import { MlopsError } from '../../domain/errors';
import type { Replica } from '../../replica/run-replica';
import { readEnvironment } from '../../runtime/environment';
import { databaseNamed, type StoreConfig, storeConfig } from '../../stores/config';
import { clientId, limitOption, parseCount, port, projectName } from '../options';
import { release } from '../release';
import { lazySignals } from '../signals';
import { addVerb, type JsonOption } from '../verb';

interface ServeOptions extends JsonOption {
  readonly port: number;
  readonly host: string;
  readonly replica?: string;
  readonly folder?: string;
  readonly address?: string;
  readonly spoolMb: number;
  readonly limit: Readonly<Record<string, number>>;
  readonly logLevel: string;
}

export function addServe(program: Command): void {
  addVerb(program, 'serve', 'serve flights --port 8080')
    .argument('<endpoint>', "the project's name", projectName)
    .option('--port <port>', 'port to listen on; 0: any free one', port, 8080)
    .option('--host <address>', 'address to listen on; other machines need one that is not loopback', '127.0.0.1')
    .option('--replica <name>', 'name of this replica; default: <host name>-<port>', clientId)
    .option(
      '--folder <folder>',
      'folder of models and the spool; default: in .stack/data where the stack is, else .mlops'
    )
    .option('--address <url>', 'URL by which clients reach it; default: where it listens')
    .option(
      '--spool-mb <n>',
      'MB of records that may wait for MongoDB; above this, requests are refused',
      parseCount,
      1024
    )
    .addOption(limitOption('viewReadMs=100'))
    .addOption(
      new Option('--log-level <level>', 'level of the log on standard error')
        .choices(['trace', 'debug', 'info', 'warn', 'error'])
        .default('info')
    )
    .action(serve);
}

async function serve(endpoint: string, options: ServeOptions): Promise<void> {
  const env = readEnvironment();
  const stores = storeConfig(env);
  const replica = options.replica ?? `${hostname().replace(/[^A-Za-z0-9._-]/g, '-')}-${options.port}`;
  const signals = lazySignals(env);
  // Loaded here: onnxruntime is native code, which no other verb needs.
  const { runReplica } = await import('../../replica/run-replica.js');
  const running = await runReplica({
    endpoint,
    replica,
    folder: options.folder ?? defaultFolder(stores, endpoint, replica, env.MLOPS_STACK_DIR),
    stores,
    signal: signals.send,
    log: pino({ level: options.logLevel }, pino.destination({ fd: 2, sync: true })),
    release: release(),
    host: options.host,
    port: options.port,
    limits: options.limit,
    spoolBytes: options.spoolMb * 1024 * 1024,
    ...(options.address === undefined ? {} : { address: options.address }),
  }).catch((error: unknown) => {
    throw portTaken(error, options.port) ?? error;
  });
  process.stderr.write(`mlops serve: ${endpoint} listens at ${running.address}\n`);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ endpoint, replica, address: running.address })}\n`);
  }
  await untilSignalled(running);
  await signals.close();
}

/** The first signal drains; the next one finds no handler, and ends the process at once. */
async function untilSignalled(running: Replica): Promise<void> {
  await new Promise<void>((resolve) => {
    const onSignal = () => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
  await running.close();
}

/** This database's endpoint alone has it; the stack's data folder goes when its data go (`stack.sh wipe`). */
function defaultFolder(stores: StoreConfig, endpoint: string, replica: string, stack = '.stack'): string {
  const base = existsSync(join(stack, 'env')) ? join(stack, 'data') : '.mlops';
  return join(base, 'serve', databaseNamed(stores), endpoint, replica);
}

function portTaken(error: unknown, taken: number): MlopsError | undefined {
  const code = (error as { code?: unknown }).code;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return undefined;
  const why = code === 'EACCES' ? 'may not be used' : 'is taken';
  return new MlopsError('MLOPS_USAGE', `Port ${taken} ${why}.`, {}, 'Say another --port; 0 is any free one.');
}
