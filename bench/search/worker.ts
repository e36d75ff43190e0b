/** The worker under test, a process of its own: the product's workflow `study`, whose trials are an objective that costs nothing. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { RunTrial } from '../../src/activities/study';
import { endedUpTo, type Study, studyIdOf } from '../../src/activities/study-records';
import { trialId } from '../../src/domain/ids';
import type { TrialBody } from '../../src/domain/study/study-records';
import type { Ref } from '../../src/domain/refs';
import { bestOf, choicesOf, listedChoices, type Trial } from '../../src/domain/study/trial';
import { COMPUTE_SUFFIX } from '../../src/domain/queues';
import { suggest } from '../../src/engines/study/suggest';
import { readEnvironment } from '../../src/runtime/environment';
import { builtFile } from '../../src/runtime/package-root';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import { factDigest } from '../../src/stores/fact-digest';
import { installRuntime } from '../../src/worker/run-worker';
import { lossOf, SPACE } from './objective';

/** What the parent hands over; servers and names of stores come by the environment. */
export interface SearchSetup {
  readonly taskQueue: string;
  readonly seed: number;
  readonly events: string;
  /** The first worker stays in this trial until it is killed; the file says that there was one. */
  readonly hang?: { readonly trial: number; readonly file: string };
}

const FEATURES: Ref<'featureSet'> = { kind: 'featureSet', id: 'none', digest: `sha256:${'0'.repeat(64)}` };
const RUN: Ref<'run'> = { kind: 'run', id: 'none', digest: `sha256:${'0'.repeat(64)}` };

/** As the product's activities, but for what a trial does: chosen by records, recorded, and found where it is on record. */
function activities(stores: Stores, { seed, events, hang }: SearchSetup) {
  const event = (kind: string, number: number) => appendFileSync(events, `${Date.now() / 1000} ${kind} ${number}\n`);
  return {
    mlopsCountPollers: async () => 1,
    mlopsFitFeatures: async () => FEATURES,
    async mlopsTrial({ number, ...study }: RunTrial): Promise<Trial> {
      const id = studyIdOf(study);
      const there = await stores.facts.find('trial', trialId(id, number));
      if (there !== null) return there.body;
      const seen = (await endedUpTo(stores, id, number - 1)).map(({ body }) => body);
      const trials = seen.map(({ number: before, choices: of, loss }) => ({
        ...{ number: before, choices: choicesOf(of), loss: loss! },
      }));
      event('start', number);
      if (hang?.trial === number && !existsSync(hang.file)) {
        writeFileSync(hang.file, '');
        await new Promise((resolve) => setTimeout(resolve, 600_000));
      }
      const { choices } = suggest({ template: SPACE, sampler: 'tpe', seed, number, trials });
      const trial = { number, choices: listedChoices(choices), loss: lossOf(choices) };
      event('end', number);
      const body = { ...trial, study: id, model: { trees: {} }, features: FEATURES, run: RUN } as unknown as TrialBody;
      const digest = factDigest('trial', { body, artifacts: [] });
      await stores.facts.commit<'trial'>({
        ...{ _id: trialId(id, number), kind: 'trial', digest, inputs: [], artifacts: [], body },
      });
      return trial;
    },
    async mlopsDecideStudy({ trials, ...study }: Study & { readonly trials: number }) {
      const ended = await endedUpTo(stores, studyIdOf(study), trials);
      const bodies = ended.map(({ body }) => body);
      const { number, loss, features } = bestOf(bodies, 'bench');
      return { number, loss, features, run: RUN };
    },
  };
}

async function main(setup: SearchSetup): Promise<void> {
  installRuntime('ERROR');
  const env = readEnvironment();
  const { connectionOptions, namespace = 'default' } = temporalConfig(env);
  const stores = await connectStores(storeConfig(env));
  const connection = await NativeConnection.connect(connectionOptions);
  const of = { connection, namespace, activities: activities(stores, setup) };
  const workflowBundle = { codePath: builtFile('build', 'workflow-bundle.js') };
  const workers = [
    await Worker.create({ ...of, taskQueue: setup.taskQueue, workflowBundle }),
    await Worker.create({ ...of, taskQueue: `${setup.taskQueue}${COMPUTE_SUFFIX}` }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  process.send?.('ready');
  await running;
  await stores.close();
}

// A benchmark that was killed leaves no worker behind.
process.once('disconnect', () => process.exit(1));

main(JSON.parse(process.argv[2] ?? '{}') as SearchSetup).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
);
