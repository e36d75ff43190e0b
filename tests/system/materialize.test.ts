/** Feature views on the real servers: materialized by a workflow, and read at an endpoint to the bit as in the rows that train. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { materializeId } from '../../src/domain/ids';
import type { LineageNode } from '../../src/records/lineage';
import type { Replica } from '../../src/replica/run-replica';
import { findPrediction } from '../../src/stores/predictions';
import { viewsOfProject } from '../../src/stores/view-values';
import { mlops, mlopsJson } from '../cli/mlops';
import { startAttacker } from '../support/attacker';
import { duckdbQuery } from '../support/duckdb-query';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker } from '../support/worker-process';
import type { ForgedMaterialization } from './attacking-workflows';

const VALUES = ['meanDelay', 'flown', 'farthest'] as const;

let system: TestSystem;
let lifecycles: Lifecycles;
let serving: FollowingReplica;
let replica: Replica;
let worker: { stop(): Promise<void> };
let project: string;

function withViews(): ProjectDefinition {
  const { source, features, ...rest } = lifecycles.define();
  return {
    ...rest,
    sources: { flights: { ...source, name: 'flights' } },
    views: {
      lately: {
        from: 'flights',
        entity: ['origin'],
        clock: 'knownAt',
        window: { event: '5 days' },
        ttl: { event: '10 days' },
        values: { meanDelay: 'avg(delay / 7)', flown: 'count(*)' },
        whenOld: 'missing',
      },
      far: {
        from: 'flights',
        entity: ['origin', 'destination'],
        clock: 'knownAt',
        values: { farthest: 'max(distance)' },
        whenOld: 'missing',
      },
    },
    source: {
      ...source,
      name: 'joined-flights',
      reader: { join: { rows: 'flights', views: ['lately', 'far'] } },
      columns: {
        ...source.columns,
        meanDelay: { type: 'number' },
        flown: { type: 'integer' },
        farthest: { type: 'integer' },
      },
    },
    features: [...features, ...VALUES.map((column) => ({ transform: 'standardize' as const, column }))],
  };
}

beforeAll(async () => {
  system = await openSystem('materialize');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  worker = await system.startWorker();
  project = await lifecycles.start(withViews(), MARCH);
  serving = followingReplica(system.stores, project);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  replica = await startReplica(system, project);
});
afterAll(async () => {
  await system.client.unscheduleMaterialize(project);
  await replica?.close();
  await serving?.stop();
  await lifecycles.end();
  await system.close();
});

/** Rows of what trained, some of each part of February, in the order of their event times: no two of one instant. */
async function joinedRows(): Promise<{ at: Date; origin: string; destination: string; values: unknown[] }[]> {
  const { refs } = await lifecycles.cycle(project, 1, 'finished');
  const { body, artifacts } = await system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id });
  const paths = await Promise.all(
    body.shards.map(async ({ name }) => {
      const path = join(system.folder, `${name}-${randomUUID()}.parquet`);
      await system.stores.artifacts.download(artifacts.find((each) => each.name === name)!.digest, path);
      return `'${path}'`;
    })
  );
  const rows = await duckdbQuery(
    `SELECT epoch_ms(date), origin, destination, ${VALUES.join(', ')} FROM read_parquet([${paths.join(', ')}])
     WHERE date >= '2001-02-01' AND "meanDelay" IS NOT NULL AND farthest IS NOT NULL
     QUALIFY row_number() OVER (PARTITION BY date::DATE ORDER BY date, origin, destination) = 1 ORDER BY date LIMIT 6`
  );
  return rows.map(([at, origin, destination, ...values]) => ({
    at: new Date(Number(at)),
    origin: String(origin),
    destination: String(destination),
    values: values.map((value) => (typeof value === 'bigint' ? Number(value) : value)),
  }));
}

async function infer(id: string, at: Date, origin: string, destination: string): Promise<Record<string, unknown>> {
  const tensor = (name: string, datatype: string, value: unknown) => ({ name, shape: [1], datatype, data: [value] });
  const body = {
    id,
    parameters: { eventTime: at.toISOString() },
    inputs: [
      tensor('date', 'INT64', at.getTime() * 1_000),
      tensor('distance', 'INT64', 500),
      tensor('origin', 'BYTES', origin),
      tensor('destination', 'BYTES', destination),
    ],
  };
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const given = (await answer.json()) as Record<string, unknown>;
  expect([answer.status, given]).toEqual([200, expect.anything()]);
  return given;
}

const values = () =>
  raw(system.stores)
    .db.collection('viewValues')
    .find({}, { projection: { moment: 1, values: 1 } })
    .sort({ _id: 1 })
    .toArray();
const records = async () => [await viewsOfProject(system.stores, project), await values()];
const recorded = (id: string) =>
  eventually(`${id} is stored`, async () => (await findPrediction(system.stores, project, id))?.record);

test('an entity at a moment has the same values at the endpoint and in the rows that trained, to the bit', async () => {
  const rows = await joinedRows();
  expect(rows.length).toBe(6);
  for (const [number, { at, origin, destination, values }] of rows.entries()) {
    const asOf = new Date(at.getTime() - 1).toISOString();
    const { views } = await system.client.materialize({ project, asOf });
    expect(views.map(({ view, overtaken }) => [view, overtaken])).toEqual([
      ['lately', undefined],
      ['far', undefined],
    ]);
    await infer(`parity-${number}`, at, origin, destination);
    const { inputs, views: marks } = await recorded(`parity-${number}`);
    expect(VALUES.map((name) => inputs[name])).toEqual(values);
    expect(marks).toMatchObject({ lately: { gave: ['flown', 'meanDelay'] }, far: { gave: ['farthest'] } });
  }
  expect(rows.some(({ values }) => !Number.isInteger(values[0]))).toBe(true);
});

test('an earlier moment changes nothing, the same one again neither; a moment to come is refused', async () => {
  await system.client.materialize({ project, asOf: MARCH });
  const before = await values();
  expect(before.length).toBeGreaterThan(100);
  await system.client.materialize({ project, asOf: MARCH });
  const { views } = await system.client.materialize({ project, asOf: '2001-02-01T00:00:00Z' });
  expect(views.map(({ overtaken }) => overtaken)).toEqual([true, true]);
  expect(await values()).toEqual(before);
  const [view] = await viewsOfProject(system.stores, project);
  // It grew the cycle's own snapshot of the history, which is newer than the one that it was materialized of before.
  const { refs } = await lifecycles.cycle(project, 1, 'finished');
  const joined = await system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id });
  const { body } = await system.stores.facts.get(view!.snapshot);
  expect(joined.inputs.map(({ id }) => id)).toEqual([body.parent!.id]);
  expect(view).toMatchObject({ asOf: new Date(MARCH).toISOString(), done: { entities: expect.any(Number) as number } });
  await expect(system.client.materialize({ project, asOf: '2999-01-01T00:00:00Z' })).rejects.toMatchObject({
    code: 'MLOPS_MESSAGE_INVALID',
  });
});

test('a view is in the lineage of the history’s snapshot that it was made of', async () => {
  const [view] = await viewsOfProject(system.stores, project);
  const lineage = ['lineage', `snapshot/${view!.snapshot.id}`];
  const { down } = (await mlopsJson(lineage, system.env)) as { readonly down: LineageNode };
  expect(down.children).toContainEqual({ node: `view:${view!._id}`, relation: 'was materialized as', children: [] });
});

test('a view is written from what the run itself observed and ingested, by its history, and from nothing else', async () => {
  const attacker = await startAttacker(system);
  try {
    const { definition } = await lifecycles.cycle(project, 1, 'finished');
    const forge = (where: ForgedMaterialization['where']) =>
      system.client.temporal.workflow.execute('materializeForged', {
        workflowId: materializeId(project, randomUUID()),
        taskQueue: attacker.taskQueue,
        args: [
          {
            where,
            project,
            definition,
            view: 'far',
            source: 'flights',
            asOf: MARCH,
            later: '2001-03-02T00:00:00.000Z',
            taskQueue: system.taskQueue,
          } satisfies ForgedMaterialization,
        ],
      });
    const before = await records();
    for (const where of ['observation', 'observe', 'ingest', 'parent'] as const)
      expect([where, await forge(where)]).toEqual([where, 'MLOPS_NOT_AUTHORIZED']);
    expect(await records()).toEqual(before);
    // So it is the forgery alone that is refused.
    expect(await forge('none')).toBe('done');
  } finally {
    await attacker.stop();
  }
});

test('values beyond their TTL are removed; by the command, with a schedule', async () => {
  const lately = () =>
    raw(system.stores)
      .db.collection('viewValues')
      .countDocuments({ view: /\/lately\// });
  expect(await lately()).toBeGreaterThan(10);
  const json = (await mlopsJson(['materialize', project], system.env)) as { readonly views: readonly object[] };
  expect(json.views).toMatchObject([{ view: 'lately', entities: 0 }, { view: 'far' }]);
  expect(await lately()).toBe(0);
  expect(await mlopsJson(['materialize', project, '--every', '1 hour'], system.env)).toMatchObject({
    scheduled: true,
    everyMs: 3_600_000,
  });
  expect(await mlopsJson(['materialize', project, '--off'], system.env)).toEqual({ scheduled: false });
  const nowhere = await mlops(['materialize', `${project}-x`, '--every', '1 hour'], system.env);
  expect(nowhere.stderr).toMatch(/MLOPS_UNKNOWN_PROJECT/);
  expect(await system.client.materializeSchedule(`${project}-x`)).toBeUndefined();
});

test('a worker that dies after a batch, and one that dies before it has said that all is written, leave the same values', async () => {
  const before = await values();
  await worker.stop();
  const dying = spawnWorker(system, { crashAt: 'view:batch-written' });
  await dying.ready;
  const materialized = system.client.materialize({ project });
  expect(await dying.ended).toBe('SIGKILL');
  expect(await spawnWorker(system, { crashAt: 'view:completed' }).ended).toBe('SIGKILL');
  // It ends the lifecycle, too.
  worker = await system.startWorker();
  expect((await materialized).views).toMatchObject([{ view: 'lately' }, { view: 'far' }]);
  expect(await values()).toEqual(before);
  expect((await viewsOfProject(system.stores, project)).every(({ done }) => done !== undefined)).toBe(true);
});
