/** A vector(n) holds n finite numbers, kept to the bit; any other value is quarantined with a reason. */
import { join } from 'node:path';
import fc from 'fast-check';
import { columnTypeOf, type ColumnType } from '../../../src/domain/definition';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { watchedColumns } from '../../../src/engines/stats/watched-columns';
import { readWindow } from '../../../src/engines/monitor/window-table';
import { windowRelation } from '../../../src/engines/monitor/window-relation';
import { loadColumns } from '../../../src/engines/tables/load';
import { exportRows } from '../../../src/engines/tables/export';
import { ingestOrders, sql, type TestFolder, testFolder, write } from './files';
import { read } from './reading/read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const V3 = { v: 'vector(3)' } as const;
const values = (rows: readonly object[]) => rows.map((row) => (row as { readonly v: unknown }).v);
const plain = (value: unknown) =>
  value === null ? null : ((value as { readonly items?: readonly number[] }).items ?? value);
const reasons = (rows: readonly object[]) => rows.map((row) => (row as { readonly reason?: string }).reason);

test('a type is written with its width', () => {
  expect(columnTypeOf('vector(3)')).toBe('vector(3)');
  expect(columnTypeOf('vector( 4096 )')).toBe('vector(4096)');
  for (const text of ['vector', 'vector()', 'vector(0)', 'vector(4097)', 'vector(2,3)', 'vector(-1)', 'Vector(3)'])
    expect(columnTypeOf(text)).toBeUndefined();
});

test('CSV: a JSON array, and nothing else', async () => {
  const good = ['[1,2,3]', '[ -1.5e-3 , .5,  +2. ]', '', '[1e300,0,-0]'];
  const bad = [
    '[1,2]',
    '[1,2,3,4]',
    '[1,,3]',
    '[1,null,3]',
    '[1,NULL,3]',
    '[1,nan,3]',
    '[1,inf,3]',
    '[1,1e999,3]',
    '[1,x,3]',
    '[1,1_000,3]',
    '["1",2,3]',
    '1,2,3',
    '[[1,2,3]]',
    '[]',
    'null',
  ];
  const lines = [...good, ...bad].map((cell) => `"${cell.replaceAll('"', '""')}",x`);
  const file = write(folder.path, 'a.csv', ['v,t', ...lines].join('\n'));
  const rows = await read(file, { format: 'csv', columns: { ...V3, t: 'string' }, folder: folder.path });
  expect(values(rows).map(plain)).toEqual([[1, 2, 3], [-0.0015, 0.5, 2], null, [1e300, 0, 0], ...bad.map(() => null)]);
  expect(reasons(rows)).toEqual([...good.map(() => undefined), ...bad.map(() => 'v: not a vector(3)')]);
});

test('a decimal comma of numbers is none of vectors', async () => {
  const file = write(folder.path, 'a.csv', 'v;n\n[1.5,2,3];0,5\n');
  const csv = { delimiter: ';', decimal: ',' } as const;
  const columns = { ...V3, n: 'number' } as const;
  const [row] = (await read(file, { format: 'csv', columns, csv, folder: folder.path })) as readonly {
    v: unknown;
    n: number;
  }[];
  expect(plain(row!.v)).toEqual([1.5, 2, 3]);
  expect(row!.n).toBe(0.5);
});

test('JSON Lines: an array, or a text of one', async () => {
  const good = ['[1,2.5,-3e-2]', 'null', '"[1, 2, 3]"'];
  const bad = ['[1,2]', '[1,null,3]', '["1",2,3]', '[[1],2,3]', '{"x":1}', '7', '[true,1,2]', '[1,2,1e999]'];
  const lines = [...good, ...bad].map((value) => `{"v":${value}}`);
  const file = write(folder.path, 'a.jsonl', lines.join('\n'));
  const rows = await read(file, { format: 'jsonl', columns: V3, folder: folder.path });
  expect(values(rows).map(plain)).toEqual([[1, 2.5, -0.03], null, [1, 2, 3], ...bad.map(() => null)]);
  expect(reasons(rows)).toEqual([...good.map(() => undefined), ...bad.map(() => 'v: not a vector(3)')]);
});

test.each(['DOUBLE[]', 'DOUBLE[3]', 'FLOAT[3]', 'BIGINT[]', 'DECIMAL(4,1)[]'])(
  'Parquet: lists of type %s',
  async (type) => {
    const file = join(folder.path, 'a.parquet');
    await sql(`COPY (SELECT [1, 2, -3]::${type} AS v UNION ALL SELECT NULL) TO '${file}' (FORMAT parquet)`);
    const rows = await read(file, { format: 'parquet', columns: V3, folder: folder.path });
    expect(values(rows).map(plain)).toEqual([[1, 2, -3], null]);
    expect(reasons(rows)).toEqual([undefined, undefined]);
  }
);

test('Parquet: lists of other lengths, with gaps and with what is not finite; and columns of another type', async () => {
  const file = join(folder.path, 'a.parquet');
  const bad = ['[1, 2]', '[]', '[1, 2, 3, 4]', '[1, NULL, 3]', '[1, nan, 3]', '[1, inf, 3]', '[-inf, 1, 3]'];
  const each = bad.map((list, i) => `SELECT ${i} AS i, '${list}'::DOUBLE[] AS v`).join(' UNION ALL ');
  await sql(`COPY (SELECT v FROM (${each}) ORDER BY i) TO '${file}' (FORMAT parquet)`);
  const rows = await read(file, { format: 'parquet', columns: V3, folder: folder.path });
  expect(values(rows)).toEqual(bad.map(() => null));
  expect(reasons(rows)).toEqual(bad.map(() => 'v: not a vector(3)'));
  await sql(`COPY (SELECT ['a', 'b'] AS v) TO '${file}' (FORMAT parquet)`);
  await expect(read(file, { format: 'parquet', columns: V3, folder: folder.path })).rejects.toThrow(
    /MLOPS_COLUMN_TYPE.*vector\(3\)/
  );
});

const AT = { at: 'timestamp' } as const;
const clocks = { eventTime: 'at', knownAt: { column: 'at' } } as const;

async function ingested(vectors: readonly (string | null)[], type: ColumnType = 'vector(3)') {
  const lines = vectors.map((vector, i) =>
    JSON.stringify({ at: new Date(Date.UTC(2024, 0, 1, 0, i)).toISOString(), v: vector === null ? null : 'V' }).replace(
      '"V"',
      vector ?? 'null'
    )
  );
  write(folder.path, 'orders.jsonl', lines.join('\n'));
  const source = { columns: { ...AT, v: type }, ...clocks };
  return ingestOrders(folder.path, { format: 'jsonl', source, schema: { maxQuarantinedShare: 1 } });
}

test('a batch counts what it refuses, and its profile says how wide it is and what is missing', async () => {
  const { snapshot, profile } = await ingested(['[1,2,3]', '[1,2]', null, '[1,2,3]', '[4,5,null]', '[0,0,0]']);
  expect(snapshot.account).toMatchObject({ quarantined: 2, inSnapshot: 4 });
  expect(profile['v']).toEqual({ type: 'vector(3)', present: 3, missing: 1, distinct: 2, top: [] });
});

test('the key and the digest cover each number, and the sign of zero is none', async () => {
  const digestsOf = async (vector: string) => (await ingested([vector])).snapshot.shards[0]!.rowsDigest;
  const one = await digestsOf('[1,2,0]');
  expect(await digestsOf('[1.0,2e0,-0.0]')).toBe(one);
  expect(await digestsOf('[1,2,5e-324]')).not.toBe(one);
  expect(await digestsOf('[2,1,0]')).not.toBe(one);
});

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
/** As JSON writes no number: with the sign of a zero. */
const written = (x: number) => (Object.is(x, -0) ? '-0.0' : String(x));

test('numbers come back to the bit: JSON Lines, shards, memory, CSV and Parquet', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }).chain((width) =>
        fc.tuple(
          fc.constant(width),
          fc.array(fc.option(fc.array(finite, { minLength: width, maxLength: width })), {
            minLength: 1,
            maxLength: 30,
          })
        )
      ),
      async ([width, vectors]) => {
        const type: ColumnType = `vector(${width})`;
        const { data } = await ingested(
          vectors.map((vector) => vector && `[${vector.map(written).join(',')}]`),
          type
        );
        const missing = () => new Array<number>(width).fill(Number.NaN);
        // Minus zero is zero.
        const wanted = Float64Array.from(vectors.flatMap((vector) => vector?.map((x) => x + 0) ?? missing()));
        const { table } = await loadColumns({ shards: data, columns: { v: type }, where: {}, eventTime: 'at' });
        expect(table.columns['v']).toEqual({ type: 'vector', width, values: wanted });
        for (const format of ['csv', 'parquet'] as const) {
          const file = join(folder.path, `out.${format}`);
          const columns = { ...AT, v: type };
          const { missing: mark } = await exportRows({
            ...{ shards: data, columns, eventTime: 'at', keys: false, format, file, folder: folder.path },
          });
          const marks = mark === null ? [] : [mark];
          const back = await read(file, { format, columns, missing: marks, folder: folder.path });
          expect(reasons(back).every((reason) => reason === undefined)).toBe(true);
          expect(Float64Array.from(values(back).flatMap((v) => (plain(v) as number[] | null) ?? missing()))).toEqual(
            wanted
          );
        }
      }
    ),
    { numRuns: 15 }
  );
});

test('many rows, over several chunks, in another order than they are stored', async () => {
  const rows = 5_000;
  const { data } = await ingested(Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : `[${i},${-i},0.5]`)));
  const { table } = await loadColumns({ shards: data, columns: V3, where: {}, eventTime: 'at' });
  const wanted = Array.from({ length: rows }, (_, i) =>
    i % 7 === 0 ? [Number.NaN, Number.NaN, Number.NaN] : [i, -i, 0.5]
  );
  expect(table.columns['v']).toEqual({ type: 'vector', width: 3, values: Float64Array.from(wanted.flat()) });
});

test('drift in serving looks at its length', () => {
  const column = { type: 'vector', width: 2, values: Float64Array.of(3, 4, Number.NaN, Number.NaN, 0, 0) } as const;
  expect(watchedColumns({ rows: 3, columns: { v: column } }, ['v'])).toEqual([
    { name: 'v:length', values: { kind: 'number', values: Float64Array.of(5, Number.NaN, 0) } },
  ]);
});

test('a window of predictions has the same column, in memory and as a relation', async () => {
  const rows = [{ v: [1, 2, 0.1] }, { v: null }, {}].map((inputs) => JSON.stringify({ inputs, score: 0.5, at: 0 }));
  const file = write(folder.path, 'w.jsonl', rows.join('\n'));
  const { table } = await readWindow(file, V3, undefined, () => undefined);
  const none = [Number.NaN, Number.NaN, Number.NaN];
  expect(table.columns).toEqual({
    v: { type: 'vector', width: 3, values: Float64Array.from([1, 2, 0.1, ...none, ...none]) },
  });
  await withDatabase({ files: [file], folder: folder.path }, async (database) => {
    const found = await database.rows(`SELECT v::VARCHAR AS v FROM ${windowRelation(file, V3)}`);
    expect(found.map(({ v }) => v)).toEqual(['[1.0, 2.0, 0.1]', null, null]);
    expect(await database.rows(`SELECT v FROM ${windowRelation(undefined, V3)}`)).toEqual([]);
  });
});
