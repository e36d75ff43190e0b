/** A project that learns from what a statement makes of two sources: cycle after cycle, with lineage through it. */
import { randomUUID } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Fact, RowAccount } from '../../src/domain/records';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { madeOfSnapshots } from '../../src/domain/made-of';
import { refOf } from '../../src/stores/facts';
import { openSystem, type TestSystem } from '../support/system';
import { mlopsJson } from '../cli/mlops';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('prepared');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

/** Wind in Chicago from January on, hour 12 of each day; from `stronger` on it was measured anew. */
async function writeWeather(stronger = 366): Promise<void> {
  const rows = Array.from({ length: 90 }, (_, day) => {
    const time = new Date(Date.UTC(2001, 0, 1 + day, 12)).toISOString();
    return `${time},ORD,${day >= stronger ? 50 : day % 7}`;
  });
  await writeFile(join(system.folder, 'weather.csv'), `time,station,wind\n${rows.join('\n')}\n`);
}

function withWeather(changes: Partial<ProjectDefinition> = {}): ProjectDefinition {
  const { source, ...rest } = lifecycles.define(changes);
  return {
    ...rest,
    sources: {
      flights: { ...source, name: 'flights' },
      weather: {
        ...source,
        name: 'weather',
        reader: { file: { path: 'weather.csv', format: 'csv', csv: CSV } },
        columns: { time: { type: 'timestamp' }, station: { type: 'string' }, wind: { type: 'number' } },
        key: ['time', 'station'],
        eventTime: 'time',
        knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
      },
    },
    source: {
      ...source,
      name: 'windy-flights',
      reader: {
        sql: {
          from: ['flights', 'weather'],
          statement: `SELECT f.__key::VARCHAR AS id, f.date, f.delay, f.distance, f.origin, f.destination, w.wind
            FROM flights f ASOF LEFT JOIN weather w ON f.origin = w.station AND f.date >= w.time`,
        },
      },
      key: ['id'],
      columns: { ...source.columns, id: { type: 'string' }, wind: { type: 'number' } },
    },
    features: [...rest.features, { transform: 'standardize', column: 'wind' }],
  };
}

interface Accounted {
  readonly source: string;
  readonly account: RowAccount;
}

const CSV = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  encoding: 'utf-8',
  decimal: '.',
  header: true,
  skip: 0,
  trim: false,
} as const;

async function snapshotOf(project: string, cycle: number): Promise<Fact<'snapshot'>> {
  const { refs } = await lifecycles.cycle(project, cycle, 'waiting');
  return system.stores.facts.get({ kind: 'snapshot', id: refs.snapshot!.id });
}

/** Of the sources that its statement read, by their names. */
async function readBy(snapshot: Fact<'snapshot'>): Promise<ReadonlyMap<string, Fact<'snapshot'>>> {
  const inputs = snapshot.inputs.filter(({ kind, id }) => kind === 'snapshot' && id !== snapshot.body.parent?.id);
  const facts = await Promise.all(inputs.map(({ id }) => system.stores.facts.get({ kind: 'snapshot', id })));
  return new Map(facts.map((fact) => [fact.body.source, fact]));
}

test('each source grows by what is new, and a corrected row of one replaces rows of what was prepared', async () => {
  await writeWeather();
  const project = await lifecycles.start(withWeather(), FEBRUARY);
  const first = await snapshotOf(project, 1);
  expect(first.body.source).toBe('windy-flights');
  const before = await readBy(first);
  expect([...before.keys()].sort()).toEqual(['flights', 'weather']);
  expect(first.body.rows).toBe(before.get('flights')!.body.rows);
  expect(before.get('weather')!.body.rows).toBe(31);

  // Days 20 to 30 of January were measured anew.
  await writeWeather(20);
  await system.client.retrain(project, { ...by('ben'), asOf: MARCH });
  await lifecycles.request(project, 1);
  await lifecycles.decide(project, 1, 'reject');
  const second = await snapshotOf(project, 2);
  const after = await readBy(second);
  expect(second.body.parent?.id).toBe(first._id);
  expect(after.get('flights')!.body.parent?.id).toBe(before.get('flights')!._id);
  expect(after.get('weather')!.body.batches[1]).toMatchObject({ replaced: 11, withdrawn: 0, added: 11 + 28 });
  const { replaced, withdrawn, account } = second.body.batches[1]!;
  expect(withdrawn).toBe(0);
  // Flights from Chicago in those days, of a thousandth of all flights.
  expect(replaced).toBeGreaterThan(0);
  expect(replaced).toBeLessThan(40);
  expect(account.inSnapshot).toBe(second.body.rows);
  expect(second.body.rows).toBe(after.get('flights')!.body.rows);

  // Where every row of each source is, not only those that the statement gave.
  const accounts = await mlopsJson<Accounted & { sources: Accounted[] }>(['account', project], system.env);
  expect([accounts, ...accounts.sources].map(({ source, account }) => [source, account.inSnapshot])).toEqual([
    ['windy-flights', second.body.rows],
    ['flights', after.get('flights')!.body.rows],
    ['weather', 59],
  ]);
  expect(accounts.sources[1]).toMatchObject({ account: { source: 90, replaced: 11, notYetKnown: 31 } });

  // Whoever calls the step chooses its arguments: a snapshot of another source, or of another moment, is refused.
  const { definition } = await lifecycles.cycle(project, 2, 'waiting');
  const weather = refOf(after.get('weather')!);
  const forged = [
    { flights: weather, weather },
    { flights: refOf(before.get('flights')!), weather },
  ];
  for (const from of forged) {
    const call = system.client.temporal.activity.execute('mlopsPrepare', {
      id: randomUUID(),
      taskQueue: system.taskQueue,
      args: [{ definition, asOf: MARCH, from }],
      scheduleToCloseTimeout: '4 minutes',
      retry: { maximumAttempts: 1 },
    });
    await expect(call).rejects.toMatchObject({ cause: { type: 'MLOPS_RECORD_MISSING' } });
  }
  // Nor does it say what a prepared source was made of.
  const ask = <T = unknown>(activity: string, given: object) =>
    system.client.temporal.activity.execute<T>(activity, {
      id: randomUUID(),
      taskQueue: system.taskQueue,
      args: [{ definition, ...given }],
      scheduleToCloseTimeout: '4 minutes',
      retry: { maximumAttempts: 1 },
    });
  const read = { flights: refOf(after.get('flights')!), weather };
  const prepared = await ask('mlopsPrepare', { asOf: MARCH, from: read });
  const made = await ask<{ id: string }>('mlopsIngest', {
    observation: prepared,
    from: [refOf(before.get('flights')!)],
  });
  const fact = await system.stores.facts.get({ kind: 'snapshot' as const, id: made.id });
  expect(madeOfSnapshots(fact)).toEqual([read.flights, read.weather]);
  const observed = await ask('mlopsObserve', { asOf: MARCH, source: 'weather' });
  for (const [source, observation] of [
    [{}, observed],
    [{ source: 'weather' }, prepared],
  ])
    await expect(ask('mlopsIngest', { ...(source as object), observation })).rejects.toMatchObject({
      cause: { type: 'MLOPS_DEFINITION_INVALID' },
    });
});

test('a statement that multiplies rows waits for a person, and says so', async () => {
  const definition = withWeather();
  const statement = `SELECT f.__key::VARCHAR AS id, f.date, f.delay, f.distance, f.origin, f.destination, w.wind
    FROM flights f JOIN weather w ON f.origin = w.station`;
  const source = { ...definition.source, reader: { sql: { from: ['flights', 'weather'], statement } } };
  const project = await lifecycles.start({ ...definition, source });
  const { failure } = await lifecycles.cycle(project, 1, 'failed');
  expect(failure).toMatch(/MLOPS_KEY_REPEATED: .*source=windy-flights, key=id, keys=\d+, rows=\d+.*multiply/);
});

test('what a source put aside is in the evidence, and why, though every row that it gave was taken', async () => {
  await writeWeather();
  await appendFile(join(system.folder, 'weather.csv'), '2001-01-15T13:00:00Z,ORD,strong\n');
  const { schema } = lifecycles.define();
  const project = await lifecycles.start(withWeather({ schema: { ...schema, maxQuarantinedShare: 0.1 } }), FEBRUARY);
  const { evidence } = await lifecycles.request(project, 1);
  expect(evidence.filter((line) => line.startsWith('quarantined'))).toEqual([
    'quarantined from weather: 1 of 32 rows, 1 of them in the newest batch',
    expect.stringMatching(/^quarantined from weather by .*wind.*: 1 rows, such as weather\.csv:\d+$/),
  ]);
  expect(evidence).not.toContain('no row was quarantined');
});
