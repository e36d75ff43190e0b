/** A definition that says otherwise which rows there are begins a snapshot anew: old shards don't fit it. */
import type { ProjectDefinition } from '../../src/domain/definition';
import type { SnapshotBody } from '../../src/domain/records';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let first: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('apply');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  await system.startWorker();
  first = lifecycles.define();
  project = await lifecycles.start(first);
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

/** The definition, applied while the cycle before waits for its approver, and the snapshot of the next cycle. */
async function snapshotAfter(applied: ProjectDefinition, cycle: number, asOf: string): Promise<SnapshotBody> {
  await lifecycles.request(project, cycle - 1);
  expect(await system.client.apply(applied, by('dan'))).toMatchObject({ outcome: 'accepted' });
  await system.client.retrain(project, { ...by('ben'), asOf });
  await lifecycles.decide(project, cycle - 1, 'reject');
  const { refs } = await lifecycles.cycle(project, cycle, 'waiting');
  return (await system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id })).body;
}

test('one that changes no row adds a batch to the snapshot that there is', async () => {
  const before = await snapshotOf(1);
  const body = await snapshotAfter({ ...first, objective: { task: 'binary', decisionThreshold: 0.5 } }, 2, MARCH);
  expect(body.batches.map(({ after, asOf }) => [after, asOf])).toEqual([
    [null, FEBRUARY],
    [FEBRUARY, MARCH],
  ]);
  // Under the applied definition, on the same shards and new ones beside them.
  const version = await system.stores.facts.find('version', `${project}/2`);
  expect(version!.body.task).toEqual({ kind: 'binary', decisionThreshold: 0.5 });
  expect(body.shards.slice(0, before.shards.length)).toEqual(before.shards);
  expect(body.batches[0]).toEqual(before.batches[0]);
  expect(body.batches[1]!.added).toBeGreaterThan(0);
  expect(body.rows).toBe(before.rows + body.batches[1]!.added);
});

let wider: ProjectDefinition;

test('with one more column, all rows are taken again and have it', async () => {
  wider = {
    ...first,
    source: { ...first.source, columns: { ...first.source.columns, region: { type: 'string' } } },
    features: [...first.features, { transform: 'oneHot', column: 'region', minCount: 10 }],
  };
  const body = await snapshotAfter(wider, 3, '2001-03-08T00:00:00Z');
  expect(body.columns).toHaveProperty('region');
  expect(body.parent).toBeUndefined();
  expect(body.batches.map(({ after, asOf }) => [after, asOf])).toEqual([[null, '2001-03-08T00:00:00Z']]);
});

test('with another file, no row of the former one is left', async () => {
  const path = await writeSmallFlights(system.folder, 500, 'other.parquet');
  const other = { ...wider, source: { ...wider.source, reader: { file: { path, format: 'parquet' as const } } } };
  const body = await snapshotAfter(other, 4, '2001-03-15T00:00:00Z');
  expect(body.batches).toHaveLength(1);
  expect(body.batches[0]).toMatchObject({ after: null });
  expect(body.files.map((file) => file.path)).toEqual([path]);
});

test('with narrower bounds, rows that were taken before are held to them', async () => {
  const { rows } = await snapshotOf(4);
  const columns = wider.schema.columns.map((rule) => (rule.column === 'delay' ? { ...rule, max: 200 } : rule));
  const path = `${system.folder}/other.parquet`;
  const narrower = {
    ...wider,
    source: { ...wider.source, reader: { file: { path, format: 'parquet' as const } } },
    schema: { ...wider.schema, columns },
  };
  const body = await snapshotAfter(narrower, 5, '2001-03-15T00:00:00Z');
  expect(body.rows).toBeLessThan(rows);
  expect(body.batches[0]?.quarantined).toBe(rows - body.rows);
});

async function snapshotOf(cycle: number): Promise<SnapshotBody> {
  const { refs } = await lifecycles.cycle(project, cycle, 'waiting');
  return (await system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id })).body;
}
