/** A project that learns from rows with feature views: trained, evaluated, and traced to the history's snapshot, cycle after cycle. */
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Fact } from '../../src/domain/records';
import { duckdbQuery } from '../support/duckdb-query';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let file: string;

beforeAll(async () => {
  system = await openSystem('views');
  file = await writeSmallFlights(system.folder, 1000);
  lifecycles = new Lifecycles(system, file);
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

function withViews(values: Readonly<Record<string, string>> = { meanDelay: 'avg(delay)' }): ProjectDefinition {
  const { source, ...rest } = lifecycles.define();
  return {
    ...rest,
    sources: { flights: { ...source, name: 'flights' } },
    views: {
      landings: {
        ...{ from: 'flights', entity: ['origin'], clock: 'knownAt', values, whenOld: 'missing' },
        ...{ window: { event: '3 days' }, ttl: { event: '3 days' } },
      },
      departures: {
        ...{ from: 'flights', entity: ['origin'], clock: 'eventTime', whenOld: 'missing' },
        values: { departures: 'count(*)' },
      },
    },
    source: {
      ...source,
      name: 'flights-with-views',
      reader: { join: { rows: 'flights', views: ['landings', 'departures'] } },
      columns: { ...source.columns, meanDelay: { type: 'number' }, departures: { type: 'integer' } },
    },
    features: [
      ...rest.features,
      { transform: 'standardize', column: 'meanDelay' },
      { transform: 'standardize', column: 'departures' },
    ],
  };
}

async function snapshotOf(project: string, cycle: number): Promise<Fact<'snapshot'>> {
  const { refs } = await lifecycles.cycle(project, cycle, 'waiting');
  return system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id });
}

/** By the file itself: of each flight what its origin's flights said before it. */
async function expectedMeans(asOf: string): Promise<readonly unknown[]> {
  const rows = `(SELECT *, date + to_microseconds(round((35 + distance / 7.67) * 60e6)::BIGINT) AS landed
    FROM read_parquet('${file}') WHERE delay BETWEEN -120 AND 2000)`;
  const [found] = await duckdbQuery(
    `WITH f AS (FROM ${rows} WHERE landed <= TIMESTAMP '${asOf}'),
       last AS (SELECT f.date, f.origin, max(h.landed) AS at FROM f LEFT JOIN f h ON h.origin = f.origin AND h.landed < f.date GROUP BY ALL),
       means AS (SELECT last.date, last.origin, avg(h.delay) AS mean FROM last LEFT JOIN f h ON h.origin = last.origin
         AND h.landed <= last.at AND h.landed > last.at - INTERVAL 3 DAY AND last.at >= last.date - INTERVAL 3 DAY GROUP BY ALL)
     SELECT count(*), count(mean), round(sum(mean), 6) FROM f JOIN means USING (date, origin)`
  );
  return found!;
}

test('rows are joined with what was known before them, trained, evaluated, and traced to the history', async () => {
  const project = await lifecycles.start(withViews(), FEBRUARY);
  const request = await lifecycles.request(project, 1);
  expect(request.subject.kind).toBe('version');
  const first = await snapshotOf(project, 1);
  expect(first.body).toMatchObject({ source: 'flights-with-views', eventTime: 'date' });
  const [history] = await Promise.all(
    first.inputs
      .filter(({ kind }) => kind === 'snapshot')
      .map(({ id }) => system.stores.facts.get({ kind: 'snapshot', id }))
  );
  expect(history!.body).toMatchObject({ source: 'flights', rows: first.body.rows });
  expect(first.body.batches[0]!.account).toMatchObject({ inSnapshot: first.body.rows });
  const { meanDelay } = first.body.profile;
  const [rows, means] = (await expectedMeans(FEBRUARY)).map(Number);
  expect(first.body.rows).toBe(rows);
  expect(meanDelay).toMatchObject({ missing: rows! - means! });

  // What lands later changes no row of before, but those whose neighbours were still in the air.
  await system.client.retrain(project, { ...by('ben'), asOf: MARCH });
  await lifecycles.decide(project, 1, 'reject');
  const second = await snapshotOf(project, 2);
  expect(second.body.parent?.id).toBe(first._id);
  expect(second.body.batches[1]!.withdrawn + second.body.batches[1]!.replaced).toBeLessThan(5);
});

test('a value that is not an aggregate waits for a person, and says so', async () => {
  const project = await lifecycles.start(withViews({ meanDelay: 'delay' }));
  const { failure } = await lifecycles.cycle(project, 1, 'failed');
  expect(failure).toMatch(/MLOPS_SQL_REFUSED: .*not a call of one of.*view=landings, value=meanDelay/);
});
