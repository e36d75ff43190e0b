/** A client whose own task queue is another one reaches a project's worker: it asks where the project's lifecycle runs. */
import { MlopsClient } from '../../src/client';
import { decidedDigest } from '../../src/domain/approval';
import { planOf } from '../../src/domain/plan';
import { mlopsJson } from '../cli/mlops';
import { by, FEBRUARY, Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let project: string;
/** Nobody polls its own queue. */
let client: MlopsClient;

beforeAll(async () => {
  system = await openSystem('other-queue');
  await system.startWorker();
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  project = await lifecycles.start(lifecycles.define());
  client = await MlopsClient.connect({ client: system.client.temporal, taskQueue: `${system.taskQueue}-nobody` });
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('it decides, with a run of the request and without one', async () => {
  const { _id, subject } = await lifecycles.request(project, 1);
  const decision = { ...by('ana'), verdict: 'reject', digest: decidedDigest(subject) } as const;
  expect(await client.decide(_id, decision)).toMatchObject({ outcome: 'accepted', state: 'rejected' });
  await lifecycles.cycle(project, 1, 'finished');
  expect(await client.decide(_id, { ...decision, ...by('ben') })).toMatchObject({ outcome: 'refused' });
});

test('it asks for the status, operates and evaluates', async () => {
  expect((await client.status(project)).last).toBeDefined();
  expect(await client.pause(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  const { _id: id, digest, body } = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  const { definition } = (await system.stores.facts.get(body.definition)).body;
  const evaluated = await client.evaluate({
    project,
    definition: body.definition,
    plan: planOf(definition),
    searchAttributes: false,
    asOf: FEBRUARY,
    version: { kind: 'version', id, digest },
  });
  expect(evaluated.evaluation.kind).toBe('evaluation');
});

test('a new project starts on its own queue, where it says that nobody is', async () => {
  const definition = lifecycles.define();
  await expect(client.start({ definition, asOf: FEBRUARY, by: 'cem' })).rejects.toMatchObject({
    code: 'MLOPS_NO_WORKER',
    where: { queue: `${system.taskQueue}-nobody` },
  });
});

test('mlops status, too, asks the queue of the project', async () => {
  const elsewhere = { ...system.env, MLOPS_TASK_QUEUE: `${system.taskQueue}-nobody` };
  expect(JSON.stringify(await mlopsJson(['status', project], elsewhere))).not.toContain('nobody');
});
