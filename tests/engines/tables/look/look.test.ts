/** Figures of small files whose right values are plain to see. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { withDatabase } from '../../../../src/engines/tables/duckdb';
import type { TableFigures, TargetFigures } from '../../../../src/engines/tables/look/figures';
import { lookAt } from '../../../../src/engines/tables/look/look';
import type { LookedFormat } from '../../../../src/engines/tables/look/raw-table';
import { targetFigures } from '../../../../src/engines/tables/look/separation';
import { read as readAsIngest } from '../reading/read';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-look-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function look(content: string | Buffer, format: LookedFormat = 'csv'): Promise<TableFigures> {
  const file = join(folder, `table.${format}`);
  await writeFile(file, content);
  return lookAt({ file, format }, ({ database, ...figures }) => {
    expect(database).toBeDefined();
    return Promise.resolve(figures);
  });
}

async function answers(content: string, column: number, value: number): Promise<TargetFigures> {
  const file = join(folder, 'answers.csv');
  await writeFile(file, content);
  return lookAt({ file, format: 'csv' }, ({ database, columns }) =>
    targetFigures(database, columns, { column, asks: 'condition', op: '>', value, decimal: '.' })
  );
}

const rows = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => row(i)).join('\n');

test('counts, marks, types and the most frequent values', async () => {
  const { columns, ...all } = await look(
    `n,x,when,code,b,s\n1,1.5,2024-01-01,007,true,a\n2,NA,2024-01-02,012,false,b b\n2,2.5,2024-01-03,100,true,a\n`
  );
  expect(all).toMatchObject({ rows: 3, cut: false, repeated: 0, dialect: { delimiter: ',', header: true } });
  const [n, x, when, code, b, s] = columns;
  expect(n).toMatchObject({ name: 'n', present: 3, distinct: 2, integers: 3, top: [{ value: '2', count: 2 }, {}] });
  expect(x).toMatchObject({ present: 2, marks: [{ value: 'NA', count: 1 }], numbers: 2, integers: 0 });
  expect(x?.numeric).toMatchObject({ min: 1.5, max: 2.5, zeros: 0, leastAboveZero: 1.5 });
  expect(when?.times[0]).toMatchObject({ format: 'iso', read: 3, max: '2024-01-03T00:00:00.000Z', step: 'day' });
  expect(code).toMatchObject({ leadingZeros: 2 });
  expect(b).toMatchObject({ booleans: 3 });
  expect(s).toMatchObject({ meanLength: (1 + 3 + 1) / 3, withBlanks: 1 / 3 });
});

test.each([
  ['semicolons and decimal commas', Buffer.from('a;b\n1,5;x\n2,5;y\n'), { delimiter: ';', encoding: 'utf-8' }],
  ['Latin-1', Buffer.from('Größe;b\n1;x\n2;y\n', 'latin1'), { encoding: 'windows-1252' }],
  ['UTF-16', Buffer.from('\uFEFFGröße;b\n1;x\n2;y\n', 'utf16le'), { encoding: 'utf-16' }],
  ['tabs', Buffer.from('a\tb\n1\tx\n2\ty\n'), { delimiter: '\t' }],
  ['blanks after commas', Buffer.from('a, b\n1, x\n2, y\n'), { trim: true }],
  ['gzip', gzipSync('a;b\n1;x\n2;y\n'), { delimiter: ';', encoding: 'utf-8' }],
  ['gzip of Windows-1252', gzipSync(Buffer.from('Größe;b\n1;x\n2;y\n', 'latin1')), { encoding: 'windows-1252' }],
  ['no header', Buffer.from('1,2\n3,4\n5,6\n'), { header: false }],
])('CSV with %s', async (_, content, dialect) => {
  const figures = await look(content);
  expect(figures.dialect).toMatchObject(dialect);
  expect(figures.columns.map(({ present }) => present)).toEqual(figures.columns.map(() => figures.rows));
});

test('numbers are those that an ingest reads', async () => {
  const { dialect, columns } = await look(
    `comma;thousands;point;long;longer;marked;some\n${rows(20, (i) => `${i},5;1.0${10 + i},50;${i}.5;9007199254740${993 + i * 2};92233720368547758070${i % 10};$${i}.5;${i < 18 ? `${i},0` : 'k.A.'}`)}\n`
  );
  expect(dialect).toMatchObject({ decimal: ',' });
  expect(columns.map(({ name, integers, numbers }) => [name, integers, numbers])).toEqual([
    ['comma', 0, 20],
    ['thousands', 0, 0],
    ['point', 0, 0],
    ['long', 20, 20],
    ['longer', 0, 20],
    ['marked', 0, 0],
    ['some', 18, 18],
  ]);
  expect(columns[0]?.numeric).toMatchObject({ min: 0.5, max: 19.5 });
  expect(columns.map(({ longNumbers }) => longNumbers)).toEqual([0, 0, 0, 0, 20, 0, 0]);
  expect(columns.map(({ markedNumbers }) => markedNumbers)).toEqual([20, 20, 20, 20, 20, 20, 18]);
  expect(columns.at(-1)?.notNumbers).toEqual([{ value: 'k.A.', count: 2 }]);
});

test('times in two formats are known by both', async () => {
  const day = (i: number) => String(1 + (i % 28)).padStart(2, '0');
  const { columns } = await look(
    `a,b\n${rows(60, (i) => `${i % 3 === 0 ? `2024-01-${day(i)}` : `${day(i)}/01/2024`},${i % 3 === 0 ? `2024-01-${day(i)}` : `word ${i}`}`)}\n`
  );
  expect(columns.map(({ times, mixedTimes }) => [times, mixedTimes])).toEqual([
    [[], ['%d/%m/%Y', 'iso']],
    [[], undefined],
  ]);
});

test('1,234 may be one thousand and some: alone it declares no decimal comma', async () => {
  const { dialect, columns } = await look(`a;b\n${rows(20, (i) => `${1 + i},234;x`)}\n`);
  expect(dialect).toMatchObject({ decimal: '.' });
  expect(columns[0]).toMatchObject({ numbers: 0, markedNumbers: 20 });
});

test('a target and what goes with it, by numbers with a comma', async () => {
  const file = join(folder, 'comma.csv');
  await writeFile(file, `y;twice\n${rows(50, (i) => `${i},5;${i * 2},25`)}\n`);
  const {
    answers: counts,
    follows,
    separates,
  } = await lookAt({ file, format: 'csv' }, ({ database, columns }) =>
    targetFigures(database, columns, { column: 0, asks: 'condition', op: '>', value: 9.5, decimal: ',' })
  );
  expect(counts).toEqual([
    { value: 'no', count: 10 },
    { value: 'yes', count: 40 },
  ]);
  expect(separates[1]).toBe(1);
  expect(follows[1]?.target).toBeCloseTo(1, 12);
});

test('rows of another width do not hide the delimiter', async () => {
  const { dialect, columns, ...all } = await look(
    `id,x,y\n${rows(300, (i) => (i === 77 ? '1,2,3,4,5' : `${i},1,2`))}\n9\n`
  );
  expect(dialect).toMatchObject({ delimiter: ',', header: true });
  expect([columns.map(({ name }) => name), all.rows]).toEqual([['id', 'x', 'y'], 301]);
});

test('nor does a row with fewer fields, with CR LF', async () => {
  const content = `Nr;Größe;Ort;Ja\r\n${rows(300, (i) => `A-${i};${i},5;${i % 50 === 0 ? 'k.A.' : 'Köln'};ja`).replaceAll('\n', '\r\n')}\r\nA-9;1,5;Bonn\r\n`;
  const { dialect, columns } = await look(Buffer.from(content, 'latin1'));
  expect(dialect).toMatchObject({ delimiter: ';', decimal: ',', encoding: 'windows-1252' });
  expect(columns.map(({ name }) => name)).toEqual(['Nr', 'Größe', 'Ort', 'Ja']);
});

test('Parquet, also packed', async () => {
  const file = join(folder, 'rows.parquet');
  await withDatabase({ files: [], folder }, (database) =>
    database.run(`COPY (SELECT 1 AS a, 'x' AS s, 1.5::DECIMAL(12, 2) AS d) TO '${file}'`)
  );
  for (const content of [await readFile(file), gzipSync(await readFile(file))]) {
    const { columns } = await look(content, 'parquet');
    expect(columns.map(({ name, stored, decimal }) => [name, stored, decimal])).toEqual([
      ['a', 'integer', undefined],
      ['s', 'string', undefined],
      ['d', 'number', 'decimal(12,2)'],
    ]);
  }
});

test.each(['latin1', 'utf16le'] as const)('a header in %s keeps its letters', async (encoding) => {
  const { columns } = await look(Buffer.from(`${encoding === 'latin1' ? '' : '\uFEFF'}Größe;b\n1;x\n2;y\n`, encoding));
  expect(columns.map(({ name }) => name)).toEqual(['Größe', 'b']);
});

test('a JSON array and JSON Lines are read alike; a column of texts and numbers is text', async () => {
  const objects = [
    { 'US Gross': 1, t: 'Jun 12 1998', m: 'x' },
    { 'US Gross': null, t: 'Aug 07 1998', m: 1776 },
  ];
  const lines = await look(objects.map((object) => JSON.stringify(object)).join('\n'), 'jsonl');
  const array = await look(JSON.stringify(objects, undefined, 2), 'jsonl');
  expect(array).toEqual(lines);
  expect(array.columns.map(({ name, present }) => [name, present])).toEqual([
    ['US Gross', 1],
    ['t', 2],
    ['m', 2],
  ]);
  expect(array.columns[1]?.times[0]?.format).toBe('%b %d %Y');
  expect(array.columns[2]?.top.map(({ value }) => value)).toEqual(['1776', 'x']);
});

test('the smallest sets of columns that name a row; measured values are none', async () => {
  const { unique } = await look(
    `city,year,sales,share\n${rows(40, (i) => `${i % 4 === 0 ? 'a' : `c${i % 4}`},${2000 + Math.floor(i / 4)},5,${i}.5`)}\n`
  );
  expect(unique).toEqual([[0, 1]]);
});

describe('a moment in several columns', () => {
  test('year and month are one, and a key with a city', async () => {
    const months = rows(
      48,
      (i) => `${i % 2 === 0 ? 'a' : 'b'},${2000 + Math.floor(i / 24)},${(Math.floor(i / 2) % 12) + 1}`
    );
    const { columns, unique } = await look(`city,year,month\n${months}\n`);
    expect(columns[3]).toMatchObject({ name: 'year_month', parts: [1, 2], present: 48, distinct: 24 });
    expect(columns[3]?.times).toEqual([
      expect.objectContaining({ format: '%Y %m', step: 'month', min: '2000-01-01T00:00:00.000Z', read: 48 }),
    ]);
    expect(unique).toEqual([[0, 3]]);
  });

  test.each([
    ['a date and an hour', 'date,hour\n2024-01-01,0\n2024-01-01,13\n', '%Y-%m-%d %H', 'hour'],
    ['a date and a time', 'date,time\n2024-01-01,0:00\n2024-01-01,13:05\n', 'iso', 'moment'],
    ['year, month and day', 'year,month,day,x\n2024,2,1,a\n2024,2,28,b\n', '%Y %m %d', 'day'],
    ['names of months', 'year,month\n2024,Jan\n2024,Dec\n', '%Y %b', 'month'],
  ])('%s', async (_, content, format, step) => {
    const { columns } = await look(content);
    expect(columns.at(-1)).toMatchObject({ parts: expect.any(Array), times: expect.any(Array) });
    expect(columns.at(-1)?.times[0]).toMatchObject({ format, step });
  });

  test.each([
    ['a column says as much alone', 'at,year,month\n2024-01-01 10:00,2024,1\n2024-02-01 11:00,2024,2\n'],
    ['months of another count', 'year,month\n2024,1\n2024,14\n2024,15\n'],
    ['a month without a year', 'month,x\n1,a\n2,b\n'],
  ])('none where %s', async (_, content) => {
    const { columns } = await look(content);
    expect(columns.map(({ parts }) => parts)).toEqual(columns.map(() => undefined));
  });
});

test('what goes with the number that is asked about, and with time', async () => {
  const file = join(folder, 'follows.csv');
  const body = rows(100, (i) => `${(i * 37) % 101},${((i * 37) % 101) ** 2},${-i},${(i * 53) % 97},${2000 + i} 1`);
  await writeFile(file, `y,square,back,noise,at\n${body}\n`);
  const { follows } = await lookAt({ file, format: 'csv' }, ({ database, columns }) =>
    targetFigures(
      database,
      columns,
      { column: 0, asks: 'condition', op: '>', value: 50, decimal: '.' },
      { column: 4, format: '%Y %m' }
    )
  );
  expect(follows[1]?.target).toBeCloseTo(1, 12);
  expect(follows[2]?.time).toBeCloseTo(-1, 12);
  expect(Math.abs(follows[3]?.target ?? 1)).toBeLessThan(0.3);
  expect(Math.abs(follows[3]?.time ?? 1)).toBeLessThan(0.3);
  expect(follows[0]?.target).toBeUndefined();
});

test('rows that are equal to an earlier one', async () => {
  expect(await look('a,b\n1,x\n1,x\n2,y\n1,x\n')).toMatchObject({ rows: 4, repeated: 2, unique: [] });
});

test('how far a column alone answers the question', async () => {
  const {
    answers: counts,
    unknown,
    separates,
  } = await answers(
    `y,same,noise,group,id\n${rows(200, (i) => `${i === 0 ? '' : i},${i * 2},${(i * 37) % 101},${i > 99 ? 'late' : 'early'},v${i}`)}\n`,
    0,
    99
  );
  expect({ counts, unknown }).toEqual({
    counts: [
      { value: 'no', count: 99 },
      { value: 'yes', count: 100 },
    ],
    unknown: 1,
  });
  expect(separates[0]).toBeUndefined();
  expect(separates[1]).toBe(1);
  expect(separates[2]).toBeLessThan(0.65);
  expect(separates[3]).toBe(1);
  expect(separates[4]).toBeUndefined();
});

test('of a number that is asked for: the rank correlation, and rows without one', async () => {
  const file = join(folder, 'number.csv');
  const body = rows(200, (i) => `${i === 3 ? '' : i},${-i},${(i * 37) % 101},${i % 3 === 0 ? 'a' : 'b'}`);
  await writeFile(file, `y,back,noise,group\n${body}\n`);
  const found = await lookAt({ file, format: 'csv' }, ({ database, columns }) =>
    targetFigures(database, columns, { column: 0, asks: 'number', decimal: '.' })
  );
  expect(found).toMatchObject({ answers: [{ value: 'labelled', count: 199 }], unknown: 1 });
  expect(found.separates[1]).toBeCloseTo(1, 12);
  expect(found.separates[2]).toBeLessThan(0.7);
  expect(found.separates[3]).toBeUndefined();
});

test('of one of several classes: how often the best guess by a value is right', async () => {
  const file = join(folder, 'classes.csv');
  const kind = (i: number) => ['red', 'green', 'blue'][i % 3]!;
  const body = rows(
    300,
    (i) => `${i < 2 ? '' : kind(i)},${kind(i)[0]},${(i % 3) * 10},${(i * 37) % 101},${(i % 3) + i / 1000},t${i}`
  );
  await writeFile(file, `y,letter,code,noise,close,id\n${body}\n`);
  const found = await lookAt({ file, format: 'csv' }, ({ database, columns }) =>
    targetFigures(database, columns, { column: 0, asks: 'class', classes: ['blue', 'green', 'red'], decimal: '.' })
  );
  expect(found.answers).toEqual([
    { value: 'blue', count: 100 },
    { value: 'green', count: 99 },
    { value: 'red', count: 99 },
  ]);
  expect(found.unknown).toBe(2);
  expect(found.separates[1]).toBe(1);
  expect(found.separates[2]).toBe(1);
  expect(found.separates[3]).toBeLessThan(0.75);
  expect(found.separates[4]).toBeGreaterThan(0.9);
  expect(found.separates[5]).toBeUndefined();
});

test.each([
  ['a file without a row', 'a,b\n', 'csv', 'MLOPS_SOURCE_EMPTY'],
  ['what is not JSON', '{"a": 1}\n{"a": \n', 'jsonl', 'MLOPS_SOURCE_UNREADABLE'],
  ['what is not Parquet', 'PAR1 and nothing more', 'parquet', 'MLOPS_SOURCE_UNREADABLE'],
  [
    'mostly UTF-8, and a line that is not',
    Buffer.concat([Buffer.from('a,b\né,Åse\n'), Buffer.from('\xe9,x\n', 'latin1')]),
    'csv',
    'MLOPS_SOURCE_UNREADABLE',
  ],
  ['a quote that is never closed', 'a,b\n1,x\n2,"y\n3,z\n', 'csv', 'MLOPS_SOURCE_UNREADABLE'],
  ['the same, packed', gzipSync('a,b\n1,x\n2,"y\n3,z\n'), 'csv', 'MLOPS_SOURCE_UNREADABLE'],
  ['a gzip stream that is cut short', gzipSync(rows(9_999, String)).subarray(0, 60), 'csv', 'MLOPS_SOURCE_UNREADABLE'],
] as const)('%s is refused, and the file is named', async (_, content, format, code) => {
  const file = join(folder, `table.${format}`);
  await expect(look(content, format)).rejects.toMatchObject({ code, where: { file } });
});

test.each([
  ['one', 'Sales of 2024\n', 1],
  ['one and an empty line', 'Sales of 2024\n\n', 2],
  ['two, with a comma', 'Sales, of 2024\nSource: the office\n', 2],
  ['notes', '# Sales of 2024\n# a count is whole\n', 2],
])('titles above the header (%s) are skipped, and by an ingest too', async (_, titles, skip) => {
  const content = `${titles}id,share,kind\n${rows(50, (i) => `${i},${i}.5,${'xyz'[i % 3]!}`)}\n`;
  const { dialect, columns, ...all } = await look(content);
  expect([dialect, all.rows]).toMatchObject([{ skip, header: true, delimiter: ',' }, 50]);
  expect(columns.map(({ name, present }) => [name, present])).toEqual(
    ['id', 'share', 'kind'].map((name) => [name, 50])
  );
  const types = { id: 'integer', share: 'number', kind: 'string' } as const;
  const read = await readAsIngest(join(folder, 'table.csv'), { format: 'csv', columns: types, csv: { skip }, folder });
  expect(read).toHaveLength(50);
  expect(read[0]).toEqual({ id: 0n, share: 0.5, kind: 'x' });
});

describe('arrays of numbers', () => {
  const vectors = (figures: TableFigures) => figures.columns.map((column) => column.vectors);

  test('in CSV and JSON Lines: how wide they are, and how many an ingest reads', async () => {
    const cells = ['[1, 2.5]', '[ -1e-3,.5 ]', '[1,2,3]', '[1,x]', '[1,null]', '[]'];
    expect(vectors(await look(`v,n,t\n${cells.map((cell) => `"${cell}",1,[a]`).join('\n')}\n`))).toEqual([
      { width: 2, count: 2 },
      undefined,
      undefined,
    ]);
    const lines = rows(20, (i) => `{"v":[${i},0.5,1e-7],"w":[[1]],"t":["a"],"s":"[${i}]"}`);
    expect(vectors(await look(lines, 'jsonl'))).toEqual([
      { width: 3, count: 20 },
      undefined,
      undefined,
      { width: 1, count: 20 },
    ]);
  });

  test.each(['DOUBLE[]', 'FLOAT[3]', 'BIGINT[]'])('in Parquet: %s, and no candidate for a key', async (type) => {
    const file = join(folder, 'vectors.parquet');
    await withDatabase({ files: [], folder }, (database) =>
      database.run(
        `COPY (SELECT [i, 2, 3]::${type} AS v, i % 5 AS n FROM range(30) r(i)) TO '${file}' (FORMAT parquet)`
      )
    );
    const figures = await look(await readFile(file), 'parquet');
    expect(vectors(figures)).toEqual([{ width: 3, count: 30 }, undefined]);
    expect(figures.unique).toEqual([]);
  });
});

describe('texts', () => {
  const many = (count: number, each: number) => look(`v\n${rows(count * each, (i) => `k${i % count}`)}\n`);

  test('all values, where there are 11 to 100 and each is in ten rows or more', async () => {
    expect((await many(100, 10)).columns[0]?.kinds).toEqual(Array.from({ length: 100 }, (_, i) => `k${i}`).toSorted());
    for (const figures of [many(10, 10), many(101, 10), many(11, 9)])
      expect((await figures).columns[0]?.kinds).toBeUndefined();
  });

  test('the share of the words that are the 256 most frequent', async () => {
    // 300 texts of two words, of which one is the same in all: with it 255 others are frequent.
    const { columns } = await look(`v,n\n${rows(600, (i) => `"Und word${i % 300} ${'-'.repeat(60)}",${i}`)}\n`);
    expect(columns[0]?.distinct).toBe(300);
    expect(columns[0]?.frequentWords).toBeCloseTo((300 + 255) / 600, 12);
    expect(columns[1]?.frequentWords).toBeUndefined();
  });
});
