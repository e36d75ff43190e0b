/** Where all rows are taken anew, what is new in them is asked about as ever: people can't be got around. */
import type { ProjectDefinition } from '../../src/domain/definition';
import type { ApprovalRequest } from '../../src/domain/approval';
import { lifecycleId } from '../../src/domain/ids';
import type { Fact } from '../../src/domain/records';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { askingAboutRegions, writeRegions } from '../support/regions';
import { openSystem, type TestSystem } from '../support/system';

const JANUARY = '2001-01-20T00:00:00Z';

let system: TestSystem;
let lifecycles: Lifecycles;
let worker: { stop(): Promise<void> };
let project: string;
let definition: ProjectDefinition;

beforeAll(async () => {
  system = await openSystem('taken-anew');
  lifecycles = new Lifecycles(system, 'flights.parquet');
  worker = await system.startWorker();
  definition = askingAboutRegions(lifecycles, 'flights.parquet');
  await writeRegions(system, 'flights.parquet', ['Mars']);
  project = await lifecycles.start(definition, FEBRUARY);
  await lifecycles.decide(project, 1, 'reject');
  await lifecycles.cycle(project, 1, 'finished');
});
afterAll(async () => {
  await lifecycles.end();
  await worker.stop();
  await system.close();
});

const retrain = (asOf: string) => system.client.retrain(project, { ...by('cem'), asOf });

async function snapshotOf(number: number): Promise<Fact<'snapshot'>> {
  const cycle = await raw(system.stores).cycles.findOne({ _id: `${project}/${number}` });
  return system.stores.facts.get({ kind: 'snapshot', id: cycle!.refs.snapshot!.id });
}

/** Asked about, and decided. The batch has no parent: it was judged beside what people let in with that cycle. */
async function asked(number: number, letIn: number, verdict: 'approve' | 'reject'): Promise<ApprovalRequest> {
  const request = await lifecycles.request(project, `schema-${number}`);
  await lifecycles.decide(project, `schema-${number}`, verdict);
  if (verdict === 'approve') await lifecycles.decide(project, number, 'reject');
  expect(await lifecycles.cycle(project, number, 'finished')).toMatchObject({ outcome: 'rejected' });
  const { body } = await snapshotOf(number);
  expect(body).not.toHaveProperty('parent');
  expect(body.judgedBeside?.id).toBe((await snapshotOf(letIn))._id);
  return request;
}

test('a batch that was rejected is asked about after a stop and a start, of an earlier day, and under other rules', async () => {
  await retrain(MARCH);
  const first = await lifecycles.request(project, 'schema-2');
  await lifecycles.decide(project, 'schema-2', 'reject');
  await lifecycles.cycle(project, 2, 'finished');

  await system.client.stop(project, by('dan'));
  await lifecycles.handle(lifecycleId(project)).result();
  await lifecycles.start(definition, MARCH);
  // The first one of this lifecycle, which knows no parent; of the project it is the third.
  const again = await asked(3, 1, 'approve');
  expect(again.subject.digests.change).toBe(first.subject.digests.change);

  await writeRegions(system, 'flights.parquet', ['Ceres'], '2001-01-05');
  await retrain(JANUARY);
  expect((await asked(4, 3, 'reject')).evidence[0]).toMatch(/the newest batch has 1, such as `Ceres`/);

  const { schema } = definition;
  const columns = schema.columns.map((rule) => (rule.column === 'distance' ? { ...rule, min: 2 } : rule));
  await system.client.apply({ ...definition, schema: { ...schema, columns } }, by('cem'));
  await retrain(MARCH);
  expect((await asked(5, 3, 'reject')).evidence[0]).toMatch(/the newest batch has 1, such as `Ceres`/);
});
