/** Our side: the workflow `study` on a worker that is a process, its own database, the servers of the stack. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { MlopsClient } from '../../src/client';
import { studyWorkflowId } from '../../src/domain/ids';
import type { StudyInput, StudyWinner } from '../../src/domain/phases';
import { DEFAULT_RETRIES, type Plan } from '../../src/domain/plan';
import type { Ref } from '../../src/domain/refs';
import { type EndedTrial, suggest } from '../../src/engines/study/suggest';
import { readEvents } from '../steps/events';
import { ownEnvironment } from '../steps/own-stores';
import { startWorker, type WorkerProcess } from '../steps/worker-process';
import { lossOf, SPACE } from './objective';
import { type Killed, repeatedIn, type Searched, TRIALS, KILLED_TRIAL, untilTrial } from './searched';
import type { SearchSetup } from './worker';

const WORKER = require.resolve('./worker');

/** The estimator alone, nothing kept. */
export function searchInMemory(seed: number): Searched {
  const began = performance.now();
  const trials: EndedTrial[] = [];
  for (let number = 1; number <= TRIALS; number += 1) {
    const { choices } = suggest({ template: SPACE, sampler: 'tpe', seed, number, trials });
    trials.push({ number, choices, loss: lossOf(choices) });
  }
  return { seconds: (performance.now() - began) / 1000, best: Math.min(...trials.map(({ loss }) => loss!)) };
}

export interface OurSearch {
  durable(seed: number): Promise<Searched>;
  killed(seed: number): Promise<Killed>;
  close(): Promise<void>;
}

export async function openOurs(folder: string): Promise<OurSearch> {
  const env = ownEnvironment();
  const client = await MlopsClient.connect({ taskQueue: 'none' }, env);
  const events = join(folder, 'ours.events');
  const setupOf = (seed: number): SearchSetup => ({ taskQueue: `mlops-bench-${randomUUID()}`, seed, events });

  async function search({ taskQueue }: SearchSetup): Promise<StudyWinner> {
    const project = `bench-${randomUUID().slice(0, 8)}`;
    return client.temporal.workflow.execute<(input: StudyInput) => Promise<StudyWinner>>('study', {
      ...{ workflowId: studyWorkflowId(project, 1), taskQueue, workflowExecutionTimeout: '10 minutes' },
      args: [inputOf(project)],
    });
  }

  return {
    async durable(seed) {
      rmSync(events, { force: true });
      const setup = setupOf(seed);
      const worker = await startWorker(setup, env, WORKER);
      const began = performance.now();
      const { loss } = await until(search(setup), worker);
      return { seconds: (performance.now() - began) / 1000, best: loss };
    },
    async killed(seed) {
      rmSync(events, { force: true });
      const hang = { trial: KILLED_TRIAL, file: join(folder, `hang-${randomUUID()}`) };
      const setup = { ...setupOf(seed), hang };
      const first = await startWorker(setup, env, WORKER);
      const searching = search(setup);
      // Awaited below; a failure before that must not end the process unheard.
      searching.catch(() => undefined);
      const before = await untilTrial(events, first.running);
      await first.end('SIGKILL');
      const second = await startWorker(setup, env, WORKER);
      const { loss } = await until(searching, second);
      return { best: loss, repeated: repeatedIn(before, readEvents(events)) };
    },
    close: () => client.close(),
  };
}

/** The worker ends with what it works at, however that ends. */
async function until<T>(work: Promise<T>, worker: WorkerProcess): Promise<T> {
  try {
    return await work;
  } finally {
    await worker.end('SIGKILL');
  }
}

function inputOf(project: string): StudyInput {
  const ref = <K extends Ref['kind']>(kind: K) => ({ kind, id: project, digest: `sha256:${'1'.repeat(64)}` }) as const;
  const planned = { trials: TRIALS, parallelism: 1, missing: [] };
  return {
    ...{ v: 1, project, cycle: 1, searchAttributes: false, asOf: '2001-02-01T00:00:00Z', attempt: 'first', from: 1 },
    definition: ref('definition'),
    snapshot: ref('snapshot'),
    labelSet: ref('labelSet'),
    // Of a plan a study reads no more.
    plan: { ...DEFAULT_RETRIES, study: planned } as unknown as Plan,
    ended: { trials: 0, failed: 0, stopped: 0 },
    budget: { trials: TRIALS, answers: [] },
  };
}
