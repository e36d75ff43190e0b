/** New categories under the policy `ask`: the cycle waits for people before it makes anything of the batch, and goes by what they say. */
import { versionRequest } from '../../src/activities/approval/version-request';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import type { CycleDocument, Fact } from '../../src/domain/records';
import { mlops } from '../cli/mlops';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { askingAboutRegions, writeRegions } from '../support/regions';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

const LATER = '2001-03-08T00:00:00Z';
const LATEST = '2001-03-15T00:00:00Z';

let system: TestSystem;
let lifecycles: Lifecycles;
let worker: { stop(): Promise<void> };
const spawned: WorkerProcess[] = [];

beforeAll(async () => {
  system = await openSystem('schema');
  lifecycles = new Lifecycles(system, 'flights.parquet');
  await writeFlights('flights.parquet', ['Mars']);
  worker = await system.startWorker();
});
afterAll(async () => {
  for (const each of spawned) await each.kill();
  await lifecycles.end();
  await system.close();
});

const writeFlights = (file: string, added?: readonly string[]) => writeRegions(system, file, added);
const define = (file = 'flights.parquet', changes: Partial<ProjectDefinition> = {}) =>
  askingAboutRegions(lifecycles, file, changes);

const requestsOf = async (project: string): Promise<string[]> => {
  const found = await raw(system.stores).requests.find({ project }).sort({ openedAt: 1 }).toArray();
  return found.map(({ _id, state }) => `${_id.slice(project.length + 1)} ${state}`);
};
const retrain = (project: string, asOf: string, supersede = false) =>
  system.client.retrain(project, { ...by('cem'), asOf, supersede });

/** The cycle's version is asked about, and turned down, since what comes before it is what matters here. */
async function endsAtItsVersion(project: string, cycle: number): Promise<CycleDocument> {
  await lifecycles.decide(project, cycle, 'reject');
  return lifecycles.cycle(project, cycle, 'finished');
}

async function snapshotOf(project: string, number: number): Promise<Fact<'snapshot'>> {
  const cycle = await raw(system.stores).cycles.findOne({ _id: `${project}/${number}` });
  return system.stores.facts.get({ kind: 'snapshot', id: cycle!.refs.snapshot!.id });
}

/** A project whose first batch is taken; a first one brings nothing new. */
async function started(definition = define()): Promise<string> {
  const project = await lifecycles.start(definition, FEBRUARY);
  expect(await endsAtItsVersion(project, 1)).toMatchObject({ outcome: 'rejected' });
  expect(await requestsOf(project)).toEqual(['1 rejected']);
  return project;
}

function dyingAt(crashAt: string): WorkerProcess {
  const dying = spawnWorker(system, { crashAt });
  spawned.push(dying);
  return dying;
}

/** Approved in the command, by the digest that it shows; workers die when the decision is recorded, and when the request is closed. */
async function decidedBesideKills(project: string, name: string): Promise<void> {
  await worker.stop();
  const recorded = dyingAt('decision:recorded');
  await recorded.ready;
  const shown = await mlops(['show', `request/${project}/${name}`], system.env);
  expect(shown.stdout).toContain('expected no new category of region, the newest batch has 1, such as `Mars`');
  const [, change = ''] = /change\s+(sha256:[0-9a-f]{64})/.exec(shown.stdout) ?? [];
  const decided = mlops(['decide', `${project}/${name}`, '--approve', '--by', 'ana', '--digest', change], system.env);
  expect(await recorded.ended).toBe('SIGKILL');
  expect(await dyingAt('request:closed').ended).toBe('SIGKILL');
  // From here on by two workers at once.
  const both = await Promise.all([system.startWorker(), system.startWorker()]);
  worker = { stop: async () => void (await Promise.all(both.map((each) => each.stop()))) };
  expect(await decided).toMatchObject({ code: 0, stdout: expect.stringContaining('approved') });
}

test('rejected, the cycle ends and the next one asks again; approved, it goes on, after kills at each step too', async () => {
  const project = await started();
  await retrain(project, MARCH);
  const request = await lifecycles.request(project, 'schema-2');
  expect(request).toMatchObject({
    state: 'open',
    subject: { kind: 'schema-change', digests: { change: expect.any(String), snapshot: expect.any(String) } },
    authors: ['cem'],
  });
  expect(request.evidence.join('\n')).toContain(
    'expected no new category of region, the newest batch has 1, such as `Mars`'
  );
  const waiting = await lifecycles.cycle(project, 2, 'waiting');
  expect(Object.keys(waiting.refs)).toEqual(expect.not.arrayContaining(['labelSet', 'run', 'version']));
  for (const page of [lifecycleId(project), request.workflowId]) {
    const seen = await lifecycles.waits(page);
    expect(seen).toMatchObject({ phase: 'approve', waitingFor: ['approver:ana', 'approver:ben'] });
    expect(seen.details).toContain('what is new in the batch of cycle 2 waits for approval');
    expect(seen.details).toContain(
      `mlops decide ${project}/schema-2 --by <your name> --approve --digest ${request.subject.digests.change}`
    );
  }
  const { snapshot } = request.subject.digests;
  expect(
    await system.client.decide(`${project}/schema-2`, { ...by('ana'), verdict: 'approve', digest: snapshot! })
  ).toMatchObject({ code: 'wrong-digest' });
  expect(await lifecycles.decide(project, 'schema-2', 'reject')).toMatchObject({ state: 'rejected' });
  const rejected = await lifecycles.cycle(project, 2, 'finished');
  expect(rejected).toMatchObject({ outcome: 'rejected', refs: { snapshot: { digest: snapshot } } });
  expect(rejected.refs).not.toHaveProperty('labelSet');

  // The next cycle grows from the same snapshot as the rejected one, so that the category is new to it, too.
  await worker.stop();
  const dying = dyingAt('request:opened');
  await dying.ready;
  await retrain(project, MARCH);
  expect(await dying.ended).toBe('SIGKILL');
  expect((await requestsOf(project)).at(-1)).toBe('schema-3 open');
  worker = await system.startWorker();
  const again = await lifecycles.request(project, 'schema-3');
  expect(again.subject.digests).toEqual(request.subject.digests);
  await decidedBesideKills(project, 'schema-3');
  expect((await endsAtItsVersion(project, 3)).refs).toHaveProperty('version');

  // No version is asked about whose batch was not let in, whoever asks.
  const { requests } = raw(system.stores);
  await requests.updateOne({ _id: `${project}/schema-3` }, { $set: { state: 'rejected' } });
  await expect(versionRequest(system.stores, project, 3)).rejects.toThrow(
    /^MLOPS_REQUEST_CONFLICT: What is new in its batch was not approved/
  );
  await requests.updateOne({ _id: `${project}/schema-3` }, { $set: { state: 'approved' } });
  await expect(versionRequest(system.stores, project, 3)).resolves.toMatchObject({ title: `${project}@2` });
  const [first, turnedDown, letIn] = await Promise.all([1, 2, 3].map((n) => snapshotOf(project, n)));
  expect([turnedDown, letIn].map((each) => each!.body.parent?.id)).toEqual([first!._id, first!._id]);
  expect(await requestsOf(project)).toEqual(['1 rejected', 'schema-2 rejected', 'schema-3 approved', '3 rejected']);
});

test('approved, it may leave and come again: people are not asked about the same change twice', async () => {
  await writeFlights('fifth.parquet', ['Ceres']);
  const project = await started(define('fifth.parquet'));
  await retrain(project, MARCH);
  expect(await lifecycles.decide(project, 'schema-2', 'approve')).toMatchObject({ state: 'approved' });
  await endsAtItsVersion(project, 2);
  await writeFlights('fifth.parquet');
  await retrain(project, LATER);
  await endsAtItsVersion(project, 3);
  await writeFlights('fifth.parquet', ['Ceres']);
  await retrain(project, LATEST);
  await endsAtItsVersion(project, 4);
  const [letIn, without, back] = await Promise.all([2, 3, 4].map((n) => snapshotOf(project, n)));
  expect(without!.body.parent?.id).toBe(letIn!._id);
  expect(back!.body.validation.filter((result) => 'asks' in result)).toMatchObject([{ found: ['Ceres'] }]);
  expect(await requestsOf(project)).toEqual([
    ...['1 rejected', 'schema-2 approved'],
    ...['2 rejected', '3 rejected', '4 rejected'],
  ]);
});

test('a newer cycle takes its place with --supersede; skip and stop close it with its cycle', async () => {
  await writeFlights('other.parquet', ['Venus']);
  const project = await started(define('other.parquet'));
  await retrain(project, MARCH);
  await lifecycles.request(project, 'schema-2');
  await retrain(project, MARCH, true);
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'superseded' });
  await lifecycles.request(project, 'schema-3');
  // The child alone is lost: its phase fails, and a retry asks the same question.
  await lifecycles.handle(phaseId(project, 'schema-3', 'approve')).terminate('by mistake');
  const { revision } = await lifecycles.cycle(project, 3, 'failed');
  await system.client.retry(project, by('dan'));
  expect(await lifecycles.request(project, 'schema-3')).toMatchObject({ state: 'open' });
  await lifecycles.handle(phaseId(project, 'schema-3', 'approve')).terminate('by mistake');
  await lifecycles.cycle(project, 3, 'failed', revision);
  await system.client.skip(project, by('dan'));
  await retrain(project, MARCH);
  await lifecycles.request(project, 'schema-4');
  expect(await lifecycles.cycle(project, 3, 'finished')).toMatchObject({ outcome: 'skipped' });
  await system.client.stop(project, by('dan'));
  expect(await lifecycles.cycle(project, 4, 'finished')).toMatchObject({ outcome: 'stopped' });
  expect(await requestsOf(project)).toEqual([
    ...['1 rejected', 'schema-2 superseded', 'schema-3 superseded', 'schema-4 superseded'],
  ]);
});

test('a request that nobody decides expires, and ends its cycle', async () => {
  const { approval } = lifecycles.define();
  await writeFlights('third.parquet', ['Pluto']);
  const soon = { ...approval, deadline: { wall: '2 seconds' }, reminders: [] } as const;
  const project = await lifecycles.start(define('third.parquet', { approval: soon }), FEBRUARY);
  expect(await lifecycles.cycle(project, 1, 'finished')).toMatchObject({ outcome: 'expired' });
  await retrain(project, MARCH);
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'expired' });
  expect(await requestsOf(project)).toEqual(['1 expired', 'schema-2 expired']);

  // Its source without it: nothing is new any more.
  await writeFlights('third.parquet');
  await retrain(project, LATER);
  expect(await lifecycles.cycle(project, 3, 'finished')).toMatchObject({ outcome: 'expired' });
  expect((await requestsOf(project)).slice(2)).toEqual(['3 expired']);
});

test('more than the limit of new names is refused in the child that reads them; with a higher limit people are asked', async () => {
  await writeFlights('fourth.parquet', ['Io', 'Europa']);
  const project = await started(define('fourth.parquet'));
  await worker.stop();
  worker = await system.startWorker({ limits: { newNames: 1 } });
  await retrain(project, MARCH);
  expect((await lifecycles.cycle(project, 2, 'failed')).failure).toMatch(
    /MLOPS_TOO_MUCH_NEW.*rules=no new category of region, found=2, limit=1/
  );
  await worker.stop();
  worker = await system.startWorker();
  await system.client.retry(project, by('dan'));
  const { evidence } = await lifecycles.request(project, 'schema-2');
  expect(evidence[0]).toMatch(/the newest batch has 2, such as `(Io|Europa)`, `(Io|Europa)`$/);
});
