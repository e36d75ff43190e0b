/**
 * `kill -9` of the worker at every seeded point of one cycle, one after the other: a new worker finishes, and what
 * is there afterwards is what an undisturbed cycle leaves, to the last digest.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decidedDigest } from '../../src/domain/approval';
import { CRASH_POINTS } from '../../src/runtime/crash-points';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, monitorId, phaseId } from '../../src/domain/ids';
import type { DecisionAnswer, OperatorAnswer } from '../../src/domain/messages';
import type { Replica } from '../../src/replica/run-replica';
import { computeProcesses } from '../support/compute-processes';
import { eventually } from '../support/eventually';
import { startReplica } from '../support/replica';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { allRecords, artifactsNamed, brokenEdges } from '../chaos/all-records';
import { raw } from '../support/raw-records';
import { PLAIN_NETWORK } from '../support/plain-network';

let undisturbed: TestSystem;
let system: TestSystem;
let project: string;
let definition: ProjectDefinition;
const replicas: Replica[] = [];
const workers: WorkerProcess[] = [];
const answers: Promise<OperatorAnswer | DecisionAnswer>[] = [];
const died: string[] = [];
let expected: Awaited<ReturnType<typeof allRecords>>;
const ids = { lifecycle: '', ingest: '', label: '', train: '', evaluate: '', approve: '', deploy: '' };

beforeAll(async () => {
  undisturbed = await openSystem('undisturbed');
  system = await openSystem('kills');
  project = system.name.slice(0, 40);
  const file = await writeSmallFlights(system.folder);
  definition = smallProject(project, file, {
    // Some 500 steps in each of four epochs: enough of them to die in the middle of one.
    model: {
      network: {
        ...PLAIN_NETWORK,
        hidden: [64, 64],
        batch: 8,
        learningRate: 0.001,
        epochs: 4,
        maxRowsSeen: 1e6,
        seed: 4,
      },
    },
  });
  ids.lifecycle = lifecycleId(project);
  for (const phase of ['ingest', 'label', 'train', 'evaluate', 'approve', 'deploy'] as const)
    ids[phase] = phaseId(project, 1, phase);
  // The same name and ids in both, so that every id and digest must be the same: one after the other.
  const worker = spawnWorker(undisturbed, { dataFolder: system.folder });
  workers.push(worker);
  await worker.ready;
  replicas.push(await startReplica(undisturbed, project));
  await Promise.all([start(undisturbed), request(undisturbed).then(() => decide(undisturbed))]);
  await finished(undisturbed);
  expected = await allRecords(undisturbed.stores);
  await undisturbed.client.stop(project, { id: 'stop', by: 'operator' });
  for (const id of [ids.lifecycle, monitorId(project)])
    await undisturbed.client.temporal.workflow
      .getHandle(id)
      .result()
      .catch(() => undefined);
  await worker.kill();
  replicas.push(await startReplica(system, project));
});
afterAll(async () => {
  for (const worker of workers) await worker.kill();
  for (const replica of replicas) await replica.close();
  await undisturbed.close();
  await system.client.temporal.workflow
    .getHandle(ids.lifecycle)
    .terminate()
    .catch(() => undefined);
  await system.client.temporal.workflow
    .getHandle(monitorId(project))
    .terminate()
    .catch(() => undefined);
  await system.close();
});

const start = ({ client }: TestSystem) =>
  client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem', id: 'start' });
const cycleOf = ({ stores }: TestSystem) => raw(stores).cycles.findOne({ _id: `${project}/1` });
/** The audit's event is the last that a cycle writes. */
const finished = ({ stores }: TestSystem) =>
  eventually('the cycle has ended', async () => (await stores.audit.find(`cycle ${project}/1`)) ?? undefined);

/** Open, and its workflow runs: before that a decision is too early. */
const request = ({ client, stores }: TestSystem) =>
  eventually('the request is open', async () => {
    if ((await raw(stores).requests.countDocuments({ project })) === 0) return undefined;
    const child = await client.temporal.workflow
      .getHandle(ids.approve)
      .describe()
      .catch(() => undefined);
    return child?.status.name === 'RUNNING' && child.type === 'approve' ? true : undefined;
  });

async function decide({ client, stores }: TestSystem) {
  const open = await raw(stores).requests.findOne({ _id: `${project}/1` });
  return client.decide(`${project}/1`, {
    id: 'yes',
    by: 'ana',
    verdict: 'approve',
    digest: decidedDigest(open!.subject),
  });
}

/** A worker that dies at the point; the workflow's activities that were running then. */
async function killedAt(
  crashAt: string,
  workflowId: string,
  meanwhile?: (worker: WorkerProcess) => void
): Promise<string[]> {
  const worker = spawnWorker(system, { crashAt });
  try {
    meanwhile?.(worker);
    const how = await Promise.race([worker.ended, late(`no worker died at ${crashAt}`, 240_000)]);
    expect([crashAt, how, worker.said()]).toEqual([crashAt, 'SIGKILL', expect.any(String)]);
  } finally {
    await worker.kill();
  }
  const { raw } = await system.client.temporal.workflow.getHandle(workflowId).describe();
  died.push(crashAt.replace(/#\d+$/, ''));
  return (raw.pendingActivities ?? []).map((each) => each.activityType?.name ?? '');
}

async function late(what: string, ms: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  throw new Error(`${what}: not within ${ms} ms`);
}

const checkpointStep = async () =>
  (await raw(system.stores).db.collection<{ _id: string; step: number }>('checkpoints').findOne())?.step ?? 0;

test('ingest, killed before and after each of its writes', async () => {
  const running = await killedAt('cycle:written', ids.lifecycle, (worker) => {
    // A client refuses to start what nobody would work at.
    answers.push(worker.ready.then(() => start(system)));
  });
  expect(running).toContain('mlopsOpenCycle');
  expect(await killedAt('step:looked-up', ids.ingest)).toContain('mlopsIngest');
  expect(await killedAt('step:computed', ids.ingest)).toContain('mlopsIngest');
  expect(await killedAt('artifact:pinned', ids.ingest)).toContain('mlopsIngest');
  expect(await killedAt('step:artifacts-put', ids.ingest)).toContain('mlopsIngest');
  expect(await killedAt('step:committed', ids.ingest)).toContain('mlopsIngest');
  expect(await killedAt('step:computed', ids.ingest)).toContain('mlopsRenderReport');
  expect(await killedAt('step:committed', ids.ingest)).toContain('mlopsRenderReport');
});

test('training, killed in the middle of epochs and after checkpoints, goes on from the newest one', async () => {
  expect(await killedAt('step:committed', ids.label)).toContain('mlopsLabel');
  expect(await killedAt('step:artifacts-put', ids.train)).toContain('mlopsFitFeatures');
  expect(await killedAt('train:mid-epoch#3', ids.train)).toContain('mlopsTrain');
  expect(await checkpointStep()).toBe(0);
  expect(await killedAt('train:checkpoint-saved', ids.train)).toContain('mlopsTrain');
  const first = await checkpointStep();
  expect(first).toBeGreaterThan(0);
  expect(await killedAt('train:checkpoint-saved', ids.train)).toContain('mlopsTrain');
  // Had it begun anew, its first checkpoint would have been the first again.
  expect(await checkpointStep()).toBeGreaterThan(first);
  expect(await killedAt('train:mid-epoch#3', ids.train)).toContain('mlopsTrain');
  expect(await killedAt('step:computed', ids.train)).toContain('mlopsTrain');
  expect(await killedAt('version:registered', ids.train)).toContain('mlopsRegisterVersion');
  expect(await killedAt('step:committed', ids.evaluate)).toContain('mlopsEvaluate');
});

test('approval, killed when the request was opened, the decision recorded, the request closed', async () => {
  expect(await killedAt('request:opened', ids.lifecycle)).toContain('mlopsOpenRequest');
  const running = await killedAt('decision:recorded', ids.approve, () => {
    answers.push(request(system).then(() => decide(system)));
  });
  expect(running).toContain('mlopsRecordDecisions');
  expect(await killedAt('request:closed', ids.approve)).toContain('mlopsRecordDecisions');
});

test('deployment, killed when the rollout was begun, its step taken, its end written', async () => {
  expect(await killedAt('rollout:begun', ids.deploy)).toContain('mlopsBeginRollout');
  expect(await killedAt('rollout:step-taken', ids.deploy)).toContain('mlopsTakeStep');
  expect(await killedAt('audit:appended', ids.deploy)).toContain('mlopsEndRollout');
  expect(await killedAt('rollout:finished', ids.deploy)).toContain('mlopsEndRollout');
  expect(await killedAt('cycle:written', ids.lifecycle)).toContain('mlopsCloseCycle');
});

test('a new worker finishes, and those who asked have their answers', async () => {
  workers.push(spawnWorker(system));
  await finished(system);
  expect(await Promise.all(answers)).toMatchObject([
    { outcome: 'accepted' },
    { outcome: 'accepted', state: 'approved' },
  ]);
  expect((await cycleOf(system))?.outcome).toBe('deployed');
});

test('no point of the list was left out, but those of windows, housekeeping, views and trials, which this cycle has none of', () => {
  const ofCycles = CRASH_POINTS.filter(
    (point) => point !== 'window:committed' && !/^(housekeeping|view|trial):/.test(point)
  );
  expect([...new Set(died)].sort()).toEqual([...ofCycles].sort());
});

test('records, versions, decisions and audit are those of the undisturbed cycle, by id and digest', async () => {
  const found = await allRecords(system.stores);
  expect(found).toEqual(expected);
  const counted = Object.fromEntries(Object.entries(found).map(([name, { length }]) => [name, length]));
  expect(counted).toMatchObject({ snapshots: 1, runs: 1, versions: 1, evaluations: 1, decisions: 1, requests: 1 });
  expect(counted).toMatchObject({ cycles: 1, rollouts: 1, endpoints: 1, aliases: 1 });
  expect(found.audit?.map(({ what }) => String(what)).sort()).toEqual([
    'approval requested',
    'cycle ended',
    'decision accepted',
    'definition applied',
    'definition in force',
    'request approved',
    'retrain',
    'rollout deployed',
    'version registered',
  ]);
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});

test('every artifact is there, and nothing refers to the folder of a dead attempt', async () => {
  const artifacts = await artifactsNamed(system.stores);
  expect(artifacts.length).toBeGreaterThan(5);
  for (const digest of artifacts)
    expect([digest, await system.stores.artifacts.hasObject(digest)]).toEqual([digest, true]);
  const relations = await raw(system.stores).db.collection('edges').distinct('relation');
  expect(new Set(relations)).toEqual(new Set(['approved', 'deployed', 'labeled', 'produced', 'used']));
  expect(await brokenEdges(system.stores)).toEqual([]);
  expect(JSON.stringify(await allRecords(system.stores))).not.toContain(join(system.folder, 'work'));
});

test('no compute process of a dead worker lives on, and the next worker has cleared away what it left', async () => {
  const attempts = join(system.folder, 'work', 'attempts');
  expect(await computeProcesses(join(system.folder, 'work'))).toEqual([]);
  const left = (await readdir(attempts)).map((worker) => readdir(join(attempts, worker)));
  expect((await Promise.all(left)).flat()).toEqual([]);
});
