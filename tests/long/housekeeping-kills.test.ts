/**
 * Housekeeping as its workflow runs it, killed with its worker at each point, and continued as new in between: what stays and
 * what goes is what an undisturbed run leaves, and its result, its page and the audit count all of it once.
 */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { activityInfo } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { clean } from '../../src/activities/housekeeping/clean';
import type { CleanStores } from '../../src/activities/housekeeping';
import {
  DEFAULT_RETENTION,
  type HousekeepingResult,
  type RetentionMs,
  retentionMs,
} from '../../src/domain/housekeeping';
import { HOUSEKEEPING_CHAIN, housekeepingId } from '../../src/domain/ids';
import { CRASH_POINTS } from '../../src/runtime/crash-points';
import { builtFile } from '../../src/runtime/package-root';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { objectKey } from '../../src/stores/artifacts';
import { cleaned } from '../support/cleaned';
import { eventually } from '../support/eventually';
import { type GeneratedCycle, writeProjects } from '../support/generated-projects';
import { quiet } from '../support/quiet';
import { raw } from '../support/raw-records';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

const OLD: GeneratedCycle = {
  ...{ days: 500, shards: 2, quarantine: true, inherits: false, state: 'finished' },
  ...{ request: 'none', rolledOut: undefined, held: 'no', imports: 'no' },
};
const CYCLES: readonly GeneratedCycle[] = [
  ...Array.from({ length: 20 }, () => OLD),
  { ...OLD, held: 'version' },
  { ...OLD, request: 'open batch' },
  { ...OLD, state: 'running' },
  OLD,
];
/** A server of default settings advises to continue as new from 4 MB of history on. */
const PADDING = 'x'.repeat(1_500_000);

let system: TestSystem;
const workers: WorkerProcess[] = [];
beforeAll(async () => {
  system = await openSystem('gc-workflow');
});
afterAll(async () => {
  for (const worker of workers) await worker.kill();
  await system.close();
});

const WORKFLOW = housekeepingId(randomUUID());
const handle = (runId?: string) => system.client.temporal.workflow.getHandle(WORKFLOW, runId);
const live = async () => raw(system.stores).artifacts.countDocuments({ state: 'live' });

/** A worker that dies at the point, in the activity that the workflow waits for then. */
async function killedAt(point: string, activity: string): Promise<void> {
  const worker = spawnWorker(system, { crashAt: point });
  workers.push(worker);
  expect([point, await worker.ended, worker.said()]).toEqual([point, 'SIGKILL', expect.any(String)]);
  const { raw: described } = await handle().describe();
  expect(described.pendingActivities?.map(({ activityType }) => activityType?.name)).toEqual([activity]);
}

/** Batches of eight, each with a large answer, until the workflow has continued as new; what comes then is left to others. */
async function untilContinuedAsNew(first: string): Promise<void> {
  const { connectionOptions, namespace = 'default' } = temporalConfig(system.env);
  const connection = await NativeConnection.connect(connectionOptions);
  const retention = retentionMs() as RetentionMs;
  const mlopsCleanStores = async (asked: CleanStores) => {
    if (activityInfo().workflowExecution?.runId !== first) throw ApplicationFailure.retryable('by another worker');
    const batch = await clean(system.stores, { ...asked, retention, most: 8 }, new AbortController().signal);
    return { ...batch, retention: DEFAULT_RETENTION, padding: PADDING };
  };
  const worker = await Worker.create({
    ...{ connection, namespace, taskQueue: system.taskQueue, activities: { mlopsCleanStores } },
    workflowBundle: { codePath: builtFile('build', 'workflow-bundle.js') },
  });
  const running = worker.run();
  try {
    await eventually('the second run', async () => ((await handle().describe()).runId === first ? undefined : true));
  } finally {
    worker.shutdown();
    await running;
    await connection.close();
  }
}

test('goes on wherever it was, and takes and counts the same', async () => {
  quiet();
  const { stays } = await writeProjects(system, [{ champion: -1, cycles: CYCLES }]);
  const dry = await cleaned(system.stores, { dryRun: true });
  const all = await live();
  const { firstExecutionRunId: first } = await system.client.temporal.workflow.start('housekeeping', {
    ...{ workflowId: WORKFLOW, taskQueue: system.taskQueue, args: [{ v: 1 }] },
  });

  await killedAt('housekeeping:marked', 'mlopsCleanStores');
  expect(await live()).toBe(all);
  await killedAt('housekeeping:condemned#2', 'mlopsCleanStores');
  await killedAt('housekeeping:object-removed#2', 'mlopsCleanStores');
  await killedAt('housekeeping:taken#10', 'mlopsCleanStores');
  await untilContinuedAsNew(first);
  const left = (await live()) - [...stays.values()].filter((stay) => stay).length;
  expect(left).toBeGreaterThan(20);
  expect(await handle(first).describe()).toMatchObject({ status: { name: 'CONTINUED_AS_NEW' } });
  await killedAt('housekeeping:taken#2', 'mlopsCleanStores');
  await killedAt('housekeeping:recorded', 'mlopsRecordHousekeeping');
  workers.push(spawnWorker(system));
  const result = (await handle().result()) as HousekeepingResult;

  expect(result).toEqual({ dryRun: false, taken: dry.took, kept: dry.kept, retention: DEFAULT_RETENTION });
  const events = await system.stores.audit.list(HOUSEKEEPING_CHAIN);
  expect(events.filter(({ what }) => what === 'housekeeping')).toMatchObject([{ detail: { taken: dry.took } }]);
  const { currentDetails } = await handle().query<{ currentDetails: string }>('__temporal_workflow_metadata');
  for (const { what, count, bytes } of dry.took)
    expect(currentDetails).toContain(`- ${what}: ${count}, ${bytes} bytes`);
  for (const [digest, stay] of stays) {
    const document = await raw(system.stores).artifacts.findOne({ _id: digest });
    const object = (await system.stores.artifacts.bucket.bytesOf(objectKey(digest))) !== undefined;
    expect([digest, document?.state, object]).toEqual([digest, stay ? 'live' : 'deleted', stay]);
  }
  expect(CRASH_POINTS.filter((point) => point.startsWith('housekeeping:'))).toHaveLength(5);
});
