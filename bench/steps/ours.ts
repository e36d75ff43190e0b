/** Our side: a worker as a process, its own database and bucket, the servers of the stack. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { MlopsClient } from '../../src/client';
import { durationMs } from '../../src/domain/durations';
import { DEFAULT_RETRIES } from '../../src/domain/plan';
import { median } from '../spread';
import { millisecondsPerStep, type Recovery, readEvents, recoveryOf } from './events';
import { dropOwnStores, ownEnvironment } from './own-stores';
import { untilSixthStep } from './sixth-step';
import type { StepDone } from './step-activity';
import { startWorker } from './worker-process';
import type { tenSteps } from './workflow';

/** The product's default. */
export const HEARTBEAT_SECONDS = durationMs(DEFAULT_RETRIES.heartbeatWithin) / 1_000;

/** Milliseconds per step of one pipeline, and of the same one again. */
export interface OurRun {
  readonly perStep: number;
  /** Within the activity: key lookup, get, put, transaction. */
  readonly body: number;
  /** The rest: the way from one activity to the next. */
  readonly roundTrip: number;
  readonly reused: number;
  readonly reusedBody: number;
}

export interface Ours {
  run(): Promise<OurRun>;
  /** SIGKILL in step 6; a new worker goes on. */
  recover(heartbeatSeconds: number): Promise<Recovery>;
  close(): Promise<void>;
}

/** @param folder for files of this run, removed by the caller */
export async function openOurs(folder: string): Promise<Ours> {
  await dropOwnStores();
  const env = ownEnvironment();
  // A queue of its own, so that no worker of another run takes part.
  const taskQueue = `mlops-bench-${randomUUID()}`;
  const setup = {
    taskQueue,
    bundle: await bundleInto(folder),
    events: join(folder, 'ours.events'),
    workFolder: join(folder, 'ours'),
  };
  const client = await MlopsClient.connect({ taskQueue }, env);
  let worker = await startWorker(setup, env);

  function execute(salt: string, heartbeatSeconds: number): Promise<StepDone[]> {
    rmSync(setup.events, { force: true });
    return client.temporal.workflow.execute<typeof tenSteps>('tenSteps', {
      workflowId: `mlops-bench-${randomUUID()}`,
      taskQueue,
      workflowExecutionTimeout: '3 minutes',
      args: [{ salt, heartbeatSeconds }],
    });
  }

  return {
    async run() {
      const salt = randomUUID();
      const first = await execute(salt, HEARTBEAT_SECONDS);
      const perStep = millisecondsPerStep(readEvents(setup.events));
      const again = await execute(salt, HEARTBEAT_SECONDS);
      if (first.some(({ reused }) => reused) || !again.every(({ reused }) => reused)) {
        throw new Error('a new step was reused, or one that was done before was not');
      }
      const body = meanBody(first);
      const reused = (again.at(-1)!.startedAt - again[0]!.startedAt) / (again.length - 1);
      return { perStep, body, roundTrip: perStep - body, reused, reusedBody: meanBody(again) };
    },
    async recover(heartbeatSeconds) {
      await worker.end('SIGTERM');
      const hanging = { ...setup, hang: join(folder, `hang-${randomUUID()}`) };
      worker = await startWorker(hanging, env);
      const done = execute(randomUUID(), heartbeatSeconds);
      // Awaited below; a failure before that must not end the process unheard.
      done.catch(() => undefined);
      const before = await untilSixthStep(setup.events, worker.running);
      await worker.end('SIGKILL');
      rmSync(setup.events);
      const resumedAt = Date.now() / 1000;
      worker = await startWorker(hanging, env);
      await done;
      return recoveryOf(before, readEvents(setup.events), resumedAt);
    },
    async close() {
      await worker.end('SIGTERM');
      await client.close();
      await dropOwnStores();
    },
  };
}

export function medianOf(runs: readonly OurRun[], figure: keyof OurRun): number {
  return median(runs.map((run) => run[figure]));
}

/** All but the first step, which reads no bytes: what the figure per step spans is nine whole steps. */
function meanBody(steps: readonly StepDone[]): number {
  const bodies = steps.slice(1).map(({ body }) => body);
  return bodies.reduce((sum, body) => sum + body, 0) / bodies.length;
}

async function bundleInto(folder: string): Promise<string> {
  const nothing = (): void => undefined;
  const logger = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: require.resolve('./workflow'), logger });
  const path = join(folder, 'workflow-bundle.js');
  writeFileSync(path, code);
  return path;
}
