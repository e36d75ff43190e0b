/** What an operator does by the command in a lifecycle that has windows: apply, supersede, roll back; and what is listed then. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decidedDigest } from '../../src/domain/approval';
import { digestOf } from '../../src/runtime/digest';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Replica } from '../../src/replica/run-replica';
import { eventually } from '../support/eventually';
import { serveLateFlights } from '../support/late-flights';
import { type KeptNotices, keptNotices } from '../support/kept-notices';
import { Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { mlops, mlopsJson } from './mlops';
import { raw } from '../support/raw-records';

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let definition: ProjectDefinition;
let project: string;
let notices: KeptNotices;

beforeAll(async () => {
  system = await openSystem('operate');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  notices = keptNotices(system.folder);
  definition = lifecycles.define({
    triggers: [{ on: 'bias', breaches: 1, outOf: 1, coolDown: { event: '28 days' } }],
    notifiers: [{ registered: 'kept', params: {} }],
  });
  project = definition.name;
  await system.startWorker({ registered: notices.module });
  replica = await startReplica(system, project);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

const run = (...args: string[]) => mlops(args, system.env);
const json = <T>(...args: string[]) => mlopsJson<T>(args, system.env);
const notice = (text: string) =>
  eventually(`the notice “${text}”`, async () => notices.all().find((one) => one.text === text));
const approve = async (cycle: number) => {
  const { subject } = await lifecycles.request(project, cycle);
  const decided = await json(
    'decide',
    `${project}/${cycle}`,
    '--approve',
    '--by',
    'ana',
    '--digest',
    decidedDigest(subject)
  );
  expect(decided).toMatchObject({ outcome: 'accepted', state: 'approved' });
};

test('a week that the model misjudges is listed with its trigger, and the cycle that it led to', async () => {
  await lifecycles.start(definition);
  await approve(1);
  await lifecycles.cycle(project, 1, 'finished');
  for (let day = 1; day <= 9; day += 1) await serveLateFlights(replica.address, project, `2001-02-0${day}`);
  await lifecycles.cycle(project, 2, 'waiting');

  const window = `${project}/2001-02-01T00:00:00.000Z/r0`;
  const windows = await run('ls', 'windows', project);
  expect(windows.stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^window +version +rows +truths +bias/),
    expect.stringMatching(new RegExp(`^${window} +1 +280 +280 .* below .* bias: fired$`)),
  ]);
  expect(await notice(`${project}: the rollout of ${project}@1 ended as deployed`)).toMatchObject({
    kind: 'rollout-deployed',
  });
  const triggers = await run('ls', 'triggers', project);
  expect(triggers.stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^trigger +on +outcome +cycle/),
    expect.stringMatching(new RegExp(`^${window}/bias +bias +fired +${project}/2 `)),
  ]);
  expect((await run('show', `window/${project}/2001-02-01`)).stdout).toMatch(/\nTriggers\n +on .*\n +bias .* fired/);
  const lineage = await run('lineage', `cycle/${project}/2`, '--depth', '1');
  expect(lineage.stdout).toContain(`\n  was caused by window/${window} `);
  expect(lineage.stdout).toContain(`\n  asked request/${project}/2\n`);
});

test('apply: a changed definition takes effect with the next cycle, which --supersede begins at once', async () => {
  const oneStep = { name: 'all', share: 1, shadow: false, for: { event: '1 day' } } as const;
  const changed: ProjectDefinition = { ...definition, rollout: { ...definition.rollout, steps: [oneStep] } };
  const file = join(system.folder, 'changed.json');
  await writeFile(file, JSON.stringify(changed));
  const applied = await json('apply', file, '--by', 'dan');
  expect(applied).toMatchObject({ project, outcome: 'accepted', by: 'dan', definition: digestOf(changed) });
  expect((await lifecycles.cycle(project, 2, 'waiting')).definition.digest).toBe(digestOf(definition));

  const plain = await run('retrain', project, '--as-of', '2001-02-14', '--by', 'dan');
  expect(plain.code).toBe(0);
  await lifecycles.cycle(project, 2, 'waiting');
  const superseding = await run('retrain', project, '--as-of', '2001-02-15', '--by', 'dan', '--supersede');
  expect(superseding).toMatchObject({ code: 0, stderr: '' });
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'superseded' });
  const next = await lifecycles.cycle(project, 3, 'waiting');
  expect(next.definition.digest).toBe(digestOf(changed));
  expect([next.asOf, next.causes.map(({ by }) => by)]).toEqual(['2001-02-15T00:00:00Z', ['dan', 'dan']]);

  // What approvers read, in the Temporal UI and by the command, is what the record has.
  const { workflowId, evidence, subject } = await lifecycles.request(project, 3);
  const changes = evidence.filter((line) => line.startsWith('changed since the champion’s definition: '));
  // A line for each step that goes, and for the one that comes.
  const steps = definition.rollout.steps.length + 1;
  expect(changes).toEqual(Array(steps).fill(expect.stringContaining('rollout.steps')));
  for (const start of ['worst day of ', 'calibration error ', 'mean probability ', 'no row was quarantined'])
    expect(evidence).toContainEqual(expect.stringContaining(start));
  const details = await eventually('the page', async () => (await lifecycles.seen(workflowId)).details || undefined);
  for (const line of evidence) expect(details).toContain(`\n- ${line}\n`);
  const shown = await json<{ subject: typeof subject; evidence: string[] }>('show', `request/${project}/3`);
  expect(shown).toMatchObject({ subject, evidence });
  const digests = Object.entries(subject.digests).map(([name, digest]) => `- ${name} \`${digest}\``);
  expect(digests).toHaveLength(5);
  for (const line of digests) expect(details).toContain(line);

  const unknown = join(system.folder, 'unknown.json');
  await writeFile(unknown, JSON.stringify({ ...changed, name: `other-${randomUUID().slice(0, 8)}` }));
  const nobody = await run('apply', unknown, '--by', 'dan');
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toMatch(/^mlops: MLOPS_UNKNOWN_PROJECT: .*\n$/);
});

test('rollback: the version that was live before answers again, and its rollout is listed', async () => {
  await approve(3);
  await eventually('the only step’s clock', async () => {
    const endpoint = await raw(system.stores).endpoints.findOne({ _id: project });
    return endpoint?.rollout.stepName === 'all' ? endpoint.rollout.until : undefined;
  });
  for (const day of ['2001-02-10', '2001-02-11']) await serveLateFlights(replica.address, project, day);
  await lifecycles.cycle(project, 3, 'finished');
  const champion = async () => (await json<{ records: { champion: number } }>('status', project)).records.champion;
  expect(await champion()).toBe(3);
  const back = await run('rollback', project, '--by', 'dan');
  expect(back).toMatchObject({ code: 0, stderr: '' });
  await eventually('version 1 answers again', async () => ((await champion()) === 1 ? true : undefined));
  const rollouts = await json<{ kind: string; served: { number: number } }[]>('ls', 'rollouts', project);
  expect(rollouts.map(({ kind, served }) => [kind, served.number])).toEqual([
    ['rollout', 1],
    ['rollout', 3],
    ['rollback', 1],
  ]);
  expect(await notice(`${project}: the rollback to ${project}@1 ended as deployed`)).toMatchObject({
    kind: 'rollout-deployed',
  });
  const never = await run('rollback', project, '--to', '2', '--by', 'dan');
  expect([never.code, never.stderr]).toEqual([1, expect.stringMatching(/refused: version 2 was never live\n$/)]);
  const versions = await run('ls', 'versions', project);
  expect(versions.stdout).toMatch(new RegExp(`\\n${project}@3 +retired `));
});

test('deploy: an approved version that is not live, while the champion is the one it was compared with', async () => {
  const deploy = (number: number) => run('deploy', `${project}@${number}`, '--by', 'dan');
  const refused = async (number: number) => (await deploy(number)).stderr;
  // Version 2 was superseded before anybody approved it.
  expect(await refused(2)).toMatch(/refused: .*No request about this version is recorded as approved/);
  expect(await refused(1)).toMatch(/refused: .*The version is live/);
  expect(await refused(9)).toMatch(/refused: .*9/);

  const request = { _id: `${project}/3` };
  const { requests } = raw(system.stores);
  const { closedAt } = (await requests.findOne(request))!;
  const monthsAgo = new Date(Date.now() - 31 * 86_400_000).toISOString();
  await requests.updateOne(request, { $set: { closedAt: monthsAgo } });
  expect(await refused(3)).toMatch(/refused: .*Its approval was valid for 30 days, until /);
  await requests.updateOne(request, { $set: { closedAt: closedAt! } });

  const deployed = await deploy(3);
  expect(deployed).toMatchObject({ code: 0, stderr: '' });
  expect(deployed.stdout).toContain(`rolls ${project}@3 out`);
  await eventually('its step’s clock', async () => {
    const endpoint = await raw(system.stores).endpoints.findOne({ _id: project });
    return endpoint?.candidate?.number === 3 && endpoint.rollout.until !== undefined ? true : undefined;
  });
  for (const day of ['2001-02-12', '2001-02-13']) await serveLateFlights(replica.address, project, day);
  const champion = async () => (await json<{ records: { champion: number } }>('status', project)).records.champion;
  await eventually('version 3 is live', async () => ((await champion()) === 3 ? true : undefined));
  // Version 1 was compared with no champion at all.
  expect(await refused(1)).toMatch(/refused: .*The champion is not the one that the version was compared with/);
});
