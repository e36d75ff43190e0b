/** Ingest as an activity on the real stores: what a snapshot inherits, what reads it, and what its key holds. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import flights from '../../examples/flights/project';
import type { ActivityDeps } from '../../src/activities/deps';
import { ingestActivities, ingestRequest } from '../../src/activities/ingest';
import { labelActivities } from '../../src/activities/label';
import { stepKey } from '../../src/activities/step/step';
import type { JobName } from '../../src/activities/deps';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { SnapshotBody } from '../../src/domain/records';
import type { Ref } from '../../src/domain/refs';
import { ingest } from '../../src/engines/tables/ingest';
import { label } from '../../src/engines/tables/label';
import { accountText } from '../../src/cli/verbs/account';
import { newestSnapshot } from '../../src/records/snapshots';
import { changeCycle, openCycle } from '../../src/stores/cycles';
import { factDigest } from '../../src/stores/fact-digest';
import { type OwnStores, openOwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';

let system: OwnStores;
let deps: ActivityDeps;

beforeAll(async () => {
  system = await openOwnStores('ingest');
  const jobs: Partial<Record<JobName, (input: never, context: never) => Promise<unknown>>> = { ingest, label };
  deps = {
    ...system.deps,
    runJob: (async (job: JobName, input: never, { folder }: { readonly folder: string }) =>
      jobs[job]!(input, { folder, progress: () => undefined, checkpoint: () => undefined } as never)) as never,
  };
});
afterAll(() => system.close());

const HEADER = 'id,at,value\n';
const DEFINITION: ProjectDefinition = {
  ...flights,
  name: 'events',
  source: {
    name: 'events',
    reader: {
      file: {
        path: 'events.csv',
        format: 'csv',
        csv: {
          delimiter: ',',
          quote: '"',
          escape: '"',
          encoding: 'utf-8',
          decimal: '.',
          header: true,
          skip: 0,
          trim: false,
        },
      },
    },
    missing: [''],
    columns: { id: { type: 'string' }, at: { type: 'timestamp' }, value: { type: 'integer' } },
    key: ['id'],
    eventTime: 'at',
    knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
  },
  schema: {
    columns: [],
    table: [],
    dependencies: [],
    maxQuarantinedShare: 0.5,
    maxBrokenShare: 0.5,
    minRows: 1,
    newColumns: 'report',
    newCategories: 'report',
    newCategoriesOf: {},
  },
  label: { name: 'high', version: 1, labeler: { rule: { column: 'value', op: '>', value: 1 } } },
};

async function recorded(definition: ProjectDefinition): Promise<Ref<'definition'>> {
  const body = { definition, appliedBy: 'ana' };
  const digest = factDigest('definition', { body, artifacts: [] });
  const id = `events/${digest}`;
  await system.stores.facts.commit(
    { _id: id, kind: 'definition', digest, inputs: [], artifacts: [], body },
    { startedAt: Date.now() }
  );
  return { kind: 'definition', id, digest };
}

/** A project of its own, with a file of its name, that asks about new columns. */
function asking(name: string): ProjectDefinition {
  const { source, schema } = DEFINITION;
  const { file } = source.reader as { readonly file: object };
  const reader = { file: { ...file, path: `${name}.csv` } } as ProjectDefinition['source']['reader'];
  return { ...DEFINITION, name, source: { ...source, reader }, schema: { ...schema, newColumns: 'ask' } };
}

async function cycleOf(project: string, definition: Ref<'definition'>, taken: Ref<'snapshot'>): Promise<void> {
  const at = { project, cycle: 1 };
  await openCycle(system.stores, {
    ...at,
    definition,
    causes: [],
    triggers: [],
    appliedBy: 'ana',
    asOf: '2024-01-05T00:00:00Z',
  });
  await changeCycle(system.stores, { ...at, order: 1 }, { refs: { snapshot: taken } });
}

const newColumn = async (ref: Ref<'snapshot'>) =>
  (await system.stores.facts.get(ref)).body.validation.find(({ rule }) => rule === 'no new column');

const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

async function snapshot(
  definition: Ref<'definition'>,
  asOf: string,
  parent?: Ref<'snapshot'>
): Promise<Ref<'snapshot'>> {
  const activities = ingestActivities(deps);
  const observation = await run(() => activities.mlopsObserve({ definition, asOf }));
  return run(() => activities.mlopsIngest({ definition, observation, ...(parent === undefined ? {} : { parent }) }));
}

test('a path that names many files: their list is an artifact, files that are not named are not read', async () => {
  const folder = join(system.folder, 'many', 'deep');
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < 120; i += 1) {
    const content = `${HEADER}${i},2024-02-01,${i}\n`;
    await writeFile(join(folder, `${i}.csv`), i % 2 === 0 ? content : gzipSync(content));
  }
  await writeFile(join(folder, 'notes.txt'), 'not a table');
  const reader = { file: { path: 'many/**/*.csv', format: 'csv' } } as const;
  const definition = await recorded({ ...DEFINITION, source: { ...DEFINITION.source, reader } });
  const asOf = '2024-03-01T00:00:00Z';
  const activities = ingestActivities(deps);
  const observation = await run(() => activities.mlopsObserve({ definition, asOf }));
  expect(JSON.stringify(observation).length).toBeLessThan(1_000);
  const { body } = await system.stores.facts.get(await run(() => activities.mlopsIngest({ definition, observation })));
  expect(body.rows).toBe(120);
  const files = [{ path: 'many/../events.csv', digest: `sha256:${'0'.repeat(64)}`, bytes: 1 }] as const;
  const forged = run(() => activities.mlopsIngest({ definition, observation: { asOf, format: 'csv', files } }));
  await expect(forged).rejects.toThrow(/^MLOPS_SOURCE_OUTSIDE/);
});

test('a file that grew: what was there is inherited, what was corrected is replaced, and labels count what is left', async () => {
  const file = join(system.folder, 'events.csv');
  await appendFile(file, `${HEADER}a,2024-01-01,1\nb,2024-01-02,2\nc,2024-01-09,3\n`);
  const definition = await recorded(DEFINITION);
  const first = await snapshot(definition, '2024-01-05T00:00:00Z');
  await appendFile(file, 'b,2024-01-02,0\nd,2024-01-03,5\n');
  const second = await snapshot(definition, '2024-01-10T00:00:00Z', first);
  expect(await snapshot(definition, '2024-01-10T00:00:00Z', first)).toEqual(second);
  const { body, artifacts } = await system.stores.facts.get(second);
  expect(body.batches).toMatchObject([
    { after: null, added: 2, late: 0, replaced: 0 },
    { added: 3, late: 2, replaced: 1, withdrawn: 0, quarantined: 0 },
  ]);
  expect(body.account).toMatchObject({ source: 5, gone: 0, inSnapshot: 4, late: 2, replaced: 1, notYetKnown: 0 });
  expect(artifacts.map(({ name }) => name).sort()).toEqual(['removed-00001', 'shard-00000', 'shard-00001']);
  const labels = await run(() => labelActivities(deps).mlopsLabel({ definition, snapshot: second }));
  expect((await system.stores.facts.get(labels)).body.counts).toEqual({ '0': 2, '1': 2, missing: 0 });
  // What the verb shows of it: the newest cycle's.
  const opened = {
    project: 'events',
    cycle: 1,
    definition,
    causes: [],
    triggers: [],
    appliedBy: 'ana',
    asOf: body.asOf,
  } as const;
  await openCycle(system.stores, opened);
  expect(await newestSnapshot(system.stores, 'events')).toBeUndefined();
  await changeCycle(system.stores, { project: 'events', cycle: 1, order: 1 }, { refs: { snapshot: second } });
  const shown = accountText((await newestSnapshot(system.stores, 'events'))!);
  const rows = shown.split('\n').map((line) => line.trim().split(/\s{2,}/));
  expect(rows).toContainEqual(['1', '2024-01-10T00:00:00Z', '5', '0', '4', '2', '0', '1', '0', '0']);
  expect(rows).toContainEqual(['1', '3', '2', '0', '1', '0']);
  await expect(newestSnapshot(system.stores, 'nobody')).rejects.toThrow(/UNKNOWN_PROJECT.*project=nobody/);
  // Back to a day before: from the source alone.
  const back = await system.stores.facts.get(await snapshot(definition, '2024-01-01T00:00:00Z', second));
  expect(back.body).toMatchObject({ rows: 1, batches: [{ after: null, added: 1 }] });
  expect(back.body).not.toHaveProperty('parent');
  // What is new is judged beside what people let in last, of a later day though it is.
  expect(back.body.judgedBeside).toEqual(second);
  expect(back.inputs).toEqual([second]);
});

test('what a batch asked was answered before the next one, which says it anew without asking where nothing came', async () => {
  const file = join(system.folder, 'asks.csv');
  await writeFile(file, `${HEADER}a,2024-01-01,1\n`);
  const definition = await recorded(asking('asks'));
  const first = await snapshot(definition, '2024-01-05T00:00:00Z');
  await writeFile(file, 'id,at,value,tax\na,2024-01-01,1,7\nb,2024-01-06,2,8\n');
  const second = await snapshot(definition, '2024-01-10T00:00:00Z', first);
  const third = await snapshot(definition, '2024-01-11T00:00:00Z', second);
  expect(await newColumn(first)).toBeUndefined();
  const asked = await newColumn(second);
  expect(asked).toMatchObject({ observed: 1, found: ['tax'], asks: expect.stringMatching(/^sha256:/) });
  expect({ ...(await newColumn(third)), asks: 'nothing' }).toEqual({ ...asked, asks: 'nothing' });
  expect(await newColumn(third)).not.toHaveProperty('asks');
  // Where the parent is not what people let in, whatever says that it is, nothing is answered.
  await cycleOf('asks', definition, first);
  const fourth = await snapshot(definition, '2024-01-12T00:00:00Z', second);
  expect(await newColumn(fourth)).toEqual(asked);
  expect((await system.stores.facts.get(fourth)).body).toMatchObject({ parent: second, judgedBeside: first });
});

test('a parent whose quarantined rows housekeeping took can’t grow, but what is not in it is new', async () => {
  const file = join(system.folder, 'taken.csv');
  await writeFile(file, `${HEADER}a,2024-01-01,1\nb,never,2\n`);
  const definition = await recorded(asking('taken'));
  const first = await snapshot(definition, '2024-01-05T00:00:00Z');
  await cycleOf('taken', definition, first);
  const { artifacts } = await system.stores.facts.get(first);
  const [aside] = artifacts.filter(({ name }) => name.startsWith('quarantine'));
  await raw(system.stores).artifacts.updateOne({ _id: aside!.digest }, { $set: { state: 'deleted' } });
  await writeFile(file, 'id,at,value,tax\na,2024-01-01,1,7\n');
  const second = await snapshot(definition, '2024-01-10T00:00:00Z', first);
  expect((await system.stores.facts.get(second)).body).not.toHaveProperty('parent');
  expect(await newColumn(second)).toMatchObject({ found: ['tax'], asks: expect.stringMatching(/^sha256:/) });
});

describe('the key of an ingest', () => {
  const ref = { kind: 'snapshot', id: 's', digest: `sha256:${'1'.repeat(64)}` } as const;
  const { source, schema } = DEFINITION;
  const file = { path: 'a', digest: `sha256:${'2'.repeat(64)}`, bytes: 1 } as const;
  const parent = { asOf: '2024-01-01T00:00:00Z', files: [file], batches: [] } as unknown as SnapshotBody;
  const asked = {
    source,
    schema,
    asOf: '2024-02-01T00:00:00Z',
    format: 'csv',
    files: [file],
    parent: ref,
    before: parent,
    from: [],
    beside: undefined,
  };
  const known = { snapshot: { _id: 'k', kind: 'snapshot', digest: file.digest }, names: ['id'], isParent: false };
  const key = (change: object): string => stepKey(ingestRequest({ ...asked, ...change }));

  test.each([
    ['the key columns', { source: { ...source, key: ['id', 'at'] } }],
    ['the columns', { source: { ...source, columns: { ...source.columns, more: { type: 'string' } } } }],
    ['the clock', { source: { ...source, knownAt: { column: 'at' } } }],
    ['the missing marks', { source: { ...source, missing: ['NA'] } }],
    ['the rules', { schema: { ...schema, minRows: 2 } }],
    ['asOf', { asOf: '2024-02-02T00:00:00Z' }],
    ['the format', { format: 'jsonl' }],
    ['a file', { files: [] }],
    ["a file's bytes", { files: [{ ...file, digest: ref.digest }] }],
    ["a file's path", { files: [{ ...file, path: 'b' }] }],
    ['the parent', { parent: undefined, before: undefined }],
    ["the parent's rows", { parent: { ...ref, digest: file.digest } }],
    ["the parent's asOf", { before: { ...parent, asOf: '2024-01-02T00:00:00Z' } }],
    ['what its statement read', { from: [{ ...ref, digest: file.digest }] }],
    ['what the parent had read', { before: { ...parent, files: [] } }],
    ['what is known', { beside: known }],
  ])('holds %s', (_, change) => {
    expect(key(change)).not.toBe(key({}));
  });

  test.each([
    ['the names', { ...known, names: [] }],
    ['the rows', { ...known, snapshot: { ...known.snapshot, digest: ref.digest } }],
  ])('holds %s that are known', (_, beside) => {
    expect(key({ beside })).not.toBe(key({ beside: known }));
  });
});

test('rules about earlier rows go by what people let in last, where all rows are taken anew', async () => {
  const file = join(system.folder, 'taught.csv');
  await writeFile(file, `${HEADER}a,2024-01-01,1\n`);
  const { schema, ...definition } = asking('taught');
  const dependencies = [{ name: 'one', determinants: ['value'], dependent: 'id', severity: 'block' }] as const;
  const ignoring = { newColumns: 'ignore', newCategories: 'ignore' } as const;
  const asked = await recorded({ ...definition, schema: { ...schema, ...ignoring, dependencies } });
  const first = await snapshot(asked, '2024-01-05T00:00:00Z');
  await cycleOf('taught', asked, first);
  await writeFile(file, `${HEADER}a,2024-01-01,1\nb,2024-01-06,1\n`);
  for (const parent of [first, undefined])
    await expect(snapshot(asked, '2024-01-10T00:00:00Z', parent)).rejects.toThrow(
      /MLOPS_EXPECTATION_FAILED: The batch breaks the blocking rule `one`: 1 of 1 rows break it/
    );
  await writeFile(file, `${HEADER}a,2024-01-01,1\nb,2024-01-06,2\n`);
  const third = await system.stores.facts.get(await snapshot(asked, '2024-01-11T00:00:00Z'));
  expect(third.body.judgedBeside).toEqual(first);
});
