/** The worker under test: one activity, through the product's own door, on the real stores. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heartbeat, sleep } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ActivityDeps } from '../../src/activities/deps';
import { runStep } from '../../src/activities/step';
import { readEnvironment } from '../../src/environment';
import { noRegisteredCode } from '../../src/project/registry';
import { storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import { temporalConfig } from '../../src/temporal-config';
import type { StepTimes } from './workflow';

const BYTES = 64 * 1024;
const KILLED_STEP = 5;

export interface BenchStep {
  readonly salt: string;
  readonly step: number;
  readonly before: string;
}

/** Key lookup, 64 KB put and got again, and the transaction of the record. */
export function stepActivities(stores: Stores, events: string, hangOnce: string | undefined) {
  const deps: ActivityDeps = {
    stores: async () => stores,
    runJob: () => Promise.reject(new Error('this benchmark runs no job')),
    registered: noRegisteredCode,
    searchAttributes: false,
    dataFolder: tmpdir(),
    workFolder: join(tmpdir(), 'temporal-mlops-bench'),
  };
  const tell = (kind: string, step: number): void => appendFileSync(events, `${Date.now() / 1000} ${kind} ${step}\n`);
  return {
    async benchStep({ salt, step, before }: BenchStep): Promise<{ digest: string; times: StepTimes }> {
      const began = performance.now();
      let reused = true;
      tell('start', step);
      if (hangOnce !== undefined && step === KILLED_STEP && !existsSync(hangOnce)) {
        writeFileSync(hangOnce, '');
        for (;;) {
          heartbeat();
          await sleep(100);
        }
      }
      const request = {
        kind: 'labelSet',
        name: 'bench',
        version: '1',
        params: { salt, step, before },
        inputs: [],
      } as const;
      const ref = await runStep(deps, request, async ({ folder }) => {
        reused = false;
        const path = join(folder, 'out.bin');
        await writeFile(path, randomBytes(BYTES));
        return {
          files: [{ name: 'out', path, mediaType: 'application/octet-stream' }],
          body: () => ({
            label: salt,
            labelVersion: step,
            snapshot: { kind: 'snapshot', id: before, digest: `sha256:${'0'.repeat(64)}` },
            shards: [],
            counts: {},
          }),
        };
      });
      const [artifact] = (await stores.facts.get(ref)).artifacts;
      await stores.artifacts.download(artifact!.digest, join(deps.workFolder, 'got.bin'));
      tell('end', step);
      return { digest: ref.digest, times: { body: performance.now() - began, reused } };
    },
  };
}

async function main([events, hangOnce]: readonly string[]): Promise<void> {
  if (events === undefined) throw new Error('usage: worker.js <events file> [<file that a hang leaves>]');
  const env = readEnvironment();
  const config = temporalConfig(env);
  const stores = await connectStores(storeConfig(env));
  const connection = await NativeConnection.connect(config.connectionOptions);
  const worker = await Worker.create({
    connection,
    namespace: config.namespace ?? 'default',
    taskQueue: env.MLOPS_TASK_QUEUE ?? 'mlops-bench',
    workflowBundle: { codePath: join(__dirname, 'workflow-bundle.js') },
    activities: stepActivities(stores, events, hangOnce),
    stickyQueueScheduleToStartTimeout: '2 seconds',
    maxHeartbeatThrottleInterval: '500 milliseconds',
    defaultHeartbeatThrottleInterval: '500 milliseconds',
  });
  process.stderr.write('bench worker: ready\n');
  await worker.run();
  await stores.close();
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
}
