/** The lifecycle on the real servers, with a hundredth of the flights: from the start to an approved model that answers. */
import { randomUUID } from 'node:crypto';
import { decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId } from '../../src/domain/ids';
import type { CycleDocument } from '../../src/domain/records';
import type { Replica } from '../../src/replica/run-replica';
import { eventually } from '../support/eventually';
import { cycleIn } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let replica: Replica;
let definition: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('lifecycle');
  project = system.name.slice(0, 40);
  definition = smallProject(project, await writeSmallFlights(system.folder));
  await system.startWorker();
  replica = await startReplica(system, project);
});
afterAll(async () => {
  await system.client.stop(project, { id: randomUUID(), by: 'operator' }).catch(() => undefined);
  await replica.close();
  await system.close();
});

const by = (person: string) => ({ id: randomUUID(), by: person });
const cycle = (number: number, state: CycleDocument['state']) => cycleIn(system, { project, number, state });
const request = (number: number) =>
  eventually(
    `request ${number}`,
    async () => (await raw(system.stores).requests.findOne({ _id: `${project}/${number}` })) ?? undefined
  );
const approve = async (number: number, person: string) => {
  const open = await request(number);
  return system.client.decide(open._id, { ...by(person), verdict: 'approve', digest: decidedDigest(open.subject) });
};

test('the first cycle ends deployed once an approver has approved', async () => {
  expect(await system.client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem' })).toMatchObject({
    outcome: 'accepted',
  });
  expect(await approve(1, 'ana')).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await cycle(1, 'finished')).toMatchObject({ outcome: 'deployed', asOf: '2001-02-01T00:00:00Z' });
  const alias = await raw(system.stores).aliases.findOne({ _id: `${project}/champion` });
  expect(alias).toMatchObject({ number: 1 });
});

test('the endpoint answers with the approved bytes', async () => {
  const input = (name: string, datatype: string, value: unknown) => ({ name, shape: [1], datatype, data: [value] });
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'first',
      parameters: { eventTime: '2001-02-01T12:00:00Z' },
      inputs: [
        input('date', 'INT64', Date.parse('2001-02-01T12:00:00Z') * 1000),
        input('distance', 'INT64', 300),
        input('origin', 'BYTES', 'ORD'),
        input('destination', 'BYTES', 'SFO'),
      ],
    }),
  });
  expect(answer.status).toBe(200);
  const body = (await answer.json()) as { outputs: { name: string; data: number[] }[] };
  const probability = body.outputs.find((output) => output.name === 'probability')?.data[0];
  expect(probability).toBeGreaterThan(0);
  expect(probability).toBeLessThan(1);
});

test('what each phase made is there, with its lineage', async () => {
  const { refs } = await cycle(1, 'finished');
  expect(Object.keys(refs).sort()).toEqual([
    ...['evaluation', 'featureSet', 'labelSet', 'report', 'run', 'snapshot', 'version'],
  ]);
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  expect(version.body.trainRows).toBeGreaterThan(3000);
  const edges = await raw(system.stores)
    .db.collection('edges')
    .find({ from: `version:${version._id}` })
    .toArray();
  expect(edges.map((edge) => edge.to)).toEqual(
    expect.arrayContaining([`run:${refs.run?.id}`, `snapshot:${refs.snapshot?.id}`, version.body.model.digest])
  );
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});

test('the same question again ends as nothing new, without asking anyone', async () => {
  expect(await system.client.retrain(project, { ...by('ana'), asOf: '2001-02-01T00:00:00Z' })).toMatchObject({
    outcome: 'accepted',
  });
  expect(await cycle(2, 'finished')).toMatchObject({
    outcome: 'nothing new',
  });
  expect(await raw(system.stores).requests.countDocuments({ project })).toBe(1);
});

test('a second start of the project is refused', async () => {
  expect(await system.client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem' })).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('running already') as unknown,
  });
});

test('the same message id gets the same answer and counts once', async () => {
  const message = by('ana');
  expect(await system.client.pause(project, message)).toMatchObject({ outcome: 'accepted' });
  expect(await system.client.pause(project, message)).toMatchObject({ outcome: 'accepted' });
  expect(await system.client.pause(project, by('ana'))).toMatchObject({
    outcome: 'refused',
    reason: 'it is paused already',
  });
});

test('paused, a trigger waits; unpaused, the cycle runs on the rows that became known since', async () => {
  await system.client.retrain(project, { ...by('ana'), asOf: '2001-03-08T00:00:00Z' });
  expect(await system.client.status(project)).toMatchObject({
    paused: true,
    cycle: 2,
    pendingTriggers: [{ asOf: '2001-03-08T00:00:00Z' }],
  });
  await system.client.unpause(project, by('ana'));
  expect(await cycle(3, 'waiting')).toMatchObject({ phase: 'approve' });
  const { refs } = await cycle(3, 'waiting');
  const snapshot = await system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id });
  expect(snapshot.body.batches).toHaveLength(2);
  expect(snapshot.body.batches[1]).toMatchObject({ after: '2001-02-01T00:00:00Z', asOf: '2001-03-08T00:00:00Z' });
});

test('who triggered the cycle can’t approve it', async () => {
  expect(await approve(3, 'ana')).toMatchObject({ outcome: 'refused', code: 'own-work' });
});

test('triggers during a cycle merge into the next, and supersede closes the open request', async () => {
  const at = { asOf: '2001-03-15T00:00:00Z' };
  await system.client.retrain(project, { ...by('ben'), ...at });
  await system.client.retrain(project, { ...by('cem'), ...at, supersede: true });
  expect(await cycle(3, 'finished')).toMatchObject({ outcome: 'superseded' });
  const next = await cycle(4, 'waiting');
  expect(next.causes.map((cause) => cause.by)).toEqual(['ben', 'cem']);
  expect(await request(4)).toMatchObject({ state: 'open', authors: ['ben', 'cem'] });
});

test('stop closes the open request and ends the lifecycle', async () => {
  await system.client.stop(project, by('operator'));
  const ended = await system.client.temporal.workflow.getHandle(lifecycleId(project)).result();
  expect(ended).toEqual({ ended: 'stopped by operator' });
  expect(await cycle(4, 'finished')).toMatchObject({ outcome: 'stopped' });
  expect(await raw(system.stores).requests.findOne({ _id: `${project}/4` })).toMatchObject({ state: 'superseded' });
});
