/**
 * Any sequence of asOf over any history of a source gives the rows of one full read, and every row is accounted for. The source
 * is a folder of small files that come, change and go; rows come late, again, corrected, without a clock, broken.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SourceDefinition } from '../../../src/domain/definition';
import type { RowAccount } from '../../../src/domain/records';
import { liveRows } from '../../../src/engines/tables/live-rows';
import { loadColumns } from '../../../src/engines/tables/load';
import { digestOfFile } from '../../../src/engines/tables/observe';
import { type Ingested, ingestFiles } from '../../support/ingested';
import { ANYTHING, columnsOf, context, sql, type TestFolder, testFolder } from './files';

const DAY_MS = 86_400_000;
const day = (number: number) => new Date(Date.UTC(2024, 0, 1) + number * DAY_MS).toISOString();

const BY_CONTENT: SourceDefinition = {
  name: 'events',
  reader: { file: { path: 'events', format: 'csv' } },
  missing: [''],
  columns: columnsOf({ at: 'timestamp', seen: 'timestamp', id: 'integer', value: 'integer' }),
  eventTime: 'at',
  knownAt: { column: 'seen' },
};
const BY_KEY: SourceDefinition = { ...BY_CONTENT, key: ['id'] };
const { eventTime: _, ...KNOWN_ONLY } = BY_CONTENT;
const { knownAt: __, ...NO_CLOCK } = KNOWN_ONLY;
const SCHEMA = {
  ...ANYTHING,
  columns: [{ column: 'value', required: true, min: 0, severity: 'block' } as const],
  maxQuarantinedShare: 1,
  minRows: 0,
};

interface Row {
  readonly at: number | undefined;
  readonly seen: number | undefined;
  readonly id: number | undefined;
  /** The last can't be read. */
  readonly value: number | 'x';
}

const often = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 8 });
const row: fc.Arbitrary<Row> = fc.record({
  at: often(fc.nat(3)),
  seen: often(fc.nat(6)),
  id: often(fc.nat(4)),
  // Below zero a rule puts it into quarantine.
  value: fc.constantFrom<Row['value'][]>(0, 1, 0, 1, 2, -1, 'x'),
});
const file = fc.array(row, { minLength: 1, maxLength: 6 });
const PATHS = ['a.csv', 'b.csv', 'c.csv', 'd.csv'];
/** What happens before a snapshot: files are written, or removed (null), then it is asked for as of a day. */
const step = fc.record({
  files: fc.dictionary(fc.constantFrom(...PATHS), fc.option(file, { freq: 4 }), { maxKeys: 2 }),
  /** Rows that come behind those of files that are there. */
  further: fc.dictionary(fc.constantFrom(...PATHS), file, { maxKeys: 2 }),
  asOf: fc.nat(7),
});
const history = fc.record({ first: file, steps: fc.array(step, { minLength: 1, maxLength: 5 }) });
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

let folder: TestFolder;
let runs = 0;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

function written(path: string, rows: readonly Row[]): void {
  const time = (number: number | undefined) => (number === undefined ? '' : day(number));
  const lines = rows.map(({ at, seen, id, value }) => [time(at), time(seen), id ?? '', value].join(','));
  writeFileSync(path, `at,seen,id,value\n${lines.join('\n')}\n`);
}

async function filesIn(source: string, contents: ReadonlyMap<string, readonly Row[]>) {
  return Promise.all(
    [...contents].map(async ([path, rows]) => {
      const local = join(source, path);
      written(local, rows);
      return { path, local, digest: await digestOfFile(local), bytes: statSync(local).size };
    })
  );
}

/** As sets: keys, values, moments. */
async function rowsOf({ data }: Ingested): Promise<readonly unknown[]> {
  if (data.length === 0) return [];
  const columns = ['__key::VARCHAR AS key', '"at"', 'seen', 'id', 'value', '__known_at'];
  return sql(`SELECT * FROM ${liveRows(data, columns)} ORDER BY ALL`);
}

function addsUp({ source, gone, late, ...is }: RowAccount): void {
  expect(is.inSnapshot + is.quarantined + is.replaced + is.withdrawn + is.notYetKnown).toBe(source + gone);
  expect(late).toBeLessThanOrEqual(is.inSnapshot);
  for (const count of Object.values(is)) expect(count).toBeGreaterThanOrEqual(0);
}

async function expectFullReads(source: SourceDefinition, { first, steps }: History): Promise<void> {
  const own = join(folder.path, `${(runs += 1)}`);
  const into = (name: string) => {
    mkdirSync(join(own, name), { recursive: true });
    return join(own, name);
  };
  const contents = new Map<string, readonly Row[]>([['a.csv', first]]);
  let grown: Ingested | undefined;
  for (const [i, { files, further, asOf }] of [{ files: {}, further: {}, asOf: 3 }, ...steps].entries()) {
    for (const [path, rows] of Object.entries(files as Record<string, readonly Row[] | null>)) {
      if (rows !== null) contents.set(path, rows);
      else if (contents.size > 1) contents.delete(path);
    }
    for (const [path, rows] of Object.entries(further as Record<string, readonly Row[]>))
      if (contents.has(path)) contents.set(path, [...contents.get(path)!, ...rows]);
    const asked = {
      files: await filesIn(into('source'), contents),
      format: 'csv',
      source,
      schema: SCHEMA,
      asOf: day(asOf),
    } as const;
    const parent = grown !== undefined && grown.snapshot.asOf <= asked.asOf ? grown : undefined;
    grown = await ingestFiles({ ...asked, parent }, context(into(`grown-${i}`)));
    const full = await ingestFiles(asked, context(into(`full-${i}`)));
    expect(await rowsOf(grown)).toEqual(await rowsOf(full));
    expect(grown.snapshot.rows).toBe((await rowsOf(grown)).length);
    addsUp(grown.snapshot.account);
    for (const { account } of grown.snapshot.batches) addsUp(account);
    // What is counted of the source itself is what one read counts.
    const { quarantined, notYetKnown, inSnapshot, source: rows } = full.snapshot.account;
    expect(grown.snapshot.account).toMatchObject({ quarantined, notYetKnown, inSnapshot, source: rows });
  }
}

test.each([
  ['without a declared key', BY_CONTENT],
  ['with a declared key', BY_KEY],
  ['without an event time', KNOWN_ONLY],
  ['without any clock', NO_CLOCK],
  ['without any clock, with a declared key', { ...NO_CLOCK, key: ['id'] }],
])(
  'any history gives the rows of one full read, %s',
  async (_, source) => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(history, (one) => expectFullReads(source, one)),
      { numRuns: 10 }
    );
  },
  300_000
);

describe('a snapshot says what became of each row', () => {
  const at = (id: number, value: number, seen = 1): Row => ({ at: 0, seen, id, value });

  async function chain(
    source: SourceDefinition,
    ...steps: readonly (readonly [number, Record<string, readonly Row[]>])[]
  ) {
    let grown: Ingested | undefined;
    for (const [i, [asOf, contents]] of steps.entries()) {
      const files = await filesIn(folder.path, new Map(Object.entries(contents)));
      const into = join(folder.path, `${i}`);
      mkdirSync(into);
      const input = { files, format: 'csv', source, schema: SCHEMA, asOf: day(asOf), parent: grown } as const;
      grown = await ingestFiles(input, context(into));
    }
    return grown!;
  }

  test('a row that arrives late is in the next one, and counted', async () => {
    const { snapshot } = await chain(
      BY_CONTENT,
      [3, { 'a.csv': [at(1, 1)] }],
      [4, { 'a.csv': [at(1, 1)], 'b.csv': [at(2, 1, 2), at(3, 1, 4)] }]
    );
    expect(snapshot.batches.at(-1)).toMatchObject({ added: 2, late: 1, replaced: 0, withdrawn: 0 });
    expect(snapshot.account).toMatchObject({ inSnapshot: 3, late: 1 });
  });

  test('a row whose declared key comes again with other values takes its place', async () => {
    const grown = await chain(
      BY_KEY,
      [3, { 'a.csv': [at(1, 0), at(2, 0)] }],
      [4, { 'a.csv': [at(1, 0), at(2, 0)], 'b.csv': [at(1, 1)] }]
    );
    expect(grown.undecided).toBe(false);
    expect(grown.snapshot.batches.at(-1)).toMatchObject({ added: 1, replaced: 1, withdrawn: 0 });
    expect(grown.snapshot.account).toMatchObject({ source: 3, gone: 0, inSnapshot: 2, replaced: 1 });
    const removed = await sql(`SELECT __batch, why, by_file, by_row FROM '${grown.locals['removed-00001']!}'`);
    expect(removed).toEqual([{ __batch: 0, why: 'replaced', by_file: 'b.csv', by_row: 0n }]);
  });

  test('where only the file path between others can say which row stands, everything is read again', async () => {
    const grown = await chain(
      BY_KEY,
      [3, { 'a.csv': [at(1, 0)], 'c.csv': [at(1, 1)] }],
      [4, { 'a.csv': [at(1, 0)], 'b.csv': [at(1, 2)], 'c.csv': [at(1, 1)] }]
    );
    expect(grown.undecided).toBe(true);
    expect(grown.snapshot.account).toMatchObject({ source: 3, inSnapshot: 1, replaced: 2 });
    expect(await rowsOf(grown)).toMatchObject([{ value: 1n }]);
  });

  test('a row that comes behind the others of the last file takes the place of one of its key, whenever both became known', async () => {
    const grown = await chain(
      BY_KEY,
      [3, { 'a.csv': [at(1, 0)], 'b.csv': [at(2, 0)] }],
      [4, { 'a.csv': [at(1, 0)], 'b.csv': [at(2, 0), at(1, 2)] }]
    );
    expect(grown.undecided).toBe(false);
    expect(grown.snapshot.batches.at(-1)).toMatchObject({ added: 1, late: 1, replaced: 1, withdrawn: 0 });
    expect(grown.snapshot.account).toMatchObject({ source: 3, gone: 0, inSnapshot: 2, replaced: 1 });
    expect(grown.snapshot.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['a.csv', 1],
      ['b.csv', 2],
    ]);
    expect(await sql(`SELECT by_file, by_row FROM '${grown.locals['removed-00001']!}'`)).toEqual([
      { by_file: 'b.csv', by_row: 1n },
    ]);
  });

  test('a file that grew to what another one is counts once', async () => {
    const rows = [at(1, 0), at(2, 0)];
    const { snapshot } = await chain(
      BY_CONTENT,
      [3, { 'b.csv': [at(1, 0)] }],
      [4, { 'a.csv': rows, 'b.csv': rows }],
      [5, { 'a.csv': rows, 'b.csv': [...rows, at(3, 0)] }]
    );
    expect(snapshot.batches.map(({ account }) => account.source)).toEqual([1, 2, 5]);
    expect(snapshot.account).toMatchObject({ inSnapshot: 5 });
  });

  test('without a declared key a correction is one row gone and one new', async () => {
    const { snapshot } = await chain(BY_CONTENT, [3, { 'a.csv': [at(1, 0)] }], [4, { 'a.csv': [at(1, 1)] }]);
    expect(snapshot.batches.at(-1)).toMatchObject({ added: 1, late: 1, replaced: 0, withdrawn: 1 });
    expect(snapshot.account).toMatchObject({ source: 1, gone: 1, inSnapshot: 1, withdrawn: 1 });
  });

  test('an asOf that goes back doubles nothing', async () => {
    const rows = [at(1, 0, 1), at(2, 0, 3), at(3, 0, 5)];
    const { snapshot } = await chain(
      BY_CONTENT,
      [4, { 'a.csv': rows }],
      [2, { 'a.csv': rows }],
      [6, { 'a.csv': rows }]
    );
    expect(snapshot.account).toMatchObject({ source: 3, inSnapshot: 3, late: 0, notYetKnown: 0 });
    expect(snapshot.batches.map(({ after, added }) => [after, added])).toEqual([
      [null, 1],
      [day(2), 2],
    ]);
  });
});

describe('without any clock', () => {
  const row = (id: number, value: number, at = 0): Row => ({ at, seen: undefined, id, value });

  async function twice(source: SourceDefinition, first: Record<string, readonly Row[]>, second: typeof first) {
    const ingestAsOf = async (files: typeof first, asOf: number, parent?: Ingested) => {
      const here = join(folder.path, `${asOf}`);
      mkdirSync(here, { recursive: true });
      const contents = new Map(Object.entries(files));
      return ingestFiles(
        { files: await filesIn(here, contents), format: 'csv', source, schema: SCHEMA, asOf: day(asOf), parent },
        context(here)
      );
    };
    return ingestAsOf(second, 5, await ingestAsOf(first, 2));
  }

  test('a row is always known: one that comes later is added, never late', async () => {
    const { snapshot } = await twice(
      NO_CLOCK,
      { 'a.csv': [row(1, 1)] },
      { 'a.csv': [row(1, 1)], 'b.csv': [row(2, 1), row(3, 1)] }
    );
    expect(snapshot.batches.map(({ added, late }) => [added, late])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(snapshot.account).toMatchObject({ source: 3, inSnapshot: 3, late: 0, notYetKnown: 0, quarantined: 0 });
    expect(snapshot.shards.map((shard) => [shard.minEventTime, shard.maxEventTime])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  test('of equal rows of one declared key one stands, and the others are counted as replaced', async () => {
    const keyed = { ...NO_CLOCK, key: ['id', 'value'] };
    const { snapshot } = await twice(
      keyed,
      { 'a.csv': [row(1, 1), row(1, 1), row(1, 0)] },
      { 'a.csv': [row(1, 1), row(1, 1), row(1, 0)], 'b.csv': [row(1, 1)] }
    );
    expect(snapshot.account).toMatchObject({ source: 4, inSnapshot: 2, replaced: 2 });
  });

  test('and without any rule every row that can be read stands', async () => {
    const here = join(folder.path, 'bare');
    mkdirSync(here);
    const files = await filesIn(
      here,
      new Map([['a.csv', [row(1, 1), row(1, -1), { ...row(1, 0), value: 'x' as const }]]])
    );
    const { snapshot, validation } = await ingestFiles(
      { files, format: 'csv', source: NO_CLOCK, schema: { ...SCHEMA, columns: [] }, asOf: day(1) },
      context(here)
    );
    expect(snapshot.account).toMatchObject({ source: 3, inSnapshot: 2, quarantined: 1 });
    expect(validation.map(({ rule }) => rule)).toEqual(['value: not an integer']);
  });

  test('the order is that of the keys', async () => {
    const { data } = await twice(
      NO_CLOCK,
      { 'a.csv': [row(1, 1), row(2, 1), row(3, 1), row(4, 1)] },
      { 'a.csv': [row(1, 1), row(2, 1), row(3, 1), row(4, 1)] }
    );
    const keys = (await sql(`SELECT __key::VARCHAR AS key FROM read_parquet('${data[0]!.data}')`)).map(
      ({ key }) => key
    );
    expect(keys).toEqual(keys.map(String).sort((a, b) => (a < b ? -1 : 1)));
    const { table, eventTime } = await loadColumns({ shards: data, columns: { id: 'integer' }, where: {} });
    expect([table.rows, eventTime]).toEqual([4, undefined]);
    expect((await loadColumns({ shards: data.toReversed(), columns: { id: 'integer' }, where: {} })).table).toEqual(
      table
    );
  });
});
