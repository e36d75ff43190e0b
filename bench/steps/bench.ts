/**
 * The median time of one durable step, beside the same ten-step pipeline in its peers; and what each does after a kill
 * in step 6. We and the peers take turns; every run has new inputs, so that nothing is reused.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { MlopsClient } from '../../src/client';
import { readEnvironment } from '../../src/environment';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import type { BenchResult } from '../run';
import { median, medianRatio, spread } from '../spread';
import { millisecondsPerStep, type Recovery, readEvents, recoveryOf } from './events';
import { commandOf, install, PEERS, type Peer, peerEnvironment } from './peers';
import type { StepTimes } from './workflow';

const AIM = '40 ms a step; at least 2 times ZenML, 10 times Metaflow';
const QUEUE = 'mlops-bench';

export async function benchSteps(args: readonly string[]): Promise<BenchResult> {
  const rounds = Number(args[args.indexOf('--rounds') + 1]) || 5;
  const peers = PEERS.filter(({ extra }) => !extra || args.includes('--all'));
  for (const peer of peers) install(peer);
  const load = loadavg()[0] ?? 0;
  if (load > 1) process.stderr.write(`the load average is ${load.toFixed(1)}: these are a busy machine's figures\n`);
  const folder = mkdtempSync(join(tmpdir(), 'bench-steps-'));
  const ours = await Ours.start(folder);
  const figures = new Map<string, number[]>(['ours', ...peers.map(({ name }) => name)].map((name) => [name, []]));
  try {
    await ours.run(randomUUID());
    for (const peer of peers) await runPeer(peer, folder, randomUUID());
    for (let round = 0; round < rounds; round += 1) {
      figures.get('ours')!.push(await ours.run(randomUUID()));
      for (const peer of peers) figures.get(peer.name)!.push(await runPeer(peer, folder, randomUUID()));
    }
    const recoveries = new Map<string, Recovery>([['ours', await ours.recover()]]);
    for (const peer of peers) recoveries.set(peer.name, await recoverPeer(peer, folder));
    tell(figures, ours, recoveries);
  } finally {
    await ours.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return resultOf(figures, rounds, load);
}

function resultOf(figures: ReadonlyMap<string, number[]>, rounds: number, load: number): BenchResult {
  const ours = figures.get('ours')!;
  const peers = [...figures].filter(([name]) => name !== 'ours');
  const ratio = Object.fromEntries(peers.map(([name, values]) => [name, Number(medianRatio(values, ours).toFixed(2))]));
  return {
    bench: 'steps',
    unit: 'ms per step',
    better: 'lower',
    ours: Number(median(ours).toFixed(1)),
    peers: Object.fromEntries(peers.map(([name, values]) => [name, Number(median(values).toFixed(1))])),
    ratio,
    aim: AIM,
    met: median(ours) <= 40 && ratio['zenml']! >= 2 && ratio['metaflow']! >= 10,
    rounds,
    load: Number(load.toFixed(2)),
  };
}

function tell(figures: ReadonlyMap<string, number[]>, ours: Ours, recoveries: ReadonlyMap<string, Recovery>): void {
  const lines = [...figures].map(([name, values]) => {
    const { backSeconds, redone } = recoveries.get(name)!;
    return `${name.padEnd(10)}${spread(values).padEnd(24)}${backSeconds.toFixed(1).padEnd(18)}${redone}`;
  });
  process.stderr.write(
    [
      `${'tool'.padEnd(10)}${'ms per step'.padEnd(24)}${'back after kill s'.padEnd(18)}finished steps redone`,
      ...lines,
      `ours, of which the step's own work: ${median(ours.bodies).toFixed(1)} ms; Temporal's round trip: ${(median(figures.get('ours')!) - median(ours.bodies)).toFixed(1)} ms; a reused step's work: ${median(ours.reused).toFixed(1)} ms`,
      'peers keep records and bytes on the local disk; ours are in MongoDB (majority, journaled) and S3, by way of Temporal',
      '',
    ].join('\n')
  );
}

/** Our side: a database and bucket of its own, a worker as a process. */
class Ours {
  readonly bodies: number[] = [];
  readonly reused: number[] = [];
  readonly #client: MlopsClient;
  readonly #env: NodeJS.ProcessEnv;
  readonly #events: string;
  #worker: ChildProcess;

  private constructor(client: MlopsClient, env: NodeJS.ProcessEnv, events: string, worker: ChildProcess) {
    this.#client = client;
    this.#env = env;
    this.#events = events;
    this.#worker = worker;
  }

  static async start(folder: string): Promise<Ours> {
    const own = `mlops-bench-${randomUUID().slice(0, 8)}`;
    const env = { ...readEnvironment(), MLOPS_DATABASE: own, S3_BUCKET: own, MLOPS_TASK_QUEUE: QUEUE };
    const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error: console.error };
    const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve('./workflow'), logger: silent });
    writeFileSync(join(__dirname, 'workflow-bundle.js'), code);
    const events = join(folder, 'ours.events');
    const client = await MlopsClient.connect({ taskQueue: QUEUE }, env);
    return new Ours(client, env, events, await startWorker(env, [events]));
  }

  /** One pipeline; its milliseconds per step. */
  async run(salt: string): Promise<number> {
    rmSync(this.#events, { force: true });
    const times = await this.#execute(salt);
    this.bodies.push(...times.map(({ body }) => body));
    const figure = millisecondsPerStep(readEvents(this.#events));
    this.reused.push(...(await this.#execute(salt)).map(({ body }) => body));
    return figure;
  }

  /** SIGKILL in step 6; a new worker goes on by itself. */
  async recover(): Promise<Recovery> {
    await end(this.#worker, 'SIGTERM');
    const hang = `${this.#events}.hang`;
    rmSync(this.#events, { force: true });
    this.#worker = await startWorker(this.#env, [this.#events, hang]);
    const running = this.#execute(randomUUID());
    await until(() => readEvents(this.#events).some(({ kind, step }) => kind === 'start' && step === 5));
    await end(this.#worker, 'SIGKILL');
    const before = readEvents(this.#events);
    rmSync(this.#events, { force: true });
    const resumedAt = Date.now() / 1000;
    this.#worker = await startWorker(this.#env, [this.#events, hang]);
    await running;
    return recoveryOf(before, readEvents(this.#events), resumedAt);
  }

  async close(): Promise<void> {
    await end(this.#worker, 'SIGTERM');
    const stores = await connectStores(storeConfig(this.#env));
    await stores.db.dropDatabase();
    await stores.close();
    await this.#client.close();
  }

  #execute(salt: string): Promise<StepTimes[]> {
    return this.#client.temporal.workflow.execute<(input: { salt: string }) => Promise<StepTimes[]>>('tenSteps', {
      workflowId: `mlops-bench-${randomUUID()}`,
      taskQueue: QUEUE,
      args: [{ salt }],
    });
  }
}

async function startWorker(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [require.resolve('./worker'), ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('exit', (code) => reject(new Error(`the benchmark's worker ended with ${code}`)));
    worker.stderr?.on('data', (chunk: Buffer) => chunk.toString().includes('ready') && resolve());
  });
  return worker;
}

async function runPeer(peer: Peer, folder: string, salt: string): Promise<number> {
  const program = startPeer(peer, folder, salt, peer.run, {});
  await finished(program, peer);
  return millisecondsPerStep(readEvents(program.events));
}

async function recoverPeer(peer: Peer, folder: string): Promise<Recovery> {
  const salt = randomUUID();
  const env = { BENCH_HANG: join(folder, `${peer.name}.hang`) };
  const first = startPeer(peer, folder, salt, peer.run, env);
  await until(() => readEvents(first.events).some(({ kind, step }) => kind === 'start' && step === 5));
  process.kill(-first.process.pid!, 'SIGKILL');
  await once(first.process, 'exit');
  const before = readEvents(first.events);
  const resumedAt = Date.now() / 1000;
  const again = startPeer(peer, folder, salt, peer.resume, env);
  await finished(again, peer);
  return recoveryOf(before, readEvents(again.events), resumedAt);
}

interface Program {
  readonly process: ChildProcess;
  readonly events: string;
  readonly output: () => string;
}

/** In a process group of its own, so that a kill takes its children along. */
function startPeer(peer: Peer, folder: string, salt: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const own = join(folder, peer.name);
  for (const each of [own, join(own, 'dagster')]) mkdirSync(each, { recursive: true });
  const events = join(folder, `${peer.name}.events`);
  rmSync(events, { force: true });
  const [command, program] = commandOf(peer, args);
  const started = spawn(command, [...program], {
    cwd: own,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...peerEnvironment(own), BENCH_EVENTS: events, BENCH_SALT: salt, BENCH_FOLDER: own, ...env },
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-3000);
  };
  started.stdout?.on('data', keep);
  started.stderr?.on('data', keep);
  return { process: started, events, output: () => output };
}

async function finished(program: Program, peer: Peer): Promise<void> {
  const [code] = (await once(program.process, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${peer.name} ended with ${code}:\n${program.output()}`);
}

async function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  worker.removeAllListeners('exit');
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill(signal);
  await once(worker, 'exit');
}

async function until(there: () => boolean): Promise<void> {
  const limit = Date.now() + 120_000;
  while (!there()) {
    if (Date.now() > limit) throw new Error('nothing came within two minutes');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
