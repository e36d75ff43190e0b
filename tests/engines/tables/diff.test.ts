/**
 * What `mlops diff` says of two snapshots. As sets: a without what is removed, with what is added and changed, is b; the way back
 * is its mirror; equal shards are not read.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { columnTypes, privateColumns, type SourceDefinition } from '../../../src/domain/definition';
import { diffSnapshots, type SnapshotDiff, type ToCompare } from '../../../src/engines/tables/diff/diff';
import { compareRowsOf } from '../../../src/engines/tables/diff/row-changes';
import { artifactsToRead, unequalShards } from '../../../src/engines/tables/diff/unequal-shards';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { liveRows } from '../../../src/engines/tables/live-rows';
import { digestOfFile } from '../../../src/engines/tables/observe';
import { type Ingested, ingestFiles } from '../../support/ingested';
import { ANYTHING, type Columns, columnsOf, context, LATER, sql, type TestFolder, testFolder } from './files';

const COLUMNS = { at: 'timestamp', id: 'integer', value: 'number', name: 'string' } as const;
const BY_CONTENT: SourceDefinition = {
  name: 'events',
  reader: { file: { path: 'events', format: 'csv' } },
  missing: ['-'],
  columns: columnsOf(COLUMNS),
  eventTime: 'at',
  knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
};
const BY_KEY: SourceDefinition = { ...BY_CONTENT, key: ['id'] };
const SCHEMA = { ...ANYTHING, maxQuarantinedShare: 1, minRows: 0 };

type Line = readonly [at: string, id: string, value: string, name: string];
const line = (id: number, value = 1, name = 'x', day = id): Line => [
  new Date(Date.UTC(2024, 0, 1 + day)).toISOString(),
  String(id),
  String(value),
  name,
];

let folder: TestFolder;
let runs = 0;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

interface Options {
  readonly source?: SourceDefinition;
  readonly parent?: Ingested | undefined;
  /** Rows; one shard holds a few. */
  readonly header?: string;
}

/** Ingests files of these lines, each file by its name. */
async function taken(
  files: Readonly<Record<string, readonly (readonly string[])[]>>,
  options: Options = {}
): Promise<Ingested> {
  const { source = BY_KEY, parent, header = 'at,id,value,name' } = options;
  const own = join(folder.path, `${(runs += 1)}`);
  mkdirSync(own);
  const observed = Object.entries(files).map(async ([path, lines]) => {
    const local = join(own, path);
    writeFileSync(local, [header, ...lines.map((each) => each.join(','))].join('\n'));
    return { path, local, digest: await digestOfFile(local), bytes: 1 };
  });
  const input = { format: 'csv', schema: SCHEMA, asOf: LATER, rowsPerShard: 4, source, parent } as const;
  return ingestFiles({ ...input, files: await Promise.all(observed) }, context(own));
}

function compared({ snapshot, locals, profile }: Ingested, source: SourceDefinition = BY_KEY): ToCompare {
  const declared = { columns: columnTypes(source), privacy: privateColumns(source), eventTime: source.eventTime };
  const key = source.key === undefined ? {} : { key: source.key };
  return { body: { ...snapshot, ...declared, ...key, profile }, locals };
}

async function diff(a: ToCompare, b: ToCompare, most = 5): Promise<SnapshotDiff> {
  const own = join(folder.path, `diff-${(runs += 1)}`);
  mkdirSync(own);
  return diffSnapshots(a, b, { folder: own, most });
}

test('added, removed and changed rows by the declared key, the first of them with what changed', async () => {
  const a = await taken({ 'a.csv': [line(1), line(2), line(3), line(4, 5, 'old')] });
  const b = await taken({ 'b.csv': [line(2), line(3, 7), line(4, -1, 'new'), line(9, 0, 'é'), line(8)] });
  const found = await diff(compared(a), compared(b));
  expect(found).toMatchObject({
    by: ['id'],
    rows: { added: 2, removed: 1, changed: 2, moved: 0, same: 1 },
    changedBy: { value: 2, name: 1 },
    examples: {
      added: [
        { from: 'b.csv:4', row: { id: 8 } },
        { from: 'b.csv:3', row: { id: 9 } },
      ],
      removed: [{ from: 'a.csv:0', row: { id: 1 } }],
      changed: [
        { from: 'b.csv:1', row: { id: 3 }, columns: { value: { from: 1, to: 7 } } },
        { row: { id: 4 }, columns: { value: { from: 5, to: -1 }, name: { from: 'old', to: 'new' } } },
      ],
    },
    schema: { added: {}, removed: {}, changed: {} },
  });
  expect((await diff(compared(a), compared(b), 1)).examples.added).toHaveLength(1);
});

test('without a declared key equal rows count', async () => {
  const a = await taken({ 'a.csv': [line(1), line(1), line(1), line(2)] }, { source: BY_CONTENT });
  const b = await taken({ 'b.csv': [line(1), line(2), line(2, 3)] }, { source: BY_CONTENT });
  const found = await diff(compared(a, BY_CONTENT), compared(b, BY_CONTENT));
  expect(found).toMatchObject({ by: null, rows: { added: 1, removed: 2, changed: 0, same: 2 } });
  const at = '2024-01-03T00:00:00.000Z';
  expect(found.examples.added).toEqual([{ from: 'b.csv:2', row: { at, id: 2, value: 3, name: 'x' } }]);
});

test('rows that were in both are compared in the columns that both have; a column that came or went is said once', async () => {
  const wider: SourceDefinition = {
    ...BY_KEY,
    columns: columnsOf({ at: 'timestamp', id: 'integer', value: 'number', gate: 'string' }),
  };
  const a = await taken({ 'a.csv': [line(1), line(2), line(3)] });
  const b = await taken({ 'b.csv': [line(1), line(2, 5), line(4)] }, { source: wider, header: 'at,id,value,gate' });
  expect(await diff(compared(a), compared(b, wider))).toMatchObject({
    by: ['id'],
    rows: { added: 1, removed: 1, changed: 1, same: 1 },
    changedBy: { value: 1 },
    schema: { added: { gate: 'string' }, removed: { name: 'string' }, changed: {} },
  });
  const text: SourceDefinition = { ...BY_KEY, columns: columnsOf({ ...COLUMNS, value: 'string' }) };
  const other = await taken({ 'c.csv': [line(1), line(2), line(3)] }, { source: text });
  expect(await diff(compared(a), compared(other, text))).toMatchObject({
    rows: { added: 0, removed: 0, changed: 0, same: 3 },
    schema: { changed: { value: { from: 'number', to: 'string' } } },
  });
});

test('another key, or none: rows meet by their values', async () => {
  const a = await taken({ 'a.csv': [line(1), line(2), line(3)] });
  const b = await taken({ 'b.csv': [line(1), line(2, 5), line(3)] }, { source: BY_CONTENT });
  expect(await diff(compared(a), compared(b, BY_CONTENT))).toMatchObject({
    by: null,
    rows: { added: 1, removed: 1, changed: 0, same: 2 },
    schema: { key: { from: ['id'], to: null } },
  });
});

test('no column in common: all rows of one are gone, all of the other new', async () => {
  const other: SourceDefinition = {
    ...BY_CONTENT,
    eventTime: 'moment',
    columns: columnsOf({ moment: 'timestamp', number: 'integer', amount: 'number', word: 'string' }),
  };
  const a = await taken({ 'a.csv': [line(1), line(2)] }, { source: BY_CONTENT });
  const b = await taken({ 'b.csv': [line(1), line(2)] }, { source: other, header: 'moment,number,amount,word' });
  const found = await diff(compared(a, BY_CONTENT), compared(b, other));
  expect(found.rows).toEqual({ added: 2, removed: 2, changed: 0, moved: 0, same: 0 });
  expect(found.schema.eventTime).toEqual({ from: 'at', to: 'moment' });
});

test('a row that is the same, known at another moment, is counted apart', async () => {
  const later: SourceDefinition = { ...BY_KEY, knownAt: { eventTimePlus: { minutes: 5, minutesPer: {} } } };
  const a = await taken({ 'a.csv': [line(1), line(2)] });
  const b = await taken({ 'a.csv': [line(1), line(2, 9)] }, { source: later });
  expect((await diff(compared(a), compared(b))).rows).toEqual({ added: 0, removed: 0, changed: 1, moved: 1, same: 0 });
});

test('a private value is nowhere, in whichever of the two it is private', async () => {
  const secret = (columns: Columns): SourceDefinition => ({
    ...BY_KEY,
    key: ['id', 'name'],
    columns: columnsOf(columns),
  });
  const open = secret(COLUMNS);
  const closed = secret({
    ...COLUMNS,
    name: { type: 'string', privacy: true },
    value: { type: 'number', privacy: true },
  });
  const a = await taken({ 'a.csv': [line(1, 111_111, 'ana'), line(2, 222_222, 'ben')] }, { source: open });
  const b = await taken({ 'b.csv': [line(1, 333_333, 'ana'), line(3, 444_444, 'cem')] }, { source: closed });
  for (const [left, right] of [
    [compared(a, open), compared(b, closed)],
    [compared(b, closed), compared(a, open)],
  ] as const) {
    const found = await diff(left, right);
    expect(found).toMatchObject({ rows: { added: 1, removed: 1, changed: 1 }, changedBy: { value: 1 } });
    expect(JSON.stringify(found)).not.toMatch(/ana|ben|cem|[1-4]{6}/);
    expect(found.examples.changed[0]).toMatchObject({
      row: { id: 1, name: '…' },
      columns: { value: { from: '…', to: '…' } },
    });
  }
});

test('figures of the columns that differ', async () => {
  const a = await taken({ 'a.csv': [line(1, 1), line(2, 3)] });
  const b = await taken({ 'b.csv': [line(1, 1), line(2, 7), line(3, 7)] });
  const { statistics } = await diff(compared(a), compared(b));
  expect(statistics).toContainEqual({ column: 'value', figure: 'mean', a: 2, b: 5 });
  expect(statistics.filter(({ column, figure }) => column === 'value' && figure === 'min')).toEqual([]);
});

describe('equal shards are skipped', () => {
  const many = Array.from({ length: 60 }, (_, i) => line(i));

  test('a snapshot and itself: nothing is read', async () => {
    const a = await taken({ 'a.csv': many });
    expect(artifactsToRead(a.snapshot, a.snapshot)).toEqual({ a: [], b: [] });
    const found = await diff(compared(a), compared({ ...a, locals: {} }));
    expect(found).toMatchObject({
      rows: { added: 0, removed: 0, changed: 0, same: 60 },
      statistics: [],
      shards: { compared: 0, equal: a.snapshot.shards.length },
    });
  });

  test('what another ingest wrote of the same rows is equal, too', async () => {
    const a = await taken({ 'a.csv': many });
    const b = await taken({ 'b.csv': many.toReversed() });
    expect(artifactsToRead(a.snapshot, b.snapshot)).toEqual({ a: [], b: [] });
  });

  test('a child: its own shards alone, unless it removed rows of the parent', async () => {
    const parent = await taken({ 'a.csv': many });
    const child = await taken({ 'a.csv': many, 'b.csv': [line(70)] }, { parent });
    expect(artifactsToRead(parent.snapshot, child.snapshot)).toEqual({
      a: [],
      b: child.shards.map(({ name }) => name),
    });
    const corrected = await taken({ 'a.csv': many, 'b.csv': [line(3, 9)] }, { parent });
    const read = artifactsToRead(parent.snapshot, corrected.snapshot);
    expect(read.a).toEqual(parent.shards.map(({ name }) => name));
    expect(read.b).toContain('removed-00001');
    expect((await diff(compared(parent), compared(corrected))).rows).toMatchObject({ added: 0, changed: 1, same: 59 });
  });
});

describe('over any two sources', () => {
  const row = fc
    .record({ id: fc.nat(6), value: fc.nat(2), name: fc.constantFrom('x', 'é', '-'), day: fc.nat(2) })
    .map(({ id, value, name, day }) => line(id, value, name, day));
  const rows = fc.array(row, { maxLength: 14 });

  /** Values and moments of the live rows. */
  const all = `"at", id, value, name, __known_at`;
  const rowsOf = async (query: string) => sql(`SELECT ${all} FROM ${query} ORDER BY ALL`);

  test.each([
    ['by key', BY_KEY],
    ['by values', BY_CONTENT],
  ])('a with the differences is b, and the way back is the mirror: %s', async (_, source) => {
    await fc.assert(
      fc.asyncProperty(rows, rows, fc.boolean(), async (first, second, grown) => {
        const a = await taken({ 'a.csv': first.length === 0 ? [line(1)] : first }, { source });
        const files = { 'a.csv': first.length === 0 ? [line(1)] : first, 'b.csv': second };
        const whole = { 'b.csv': second.length === 0 ? [line(2)] : second };
        const b =
          grown && second.length > 0 ? await taken(files, { source, parent: a }) : await taken(whole, { source });
        await expectApplies(a, b, source);
        const [there, back] = [
          await diff(compared(a, source), compared(b, source)),
          await diff(compared(b, source), compared(a, source)),
        ];
        expect(back.rows).toEqual({ ...there.rows, added: there.rows.removed, removed: there.rows.added });
        expect(there.rows.same + there.rows.changed + there.rows.moved + there.rows.added).toBe(b.snapshot.rows);
        expect(back.changedBy).toEqual(there.changedBy);
        expect(back.examples.added).toEqual(there.examples.removed);
        const none = await diff(compared(a, source), compared(a, source));
        expect(none.rows).toEqual({ added: 0, removed: 0, changed: 0, moved: 0, same: a.snapshot.rows });
      }),
      { numRuns: 25 }
    );
  });

  async function expectApplies(a: Ingested, b: Ingested, source: SourceDefinition): Promise<void> {
    const shards = unequalShards(a.snapshot, b.snapshot, a.locals, b.locals);
    const [left, right] = [compared(a, source).body, compared(b, source).body];
    const files = [...a.data, ...b.data].flatMap(({ data, removed }) => [data, ...removed]);
    const differences = await withDatabase({ files: [...new Set(files)] }, async (database) => {
      await compareRowsOf(database, { ...left, shards: shards.a }, { ...right, shards: shards.b });
      return database.rows('SELECT key_a::VARCHAR AS a, key_b::VARCHAR AS b FROM differences');
    });
    const keys = (side: 'a' | 'b') =>
      ["'none'", ...differences.flatMap((each) => (each[side] === null ? [] : [`'${each[side] as string}'`]))].join(
        ', '
      );
    const columns = ['__key', ...all.split(', ')];
    const [had, has] = [liveRows(a.data, columns), liveRows(b.data, columns)];
    const applied = `(SELECT * FROM ${had} WHERE __key::VARCHAR NOT IN (${keys('a')})
      UNION ALL SELECT * FROM ${has} WHERE __key::VARCHAR IN (${keys('b')}))`;
    expect(await rowsOf(applied)).toEqual(await rowsOf(has));
  }
});
