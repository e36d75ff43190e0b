/**
 * Bad input on the real servers: each is a clear error that names file, row or field, where a person looks for it, and
 * nothing of it is half-written; the cycle waits for the operator, and goes on from there after the fix.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsClient } from '../../src/client';
import type { ProjectDefinition } from '../../src/domain/definition';
import { PLAIN_CSV } from '../../src/engines/tables/reading/csv';
import { lifecycleId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import type { CycleDocument } from '../../src/domain/records';
import { eventually } from '../support/eventually';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const ASOF = '2001-02-01T00:00:00Z';
const HEADER = 'date,delay,distance,origin,destination';

let system: TestSystem;
const projects: string[] = [];

beforeAll(async () => {
  system = await openSystem('bad-input');
  await writeSmallFlights(system.folder, 1000);
  await system.startWorker({
    dataFolder: system.folder,
    registered: require.resolve('../support/registered/machines'),
  });
});
afterAll(async () => {
  for (const project of projects) {
    await system.client.stop(project, by('operator')).catch(() => undefined);
    await handle(lifecycleId(project))
      .result()
      .catch(() => undefined);
  }
  await system.close();
});

const handle = (id: string) => system.client.temporal.workflow.getHandle(id);
const by = (person: string) => ({ id: randomUUID(), by: person });

function define(changes: Partial<ProjectDefinition> = {}, path = 'flights.parquet'): ProjectDefinition {
  const project = `${system.name.slice('mlops-test-'.length)}-${projects.length + 1}`;
  projects.push(project);
  const small = smallProject(project, path, changes);
  const file = path.endsWith('.csv')
    ? ({ path, format: 'csv', csv: PLAIN_CSV } as const)
    : ({ path, format: 'parquet' } as const);
  return { ...small, source: { ...small.source, reader: { file } } };
}

const cycle = (project: string, state: CycleDocument['state']) =>
  eventually(`${project} ${state}`, async () => {
    const found = await raw(system.stores).cycles.findOne({ _id: `${project}/1` });
    return found?.state === state ? found : undefined;
  });

/** How a first cycle of this definition fails. */
async function failed(definition: ProjectDefinition): Promise<CycleDocument> {
  const answer = await system.client.start({ definition, asOf: ASOF, by: 'cem' });
  expect(answer).toMatchObject({ outcome: 'accepted' });
  return cycle(definition.name, 'failed');
}

/** Facts by kind, and artifacts that no fact produced: what a half-written step would leave. */
async function kept(): Promise<Readonly<Record<string, number>>> {
  const { db } = raw(system.stores);
  const count = (collection: string) => db.collection(collection).countDocuments();
  const produced = await db.collection('edges').distinct('to', { relation: 'produced' });
  return {
    snapshots: await count('snapshots'),
    labelSets: await count('labelSets'),
    featureSets: await count('featureSets'),
    runs: await count('runs'),
    versions: await count('versions'),
    evaluations: await count('evaluations'),
    requests: await count('requests'),
    strayArtifacts: await db.collection<{ _id: string }>('artifacts').countDocuments({ _id: { $nin: produced } }),
  };
}

async function expectWaitsForOperator(project: string, failure: string): Promise<void> {
  expect(await system.client.status(project)).toMatchObject({ waitingFor: ['operator'], failure });
  const lifecycle = await handle(lifecycleId(project)).describe();
  expect(lifecycle.searchAttributes.MlopsWaitingFor).toEqual(['operator']);
}

test.each([
  ['that is not there', 'nowhere.parquet', undefined, /^MLOPS_SOURCE_MISSING: .*file=.*nowhere\.parquet/],
  ['that is empty', 'empty.csv', '', /^MLOPS_SOURCE_EMPTY: .*file=.*empty\.csv/],
  ['with a header alone', 'header.csv', `${HEADER}\n`, /^MLOPS_SOURCE_EMPTY: .*file=.*header\.csv/],
  ['that is no Parquet', 'text.parquet', 'flights of 2001', /^MLOPS_SOURCE_UNREADABLE: .*file=.*text\.parquet/],
  [
    'without a column',
    'column.csv',
    'date,delay,distance,origin\n2001-01-01T10:00:00Z,5,300,ORD\n',
    /^MLOPS_COLUMN_MISSING: .*file=.*column\.csv, column=destination/,
  ],
  [
    'with a word for a number',
    'word.csv',
    `${HEADER}\n2001-01-01T10:00:00Z,5,300,ORD,SFO\n2001-01-01T11:00:00Z,late,300,ORD,SFO\n`,
    /^MLOPS_QUARANTINE_TOO_LARGE: 1 of 2 rows .*file=word\.csv, .*rule=delay: not an integer, .*row=word\.csv:1, found={"delay":"late"}/,
  ],
  [
    'that holds too few rows',
    'few.csv',
    `${HEADER}\n2001-01-01T10:00:00Z,5,300,ORD,SFO\n`,
    /^MLOPS_TOO_FEW_ROWS: The batch has 1 rows, fewer than the 2 .*file=few\.csv/,
  ],
])('a file %s: the phase says so, and nothing of it is kept', async (_, name, content, said) => {
  if (content !== undefined) await writeFile(join(system.folder, name), content);
  const before = await kept();
  const definition = define({}, name);
  const few = { ...definition, schema: { ...definition.schema, minRows: 2 } };
  const { failure, phase } = await failed(few);
  expect([phase, failure]).toEqual(['ingest', expect.stringMatching(said)]);
  await expectWaitsForOperator(definition.name, failure as string);
  expect(await kept()).toEqual(before);
});

test('one class only, and too few training rows: what was finished stays, and there is no run or version', async () => {
  const before = await kept();
  const oneClass = await failed(
    define({ label: { name: 'late', version: 1, labeler: { rule: { column: 'delay', op: '>', value: 100_000 } } } })
  );
  expect([oneClass.phase, oneClass.failure]).toEqual(['train', expect.stringMatching(/^MLOPS_ONE_CLASS: .*rows=\d+/)]);
  const few = await failed(
    define({ split: { by: 'time', testPeriods: 1, validationPeriods: 0, minTrainRows: 1_000_000, minTestRows: 1 } })
  );
  expect([few.phase, few.failure]).toEqual([
    'train',
    expect.stringMatching(/^MLOPS_TOO_FEW_ROWS: .*rows=\d+, needed=1000000, of=before 2001-01-25/),
  ]);
  expect(await kept()).toEqual({ ...before, snapshots: 1, labelSets: 2, featureSets: 1 });
});

test('after the fix, retry goes on from the phase that failed', async () => {
  const definition = define({}, 'later.parquet');
  const project = definition.name;
  await failed(definition);
  await writeFile(join(system.folder, 'later.parquet'), 'not yet');
  await system.client.retry(project, by('dan'));
  await eventually('the next failure', async () =>
    (await cycle(project, 'failed')).failure?.startsWith('MLOPS_SOURCE_UNREADABLE') ? true : undefined
  );
  await copyFile(join(system.folder, 'flights.parquet'), join(system.folder, 'later.parquet'));
  await system.client.retry(project, by('dan'));
  const { refs } = await cycle(project, 'waiting');
  expect(refs).toHaveProperty('evaluation');
  const asked = (await system.stores.audit.list(project)).map((event) => event.what);
  expect(asked.filter((what) => what === 'retry')).toHaveLength(2);
});

test('a project with an unknown trainer is refused by its name, and nothing of it runs', async () => {
  const definition = define({ model: { trainer: { registered: 'thermostatt', params: {} } } });
  const answer = await system.client.start({ definition, asOf: ASOF, by: 'cem' });
  expect(answer).toMatchObject({
    outcome: 'refused',
    reason: expect.stringMatching(/MLOPS_NOT_REGISTERED: .*thermostatt.*field=model\.trainer.*known=thermostat\b/),
  });
  await expect(handle(lifecycleId(definition.name)).result()).rejects.toThrow(/failed/i);
  expect((await handle(lifecycleId(definition.name)).describe()).status.name).toBe('FAILED');
  expect(await raw(system.stores).cycles.countDocuments({ project: definition.name })).toBe(0);
});

test('with no worker on the queue, start says so and starts nothing', async () => {
  const client = await MlopsClient.connect({ taskQueue: `${system.name}-nobody` }, system.env);
  const definition = define();
  await expect(client.start({ definition, asOf: ASOF, by: 'cem' })).rejects.toThrow(
    `MLOPS_NO_WORKER: no worker polls ${system.name}-nobody`
  );
  await expect(handle(lifecycleId(definition.name)).describe()).rejects.toThrow(/not found/);
  await client.close();
});

test('poisoned triggers are recorded as refused, and the lifecycle goes on', async () => {
  const definition = define({}, 'nowhere.parquet');
  const project = definition.name;
  await failed(definition);
  const poison = [undefined, null, 7, 'retrain', {}, { id: 7 }, { id: 'x', asOf: 'soon', cause: {} }];
  for (const payload of poison) await system.client.signal(lifecycleId(project), MESSAGES.trigger, payload);
  await eventually('the refusals', async () => {
    const events = (await system.stores.audit.list(project)).filter((event) => event.what === 'signals refused');
    const counted = events.reduce((count, event) => count + Number(event.detail.count), 0);
    return counted === poison.length ? true : undefined;
  });
  expect(await system.client.status(project)).toMatchObject({ waitingFor: ['operator'], pendingTriggers: [] });
  expect(await system.client.skip(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await cycle(project, 'finished')).toMatchObject({ outcome: 'skipped' });
});
