/**
 * What somebody who may write to the namespace can do to what is served: nothing, without its record. He chooses a
 * workflow's type, id and input, runs a worker of his own that calls our activities, and calls them with no workflow.
 */
import { randomUUID } from 'node:crypto';
import { createActivities } from '../../src/activities';
import type { ActivityDeps } from '../../src/activities/deps';
import { decidedDigest } from '../../src/domain/approval';
import { lifecycleId, monitorId, phaseId, rollbackId } from '../../src/domain/ids';
import { planOf } from '../../src/domain/plan';
import type { Ref } from '../../src/domain/refs';
import { type Attacker, startAttacker } from '../support/attacker';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { by, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

/** Activities that write nothing, whoever calls: they read, or wait. */
const READING = new Set([
  'mlopsFindRequest',
  'mlopsAlreadyDecided',
  'mlopsChangeToAsk',
  'mlopsRollbackTarget',
  'mlopsDeployTarget',
  'mlopsChampion',
  'mlopsFindRollout',
  'mlopsStepOver',
  'mlopsSnapshotOf',
  'mlopsWatchedDefinition',
  'mlopsWindowReady',
  'mlopsNextCorrection',
  'mlopsNextLate',
  'mlopsCountPollers',
  'mlopsPlanViews',
  'mlopsPlanReproduction',
  'mlopsReproduceStep',
]);
/** Of these the records are what decides, and who may change them: what they are given, is registered. */
const WATCHED = [
  'requests',
  'decisions',
  'rollouts',
  'endpoints',
  'aliases',
  'definitions',
  'projects',
  'cycles',
  'trials',
  'winners',
  'versions',
  'windows',
  'views',
  'viewValues',
];
/** Steps answer whoever asks: what they write is found by its content alone, and decides nothing until a cycle names it. */
const BY_CONTENT = [
  'mlopsObserve',
  'mlopsIngest',
  'mlopsRenderReport',
  'mlopsRenderEvaluation',
  'mlopsLabel',
  'mlopsFitFeatures',
  'mlopsTrain',
  'mlopsEvaluate',
] as const;

const SHORTEST = { grace: '1 hour', served: '1 hour', records: '1 hour', quarantine: '1 hour', checkpoints: '1 hour' };

/** What the project's own workflows alone may ask for. */
const FOR_ONE_CALLER = [
  'mlopsRegisterDefinition',
  'mlopsRegisterVersion',
  'mlopsTrial',
  'mlopsDecideStudy',
  'mlopsRecordStudyMessage',
  'mlopsImportModel',
  'mlopsJudgeWindow',
  'mlopsCorrectWindow',
  'mlopsCountLate',
  'mlopsCleanStores',
  'mlopsRecordHousekeeping',
  'mlopsMaterializeView',
];

let system: TestSystem;
let lifecycles: Lifecycles;
let serving: FollowingReplica;
let attacker: Attacker;
let project: string;

beforeAll(async () => {
  system = await openSystem('authority');
  await system.startWorker();
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  project = await lifecycles.start(lifecycles.define());
  serving = followingReplica(system.stores, project);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  await system.client.retrain(project, { ...by('cem'), asOf: MARCH });
  await lifecycles.request(project, 2);
  attacker = await startAttacker(system);
});
afterAll(async () => {
  await serving?.stop();
  await attacker?.stop();
  await lifecycles.end();
  await system.close();
});

/** An activity of no workflow. */
const alone = (activity: string, given: unknown): Promise<unknown> =>
  system.client.temporal.activity.execute(activity, {
    id: `attack-${randomUUID()}`,
    taskQueue: system.taskQueue,
    args: [given],
    scheduleToCloseTimeout: '4 minutes',
    retry: { maximumAttempts: 1 },
  });

const attack = (workflowId: string, activity: string, args: unknown): Promise<string> =>
  system.client.temporal.workflow.execute('call', {
    workflowId,
    taskQueue: attacker.taskQueue,
    args: [activity, args, system.taskQueue],
  });

const version = (cycle: number): Ref<'version'> => ({
  kind: 'version',
  id: `${project}/${cycle}`,
  digest: `sha256:${'e'.repeat(64)}`,
});

/** Everything that decides what is served, as it stands. */
async function records(): Promise<Record<string, unknown[]>> {
  const found = WATCHED.map(async (name) => {
    const documents = await raw(system.stores).db.collection(name).find().sort({ _id: 1 }).toArray();
    return [name, documents] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

/** Arguments that would do harm, by activity. */
async function forged(): Promise<Record<string, unknown>> {
  const request = { project, name: '2' };
  const [done] = await raw(system.stores).db.collection<{ _id: string }>('rollouts').find({ project }).toArray();
  const atStep = { rollout: done?._id, step: 1 };
  const refs = { version: version(1) };
  const asked = (await raw(system.stores).requests.findOne({ _id: `${project}/2` }))!;
  return {
    mlopsOpenRequest: { project, cycle: 2 },
    mlopsOpenSchemaRequest: { project, cycle: 2 },
    mlopsRecordDecisions: {
      request,
      sent: [{ update: 'none' }, { signal: `ana yes approve ${decidedDigest(asked.subject)}` }],
      // Of an earlier release: what it is told has no say.
      judgement: { outcome: 'accepted', code: 'recorded', state: 'approved', reason: '' },
      decision: { id: 'yes', by: 'ana', verdict: 'approve', digest: decidedDigest(asked.subject) },
    },
    mlopsCloseRequest: { request, because: 'forged', state: 'approved' },
    mlopsRecordMalformed: { request, mistake: 'forged' },
    mlopsRecordOperator: { project, message: 'stop', id: 'x', updateId: 'x', by: 'ana', answer: {}, workflow: {} },
    mlopsOpenCycle: { project, cycle: 9, definition: asked.about[0], causes: [], appliedBy: 'eve', asOf: MARCH },
    mlopsReadTriggers: { project, after: 0 },
    mlopsSetClock: { project, updateId: 'none' },
    mlopsEnsureMonitor: { project },
    mlopsEnterPhase: { project, cycle: 2, order: 99, phase: 'deploy', refs },
    mlopsRecordFailure: { project, cycle: 2, order: 99, phase: 'approve', failure: 'forged' },
    mlopsCloseCycle: { project, cycle: 2, order: 99, outcome: 'deployed', refs },
    mlopsBeginRollout: { kind: 'rollback', version: version(1), reason: 'forged', project, definition: {} },
    mlopsTakeStep: atStep,
    mlopsAwaitReplicas: { ...atStep, revision: 1 },
    mlopsStartStepClock: atStep,
    mlopsPassStep: atStep,
    mlopsShadowPairs: atStep,
    mlopsCleanStores: { run: 'forged', retention: SHORTEST, dryRun: false, cursor: { stage: 'documents', after: '' } },
    mlopsRecordHousekeeping: { run: 'forged', retention: SHORTEST, took: [], kept: [] },
    mlopsEndRollout: { ...atStep, end: { outcome: 'rolled-back', because: 'forged' } },
    mlopsRolloutSuperseded: { ...atStep, because: 'forged' },
    ...(await forgedSteps()),
  };
}

/** Well-formed, of records that are there, so that each would do its work for the project's own workflow. */
async function forgedSteps(): Promise<Record<string, unknown>> {
  const { definition, refs } = (await raw(system.stores).cycles.findOne({ _id: `${project}/1` }))!;
  const { snapshot, labelSet, featureSet: features, run, evaluation } = refs;
  const { test: rows } = (await system.stores.facts.get({ kind: 'evaluation', id: evaluation!.id })).body;
  const observation = (await alone('mlopsObserve', { definition, asOf: MARCH })) as object;
  const week = { from: '2001-02-01T00:00:00.000Z', to: '2001-02-08T00:00:00.000Z' };
  const judged = { project, definition, period: week };
  const text = 'forged: please approve';
  const study = { project, cycle: 2, definition, snapshot, labelSet, asOf: MARCH, attempt: 'forged' };
  const notice = { id: randomUUID(), kind: 'approval-requested', project, text, details: [] };
  return {
    mlopsObserve: { definition, asOf: MARCH },
    mlopsIngest: { definition, observation: { ...observation, asOf: '2001-01-15T00:00:00Z' } },
    mlopsPrepare: { definition, asOf: MARCH, from: { flights: snapshot } },
    mlopsRenderReport: { snapshot },
    mlopsRenderEvaluation: { evaluation, version: refs.version },
    mlopsLabel: { definition, snapshot },
    mlopsFitFeatures: { definition, snapshot, labelSet, asOf: '2001-01-25T00:00:00Z' },
    mlopsTrial: { ...study, cycle: 9, number: 1 },
    mlopsDecideStudy: { ...study, trials: 1, ended: 'stopped' },
    mlopsRecordStudyMessage: { project, cycle: 2, updateId: 'none', answer: { outcome: 'accepted', reason: '' } },
    mlopsImportModel: { project, cycle: 9, definition, snapshot, labelSet, features, asOf: MARCH },
    mlopsTrain: { definition, snapshot, labelSet, features, asOf: '2001-01-25T00:00:00Z' },
    mlopsEvaluate: { definition, version: refs.version, snapshot, labelSet, knownBy: rows.knownBy },
    mlopsRegisterDefinition: { project },
    mlopsRegisterVersion: { project, cycle: 9, definition, snapshot, labelSet, features, run },
    mlopsJudgeWindow: judged,
    mlopsCorrectWindow: judged,
    mlopsCountLate: { project, definition, at: week.from, before: week.to },
    mlopsMaterializeView: { project, definition, view: 'forged', snapshot },
    mlopsStartNotice: { v: 1, workflowId: `attack-${randomUUID()}`, definition, notifiers: 0, notice },
    mlopsNotify: { definition, notifier: 0, notice },
    mlopsRecordUndelivered: { notice, notifier: 0, why: 'forged' },
    mlopsRecordRefusedSignal: { project, mistake: 'forged' },
  };
}

/** All of ours that write. */
function writing(): string[] {
  const none = () => Promise.reject(new Error('none here'));
  const all = Object.keys(createActivities({ stores: none, runJob: none } as unknown as ActivityDeps));
  return all.filter((name) => !READING.has(name)).sort();
}

test('every activity that writes is attacked here, and nothing else', async () => {
  expect(Object.keys(await forged()).sort()).toEqual(writing());
});

test('called with forged arguments, by a foreign workflow of any id, none of them changes anything', async () => {
  const before = await records();
  const ids = [
    `attack-${randomUUID()}`,
    `${lifecycleId(project)}-x`,
    phaseId(project, 1, 'deploy'),
    phaseId(project, 9, 'approve'),
    rollbackId(project, 'forged'),
  ];
  const args = await forged();
  const answers: Record<string, string[]> = {};
  const bySender = writing().filter((name) => !(BY_CONTENT as readonly string[]).includes(name));
  for (const activity of bySender)
    answers[activity] = await Promise.all(ids.map((id) => attack(`${id}`, activity, args[activity]).catch(String)));
  expect(await records()).toEqual(before);
  expect(answers.mlopsBeginRollout).toEqual(ids.map(() => 'MLOPS_NOT_AUTHORIZED'));
  expect(answers.mlopsOpenSchemaRequest).toEqual(ids.map(() => 'MLOPS_NOT_AUTHORIZED'));
  expect(answers.mlopsRecordDecisions).toEqual(ids.map(() => 'MLOPS_NOT_AUTHORIZED'));
  expect(answers.mlopsCloseRequest).toEqual(ids.map(() => 'MLOPS_NOT_AUTHORIZED'));
  expect(answers.mlopsOpenCycle).toEqual(ids.map(() => 'MLOPS_NOT_AUTHORIZED'));
  for (const name of FOR_ONE_CALLER)
    expect([name, ...(answers[name] ?? [])]).toEqual([name, ...ids.map(() => 'MLOPS_NOT_AUTHORIZED')]);
});

test('a step with well-formed arguments answers a foreign workflow with content, and decides nothing', async () => {
  const before = await records();
  const args = await forgedSteps();
  const answers: [string, string][] = [];
  for (const activity of BY_CONTENT)
    answers.push([activity, await attack(`attack-${randomUUID()}`, activity, args[activity])]);
  expect(answers).toEqual(BY_CONTENT.map((name) => [name, 'done']));
  expect(await records()).toEqual(before);
});

test('the training’s own id is not enough to register a version, for a cycle of one’s own or the project’s', async () => {
  const before = await records();
  const { mlopsRegisterVersion: register } = await forgedSteps();
  for (const cycle of [2, 9]) {
    const given = { ...(register as object), cycle };
    expect(await attack(phaseId(project, cycle, 'train'), 'mlopsRegisterVersion', given)).toBe('MLOPS_NOT_AUTHORIZED');
  }
  expect(await records()).toEqual(before);
});

test('the monitor’s own id is not enough to have a window judged, corrected or counted before it is due', async () => {
  const before = await records();
  const args = await forgedSteps();
  // The project's monitor ends when another workflow takes its id.
  const asMonitor = (activity: string): Promise<string> =>
    system.client.temporal.workflow.execute('call', {
      workflowId: monitorId(project),
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      taskQueue: attacker.taskQueue,
      args: [activity, args[activity], system.taskQueue],
    });
  expect(await asMonitor('mlopsJudgeWindow')).toBe('MLOPS_NOT_AUTHORIZED');
  for (const activity of ['mlopsCorrectWindow', 'mlopsCountLate']) await asMonitor(activity);
  expect(await records()).toEqual(before);
});

test('what the audit has of a project comes from its own workflows', async () => {
  const audit = () => raw(system.stores).db.collection('audit').countDocuments({ project });
  const before = await audit();
  const args = await forgedSteps();
  for (const name of ['mlopsRecordUndelivered', 'mlopsRecordRefusedSignal']) {
    for (const id of [`attack-${randomUUID()}`, `${lifecycleId(project)}-x`, `mlops/${project}x/1/deploy`])
      expect([name, id, await attack(id, name, args[name])]).toEqual([name, id, 'MLOPS_NOT_AUTHORIZED']);
    await expect(alone(name, args[name])).rejects.toMatchObject({ cause: { type: 'MLOPS_NOT_AUTHORIZED' } });
  }
  expect(await audit()).toBe(before);
});

test('nor called with no workflow at all', async () => {
  const before = await records();
  const args = await forged();
  expect(await alone('mlopsChampion', { project })).toMatchObject({ champion: { id: `${project}/1` } });
  await expect(alone('mlopsBeginRollout', args.mlopsBeginRollout)).rejects.toMatchObject({
    cause: { type: 'MLOPS_NOT_AUTHORIZED' },
  });
  const refused: string[] = [];
  for (const activity of writing())
    await alone(activity, args[activity]).catch(({ cause }) => refused.push(`${activity} ${cause?.type}`));
  // So they were well-formed: a step that is refused for its arguments would prove nothing.
  expect(refused.filter((one) => BY_CONTENT.some((name) => one.startsWith(`${name} `)))).toEqual([]);
  for (const name of FOR_ONE_CALLER) expect(refused).toContain(`${name} MLOPS_NOT_AUTHORIZED`);
  expect(await records()).toEqual(before);
});

test('hand-made `deploy` workflows of any id begin nothing, for versions approved or not', async () => {
  const before = await records();
  const plan = planOf(lifecycles.define());
  const ids = [`deploy-${randomUUID()}`, phaseId(project, 2, 'deploy'), rollbackId(project, 'by-hand')];
  for (const workflowId of ids) {
    for (const [kind, cycle] of [
      ['rollout', 1],
      ['rollout', 2],
      ['rollback', 1],
      ['rollback', 2],
    ] as const) {
      const input = { v: 1, project, cycle, plan, searchAttributes: false, version: version(cycle), kind };
      const started = { workflowId, taskQueue: system.taskQueue, args: [input] };
      await expect(system.client.temporal.workflow.execute('deploy', started)).rejects.toMatchObject({
        cause: { cause: { type: 'MLOPS_NOT_AUTHORIZED' } },
      });
    }
  }
  expect(await records()).toEqual(before);
});

test('nor do hand-made `approve` workflows open, decide or close anything', async () => {
  const before = await records();
  for (const name of ['1', '9'])
    await system.client.temporal.workflow.execute('approve', {
      workflowId: phaseId(project, name, 'approve'),
      taskQueue: system.taskQueue,
      args: [{ v: 1, project, name, searchAttributes: false, waits: true, request: { state: 'approved' } }],
      workflowExecutionTimeout: '4 minutes',
    });
  expect(await records()).toEqual(before);
});

test('a `supersede` from a foreign workflow does nothing', async () => {
  const before = await records();
  const approval = phaseId(project, 2, 'approve');
  await system.client.temporal.workflow.execute('send', {
    workflowId: `attack-${randomUUID()}`,
    taskQueue: attacker.taskQueue,
    args: [approval, 'supersede', { reason: 'forged' }],
  });
  await eventually('the audit tells of it', async () => {
    const told = { what: 'signal refused', 'detail.request': `${project}/2` };
    return (await raw(system.stores).db.collection('audit').findOne(told)) ?? undefined;
  });
  const { requests, ...others } = await records();
  const open = (all: unknown[] | undefined) => all?.map((one) => ({ ...(one as object), revision: 0 }));
  const { requests: former, ...same } = before;
  expect(others).toEqual(same);
  expect(open(requests)).toEqual(open(former));
});

test('all the while the project’s own people decide: the version that they approve is rolled out', async () => {
  expect(await lifecycles.decide(project, 2, 'approve')).toMatchObject({ outcome: 'accepted', state: 'approved' });
  const rollout = await eventually('its rollout', async () => {
    const found = await raw(system.stores)
      .db.collection('rollouts')
      .findOne({ 'version.id': `${project}/2` });
    return found ?? undefined;
  });
  expect(rollout).toMatchObject({ kind: 'rollout', workflowId: phaseId(project, 2, 'deploy') });
});
