/** The real file: the counts and times that the quickstart rests on. */
import { join } from 'node:path';
import { columnTypes, type SchemaDefinition, type SourceDefinition } from '../../../src/domain/definition';
import { learnDependencies } from '../../../src/engines/tables/dependencies';
import { label } from '../../../src/engines/tables/label';
import { loadColumns } from '../../../src/engines/tables/load';
import { observe } from '../../../src/engines/tables/observe';
import { packageRoot } from '../../../src/runtime/package-root';
import { type Ingested, ingestFiles } from '../../support/ingested';
import { columnsOf, context, sql, type TestFolder, testFolder } from './files';

const ROOT = packageRoot();
const SOURCE: SourceDefinition = {
  name: 'flights',
  reader: { file: { path: 'node_modules/vega-datasets/data/flights-3m.parquet', format: 'parquet' } },
  missing: [''],
  columns: columnsOf({
    date: 'timestamp',
    delay: 'integer',
    distance: 'integer',
    origin: 'string',
    destination: 'string',
  }),
  eventTime: 'date',
  knownAt: { eventTimePlus: { minutes: 35, minutesPer: { distance: 1 / 7.67 } } },
};
const SCHEMA: SchemaDefinition = {
  columns: [{ column: 'delay', required: true, min: -120, max: 2_000, severity: 'block' }],
  table: [],
  dependencies: [],
  maxQuarantinedShare: 0.01,
  maxBrokenShare: 0.05,
  minRows: 1_000,
  newColumns: 'report',
  newCategories: 'report',
  newCategoriesOf: {},
};
const FEBRUARY = '2001-02-01T00:00:00Z';
/** About the moment of the quickstart's trigger. */
const TRIGGER = '2001-05-10T18:20:00Z';

let folder: TestFolder;
let first: Ingested;
let second: Ingested;

async function grown(asOf: string, parent?: Ingested): Promise<Ingested> {
  const { files } = await observe(SOURCE, ROOT);
  const local = files.map((file) => ({ ...file, local: join(ROOT, file.path) }));
  const input = { files: local, format: 'parquet', source: SOURCE, schema: SCHEMA, asOf, parent } as const;
  return await ingestFiles(input, context(folder.path));
}

beforeAll(async () => {
  folder = testFolder();
  first = await grown(FEBRUARY);
  second = await grown(TRIGGER, first);
});
afterAll(() => folder.remove());

async function rows({ data }: Ingested, where: { from?: string; to?: string; knownBy?: string }): Promise<number> {
  return (await loadColumns({ shards: data, columns: {}, where, eventTime: 'date' })).table.rows;
}

test('by February 1 there are 393,569 rows to train and 114,095 to test', async () => {
  expect(first.snapshot.account).toEqual({
    ...{ source: 3_000_000, gone: 0, inSnapshot: 507_664, late: 0 },
    ...{ quarantined: 0, replaced: 0, withdrawn: 0, notYetKnown: 2_492_336 },
  });
  expect(await rows(first, { to: '2001-01-25T00:00:00Z', knownBy: FEBRUARY })).toBe(393_569);
  expect(await rows(first, { from: '2001-01-25T00:00:00Z', to: FEBRUARY })).toBe(114_095);
});

test('by the trigger there are 2,013,395 rows to train, and 3 impossible delays in quarantine', async () => {
  expect(second.snapshot.account.quarantined).toBe(3);
  const found = await sql(`SELECT delay, __reason FROM '${second.locals['quarantine-00001']!}' ORDER BY delay`);
  expect(found.map(({ delay }) => Number(delay))).toEqual([-1_116, expect.any(Number), expect.any(Number)]);
  expect(await rows(second, { to: '2001-05-03T00:00:00Z', knownBy: TRIGGER })).toBe(2_013_395);
});

test('January has 3,279 routes, and each has one distance', async () => {
  const request = { shards: first.data, where: { to: '2001-01-25T00:00:00Z' } };
  const columns = { distance: 'integer', origin: 'string', destination: 'string' } as const;
  const { table } = await loadColumns({ ...request, columns, eventTime: 'date' });
  const rule = {
    name: 'route',
    determinants: ['origin', 'destination'],
    dependent: 'distance',
    severity: 'block',
  } as const;
  const [learned] = learnDependencies(table, [rule]).dependencies;
  expect(Object.keys(learned!.values)).toHaveLength(3_279);
  expect(learned!.ambiguous).toBe(0);
});

test('one flight in five is late', async () => {
  const rule = { column: 'delay', op: '>', value: 15 } as const;
  const { counts } = await label(
    { shards: first.data, labeler: { rule }, columns: columnTypes(SOURCE) },
    context(folder.path)
  );
  expect(counts['0']! + counts['1']!).toBe(507_664);
  expect(counts['1']! / 507_664).toBeCloseTo(0.21, 1);
});
