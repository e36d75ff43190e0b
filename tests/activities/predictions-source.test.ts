/** An endpoint's predictions as a source, on the real stores: what training at any moment may know of them, and no more. */
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps, JobName } from '../../src/activities/deps';
import { ingestActivities } from '../../src/activities/ingest';
import { localCopies } from '../../src/activities/step/artifact-cache';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { SnapshotBody } from '../../src/domain/records';
import type { Ref } from '../../src/domain/refs';
import { ingest } from '../../src/engines/tables/ingest';
import { dataShards, liveRows } from '../../src/engines/tables/live-rows';
import { defineProject } from '../../src/project/define-project';
import { recordWriter, windowRows } from '../../src/stores/predictions';
import { duckdbQuery } from '../support/duckdb-query';
import { type OwnStores, openOwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { reportedTruth, servedPrediction } from '../support/served-records';

let system: OwnStores;
let deps: ActivityDeps;

beforeAll(async () => {
  system = await openOwnStores('predictions');
  const runJob = async (job: JobName, input: never, { folder }: { readonly folder: string }) => {
    if (job !== 'ingest') throw new Error(`no job ${job} here`);
    return ingest(input, { folder, progress: () => undefined, checkpoint: () => undefined } as never);
  };
  deps = { ...system.deps, runJob: runJob as never };
  await serve(served());
});
afterAll(() => system.close());

const approval = { approvers: ['ana'] };

/** A project that serves: its inputs are at, distance, origin and passenger. */
function served(name = 'flights', privacy: object = {}): ProjectDefinition {
  return defineProject({
    name,
    source: {
      reader: { file: { path: 'flights.csv' } },
      columns: {
        at: 'timestamp',
        distance: 'integer',
        origin: 'string',
        passenger: { type: 'string', ...privacy },
        delay: 'integer',
      },
      eventTime: 'at',
    },
    label: { name: 'late', labeler: { rule: { column: 'delay', op: '>', value: 15 } } },
    features: [{ transform: 'standardize', column: 'distance' }],
    approval,
  });
}

/** In force, as the project's first `start` leaves it. */
async function serve(definition: ProjectDefinition): Promise<void> {
  const ref = (await registeredDefinition(system.stores, definition)).definition;
  const projects = raw(system.stores).db.collection<{ _id: string; definition: unknown }>('projects');
  await projects.updateOne({ _id: definition.name }, { $set: { definition: ref } }, { upsert: true });
}

const COLUMNS = {
  at: 'timestamp',
  distance: 'integer',
  origin: 'string',
  late: { type: 'integer', from: 'truth.value' },
  answered: { type: 'integer', from: 'prediction.version' },
  score: { type: 'number', from: 'prediction.score' },
  control: { type: 'boolean', from: 'prediction.control' },
  happened: { type: 'timestamp', from: 'prediction.eventTime' },
  prediction: { type: 'string', from: 'prediction.id' },
  known: { type: 'timestamp', from: 'truth.knownAt' },
} as const;

function feedback(project: string, columns: object = COLUMNS): ProjectDefinition {
  return defineProject({
    name: 'feedback',
    source: {
      reader: { predictions: { project } },
      columns,
      key: ['prediction'],
      eventTime: 'happened',
      knownAt: { column: 'known' },
    },
    schema: { minRows: 1, maxQuarantinedShare: 1 },
    label: { name: 'late', labeler: { rule: { column: 'late', op: '=', value: 1 } } },
    features: [{ transform: 'standardize', column: 'distance' }],
    approval,
  } as never);
}

const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

interface Taken {
  readonly ref: Ref<'snapshot'>;
  readonly body: SnapshotBody;
}

async function taken(project: string, asOf: string, parent?: Ref<'snapshot'>, columns?: object): Promise<Taken> {
  const { definition } = await registeredDefinition(system.stores, feedback(project, columns));
  const observation = await run(() => ingestActivities(deps).mlopsObserve({ definition, asOf }));
  const ref = await run(() =>
    ingestActivities(deps).mlopsIngest({ definition, observation, ...(parent === undefined ? {} : { parent }) })
  );
  return { ref, body: (await system.stores.facts.get(ref)).body };
}

const COLUMNS_OF_TIME: readonly string[] = ['at', 'happened', 'known'];

async function rowsOf({ ref, body }: Taken, columns: readonly string[]): Promise<unknown[][]> {
  if (body.rows === 0) return [];
  const { artifacts } = await system.stores.facts.get(ref);
  const paths = await run(() => localCopies(deps, system.stores, artifacts));
  const locals = Object.fromEntries(artifacts.map(({ name }, at) => [name, paths[at]!]));
  const rows = liveRows(
    dataShards(body, locals),
    columns.map((name) => (COLUMNS_OF_TIME.includes(name) ? `"${name}"::VARCHAR` : `"${name}"`))
  );
  const found = await duckdbQuery(`SELECT * FROM ${rows} ORDER BY ALL`);
  return found.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)));
}

const MARCH = '2001-03-01T00:00:00Z';
const inputs = { at: 981_093_600_000_000, distance: 2 ** 40, origin: 'ORD', passenger: 'Ada' };

test('a row is a prediction whose truth is known: inputs as served, in the types of the definition', async () => {
  const writer = recordWriter(system.stores, 'flights');
  await writer.insertPredictions([
    servedPrediction('a', '2001-02-02T06:00:00.123Z', { inputs, version: 3, score: 0.1 + 0.2, control: true }),
    servedPrediction('b', '2001-02-02T06:00:00Z', { inputs: { ...inputs, origin: null, distance: -1 } }),
    servedPrediction('open', '2001-02-02T07:00:00Z', { inputs }),
    servedPrediction('probe', '2001-02-02T06:00:00Z', { inputs, synthetic: true }),
  ]);
  // The same id again, with other inputs: kept aside as a conflict.
  await writer.insertPredictions([
    servedPrediction('a', '2001-02-02T06:00:00Z', { inputs: { ...inputs, distance: 7 } }),
  ]);
  for (let time = 0; time < 2; time += 1)
    await writer.insertTruths(['a', 'b', 'probe', 'nobody'].map((id) => reportedTruth(id, 1, '2001-02-03T00:00:00Z')));
  const found = await taken('flights', MARCH);
  expect(found.body.account).toMatchObject({ source: 2, inSnapshot: 2, quarantined: 0, notYetKnown: 0 });
  expect(found.body.files.map(({ path }) => path)).toEqual(['flights/2001-02-02.jsonl']);
  const columns = ['prediction', 'distance', 'origin', 'late', 'answered', 'score', 'control'];
  expect(await rowsOf(found, columns)).toEqual([
    ['a', 2 ** 40, 'ORD', 1, 3, 0.1 + 0.2, true],
    ['b', -1, null, 1, 1, 0.5, false],
  ]);
  const times = await rowsOf(found, ['at', 'happened', 'known']);
  expect(times[1]).toEqual(['2001-02-02 06:00:00', '2001-02-02 06:00:00.123', '2001-02-03 00:00:00']);
});

test('training at any moment sees the truths of that moment, as windows do; every row is accounted for', async () => {
  await serve(served('rail'));
  const writer = recordWriter(system.stores, 'rail');
  const day = (number: number, hour = '00') => `2001-02-${String(number).padStart(2, '0')}T${hour}:00:00Z`;
  const prediction = (id: string, at: number) => servedPrediction(id, day(at, '06'), { inputs });
  const { eventTime: _, ...timeless } = prediction('timeless', 2);
  await writer.insertPredictions([
    ...[1, 2, 3, 4, 5].map((at) => prediction(`p${at}`, at)),
    { ...timeless, withoutEventTime: true },
  ]);
  await writer.insertTruths([
    reportedTruth('p1', 0, day(3)),
    reportedTruth('p1', 1, day(8), 1),
    reportedTruth('p2', 0, day(6)),
    // A revision that the world knew earlier than what it corrects, and one at the same moment.
    reportedTruth('p2', 1, day(4), 1),
    reportedTruth('p3', 1, day(5)),
    reportedTruth('p3', 0, day(5), 1),
    reportedTruth('p4', 1, day(20)),
    reportedTruth('timeless', 1, day(3)),
  ]);
  const period = { from: day(1), to: MARCH };
  const known = async (asOf: string) => {
    const rows: [string, number | string][] = [];
    for await (const { _id, truth } of windowRows(system.stores, 'rail', period, asOf))
      if (truth !== undefined) rows.push([_id, truth.value]);
    return rows.sort(([one], [other]) => (one < other ? -1 : 1));
  };
  const steps = [day(3), day(4), day(5), day(6), day(7), day(9), day(21), day(5)];
  let last: Taken | undefined;
  for (const [at, asOf] of steps.entries()) {
    // Meanwhile one that was late is known.
    if (at === 5) await writer.insertTruths([reportedTruth('p5', 1, day(6))]);
    last = await taken('rail', asOf, last?.ref);
    expect([asOf, await rowsOf(last, ['prediction', 'late'])]).toEqual([asOf, await known(asOf)]);
    const { source, gone, inSnapshot, quarantined, replaced, withdrawn, notYetKnown } = last.body.account;
    expect(source + gone).toBe(inSnapshot + quarantined + replaced + withdrawn + notYetKnown);
  }
  // The one without an event time.
  expect(last?.body.account.quarantined).toBe(1);
});

test('an input that only some versions took is missing where it was not served; one that nobody took is named', async () => {
  await serve(served('buses'));
  const writer = recordWriter(system.stores, 'buses');
  await writer.insertPredictions([
    servedPrediction('a', '2001-02-02T06:00:00Z', { inputs: { distance: 1 } }),
    servedPrediction('b', '2001-02-03T06:00:00Z', { inputs: { distance: 2, stops: 4 } }),
  ]);
  await writer.insertTruths(['a', 'b'].map((id) => reportedTruth(id, 1, '2001-02-04T00:00:00Z')));
  const { at: _, origin: __, ...columns } = COLUMNS;
  const found = await taken('buses', MARCH, undefined, { ...columns, stops: 'integer' });
  expect(await rowsOf(found, ['prediction', 'stops'])).toEqual([
    ['a', null],
    ['b', 4],
  ]);
  await expect(taken('buses', MARCH, undefined, { ...columns, stopps: 'integer' })).rejects.toMatchObject({
    code: 'MLOPS_COLUMN_MISSING',
    where: { project: 'buses', input: 'stopps', served: 'distance stops' },
    message: expect.stringContaining('Did you mean stops?') as string,
  });
});

test('what is private to the project that serves stays private', async () => {
  await serve(served('rides', { privacy: true }));
  const writer = recordWriter(system.stores, 'rides');
  await writer.insertPredictions([servedPrediction('a', '2001-02-02T06:00:00Z', { inputs })]);
  await writer.insertTruths([reportedTruth('a', 1, '2001-02-03T00:00:00Z')]);
  const who = { ...COLUMNS, who: { type: 'string', from: 'passenger' } };
  await expect(taken('rides', MARCH, undefined, who)).rejects.toMatchObject({
    code: 'MLOPS_DEFINITION_INVALID',
    where: { project: 'rides', column: 'who' },
  });
  const hidden = { ...COLUMNS, who: { type: 'string', from: 'passenger', privacy: true } };
  const { body } = await taken('rides', MARCH, undefined, hidden);
  expect(body.rows).toBe(1);
  expect(JSON.stringify(body)).not.toContain('Ada');
});

test('a project that is not there, and one without a truth', async () => {
  await expect(taken('flihgts', MARCH)).rejects.toMatchObject({
    code: 'MLOPS_RECORD_MISSING',
    message: expect.stringContaining('Did you mean flights?') as string,
  });
  await serve(served('silent'));
  await recordWriter(system.stores, 'silent').insertPredictions([servedPrediction('a', '2001-02-02T06:00:00Z')]);
  await expect(taken('silent', MARCH)).rejects.toMatchObject({ code: 'MLOPS_SOURCE_MISSING' });
});

test('more days than sourceFiles, and more bytes than sourceBytes, are refused', async () => {
  const own = deps;
  for (const [limits, code] of [
    [{ sourceFiles: 1 }, 'MLOPS_TOO_MANY_FILES'],
    [{ sourceBytes: 10 }, 'MLOPS_SOURCE_TOO_LARGE'],
  ] as const) {
    deps = { ...own, limits: { ...own.limits, ...limits } };
    await expect(taken('rail', MARCH).finally(() => (deps = own))).rejects.toMatchObject({ code });
  }
});
