/**
 * Workflows that were running when a new release comes must go on with it: their histories, closed and open, replay
 * against today's build. `npm run record-histories` made them.
 */
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { builtFile } from '../../src/runtime/package-root';
import { quiet } from '../support/quiet';
import { type Recorded, readRecorded, recordedNames } from './histories';

beforeAll(quiet);

const built = { codePath: builtFile('build', 'workflow-bundle.js') };

function replay({ history, workflowId }: Recorded, workflowBundle: { codePath: string } | { code: string } = built) {
  return Worker.runReplayHistory({ workflowBundle }, history, workflowId);
}

test('the recorded ones are there, closed and open', () => {
  expect(recordedNames()).toEqual([
    'after-windows.monitor',
    'again.reproduce',
    'applied.lifecycle',
    'asked.approve',
    'asked.lifecycle',
    'cancelled.deploy',
    'cancelled.lifecycle',
    'cancelled.monitor',
    'cleaned.housekeeping',
    'deployed.approve',
    'deployed.deploy',
    'deployed.evaluate',
    'deployed.ingest',
    'deployed.label',
    'deployed.lifecycle',
    'deployed.train',
    'expired.approve',
    'expired.lifecycle',
    'failed-phase.lifecycle',
    'failed-phase.train',
    'idle.lifecycle',
    'imported.evaluate',
    'imported.lifecycle',
    'imported.train',
    'mid-rollout.deploy',
    'mid-rollout.lifecycle',
    'paused.lifecycle',
    'refusing.approve',
    'rollback.deploy',
    'scheduled.send-trigger',
    'stopped.lifecycle',
    'stopped.study',
    'studied.train',
    'superseded.approve',
    'superseded.deploy',
    'told.deliver-notice',
    'views.materialize',
    'waiting.approve',
    'waiting.lifecycle',
  ]);
  const open = recordedNames().filter((name) => {
    const last = readRecorded(name).history.events?.at(-1);
    return !(
      last?.workflowExecutionCompletedEventAttributes ??
      last?.workflowExecutionFailedEventAttributes ??
      last?.workflowExecutionCanceledEventAttributes ??
      last?.workflowExecutionContinuedAsNewEventAttributes
    );
  });
  expect(open).toEqual([
    'after-windows.monitor',
    'asked.approve',
    'asked.lifecycle',
    'failed-phase.lifecycle',
    'idle.lifecycle',
    'imported.lifecycle',
    'mid-rollout.deploy',
    'mid-rollout.lifecycle',
    'paused.lifecycle',
    'waiting.approve',
    'waiting.lifecycle',
  ]);
});

test.each(recordedNames())('%s replays', async (name) => {
  await expect(replay(readRecorded(name))).resolves.toBeUndefined();
});

// A worker without a cache (`maxCachedWorkflows: 0`) begins anew at every workflow task; a replay worker has no such option.
test.each(recordedNames())('%s replays from its beginning at each of its workflow tasks', async (name) => {
  const { history, workflowId } = readRecorded(name);
  const events = history.events ?? [];
  const tasks = events.flatMap((event, index) => (event.workflowTaskStartedEventAttributes == null ? [] : [index]));
  const prefixes = tasks.map((last) => ({ workflowId, history: { events: events.slice(0, last + 1) } }));
  const failed: unknown[] = [];
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: built }, prefixes))
    if (error !== undefined) failed.push(error);
  expect(failed).toEqual([]);
});

test('a timer that the history doesn’t have makes it fail', async () => {
  const changed = await bundleWorkflowCode({
    workflowsPath: require.resolve('./changed-workflows'),
    logger: new DefaultLogger('ERROR'),
  });
  for (const name of ['waiting.approve', 'deployed.approve'])
    await expect(replay(readRecorded(name), changed)).rejects.toThrow(/[Nn]ondeterminism/);
});

test('a history in which another activity ran makes it fail', async () => {
  const tampered = readRecorded('deployed.deploy', (text) => text.replaceAll('"mlopsTakeStep"', '"mlopsTakeAnother"'));
  await expect(replay(tampered)).rejects.toThrow(/[Nn]ondeterminism/);
});
