import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CsvDialect } from '../../../../src/domain/definition';
import { type Columns, type TestFolder, testFolder, write } from '../files';
import { read } from './read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const csv = (content: string | Uint8Array, columns: Columns, dialect: Partial<CsvDialect> = {}, missing?: string[]) =>
  read(write(folder.path, 'a.csv', content), {
    format: 'csv',
    columns,
    csv: dialect,
    folder: folder.path,
    ...(missing === undefined ? {} : { missing }),
  });

const AB = { a: 'string', b: 'integer' } as const;
const TWO = [
  { a: 'x', b: 1n },
  { a: 'y', b: 2n },
];

describe('columns are found by their names, whatever else the file holds', () => {
  test.each([
    ['an index column without a name', ',a,b\n0,x,1\n1,y,2\n'],
    ['a delimiter at each line’s end', 'a,b,\nx,1,\ny,2,\n'],
    ['a delimiter at each row’s end', 'a,b\nx,1,\ny,2,\n'],
    ['other columns that are there twice', 'note,a,note,b\n,x,,1\n,y,,2\n'],
    ['other columns that differ in case', 'Note,a,note,b,A\n,x,,1,\n,y,,2,\n'],
    ['names of DuckDB’s own', 'file_row_number,a,filename,b,json\n7,x,7,1,7\n7,y,7,2,7\n'],
    ['another order', 'b,a\n1,x\n2,y\n'],
    ['a byte order mark', '\ufeffa,b\nx,1\ny,2\n'],
    ['CR LF', 'a,b\r\nx,1\r\ny,2\r\n'],
    ['CR', 'a,b\rx,1\ry,2\r'],
    ['no line end after the last row', 'a,b\nx,1\ny,2'],
    ['empty lines', '\na,b\n\nx,1\n\n\ny,2\n\n'],
    ['quotes', '"a","b"\n"x","1"\n"y","2"\n'],
  ])('%s', async (_, content) => {
    expect(await csv(content, AB)).toEqual(TWO);
  });

  test('by another name, with any characters, also as two columns', async () => {
    const columns = {
      celsius: { type: 'number', from: 'Temp (°C)' },
      text: { type: 'string', from: 'Temp (°C)' },
      at: { type: 'string', from: 'a\nb' },
    } as const;
    expect(await csv('"Temp (°C)","a\nb"\n1.5,now\n', columns)).toEqual([{ celsius: 1.5, text: '1.5', at: 'now' }]);
  });

  test('of more columns than fit at once', async () => {
    const names = Array.from({ length: 1_500 }, (_, i) => `c${i}`);
    expect(
      await csv(`${names.join(',')}\n${names.map((_, i) => i).join(',')}\n`, { c0: 'integer', c1499: 'integer' })
    ).toEqual([{ c0: 0n, c1499: 1_499n }]);
  });

  test('not one that is declared and there twice', async () => {
    await expect(csv('a,b,a\nx,1,y\n', AB)).rejects.toThrow(
      /COLUMN_AMBIGUOUS.*twice.*column=a.*reader\.file\.csv\.header/
    );
  });

  test.each([
    ['c', 'Fix the file'],
    [' B', 'The file has " B": declare it as from'],
    ['B', 'The file has "B": declare it as from'],
  ])('not one that is missing, %j stands there', async (name, fix) => {
    await expect(csv(`a,${name}\nx,1\n`, AB)).rejects.toThrow(new RegExp(`COLUMN_MISSING.*column=b, found=a.*${fix}`));
  });

  test.each([
    ['nothing but a header', 'a,b\n'],
    ['nothing but empty lines', '\n\n'],
  ])('not in a file with %s', async (_, content) => {
    await expect(csv(content, AB)).rejects.toThrow(/SOURCE_EMPTY|COLUMN_MISSING/);
  });
});

describe('a dialect', () => {
  test.each<[string, string, Partial<CsvDialect>]>([
    ['semicolons', 'a;b\nx;1\ny;2\n', { delimiter: ';' }],
    ['tabs', 'a\tb\nx\t1\ny\t2\n', { delimiter: '\t' }],
    ['two characters', 'a||b\nx||1\ny||2\n', { delimiter: '||' }],
    ['single quotes', "'a','b'\n'x','1'\n'y','2'\n", { quote: "'", escape: "'" }],
    ['a list of names', 'x,1\ny,2\n', { header: ['a', 'b'] }],
    ['lines to skip', '# a "comment\n\nb is a count\na,b\nx,1\ny,2\n', { skip: 3 }],
    ['blanks around fields', 'a , b\n x, 1\ny ,\t2\n', { trim: true }],
  ])('with %s', async (_, content, dialect) => {
    expect(await csv(content, AB, dialect)).toEqual(TWO);
  });

  test('without a header has names by position', async () => {
    const columns = { a: { type: 'string', from: 'column0' }, b: { type: 'integer', from: 'column1' } } as const;
    expect(await csv('x,1\ny,2\n', columns, { header: false })).toEqual(TWO);
  });

  test('with backslashes, or without quotes', async () => {
    expect(await csv('a,b\n"x\\"y",1\n', AB, { escape: '\\' })).toEqual([{ a: 'x"y', b: 1n }]);
    expect(await csv('a,b\n"x,1\n5" pipe,2\n', AB, { quote: '', escape: '' })).toEqual([
      { a: '"x', b: 1n },
      { a: '5" pipe', b: 2n },
    ]);
  });

  test('with decimal commas', async () => {
    const columns = { a: 'number', b: 'integer' } as const;
    const rows = await csv('a;b\n1,5;2,0\n-,5;1e3\n1.5;1.0\n', columns, { delimiter: ';', decimal: ',' });
    expect(rows).toEqual([
      { a: 1.5, b: 2n },
      { a: -0.5, b: 1_000n },
      { a: null, b: null, unparsed: { a: '1.5', b: '1.0' }, reason: 'a: not a number; b: not an integer' },
    ]);
  });

  test('takes blanks for what they are unless it trims: for all types alike', async () => {
    const columns = { s: 'string', i: 'integer', n: 'number', t: 'timestamp', b: 'boolean' } as const;
    const content = 's,i,n,t,b\n north, 1, 1.5, 2024-01-01, true\n';
    expect(await csv(content, columns, { trim: true })).toEqual([
      { s: 'north', i: 1n, n: 1.5, t: '2024-01-01 00:00:00', b: true },
    ]);
    expect(await csv(content, columns)).toEqual([
      expect.objectContaining({ s: ' north', unparsed: { i: ' 1', n: ' 1.5', t: ' 2024-01-01', b: ' true' } }),
    ]);
  });
});

describe('an encoding', () => {
  const text = 'a,b\nØystein é,1\n';
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
  test.each<[string, Uint8Array, Partial<CsvDialect>]>([
    ['latin-1', Buffer.from(text, 'latin1'), { encoding: 'windows-1252' }],
    ['UTF-16 that says so', utf16, {}],
    ['UTF-16 of the other order', Buffer.from(utf16).swap16(), {}],
    ['UTF-16 that is declared', utf16.subarray(2), { encoding: 'utf-16le' }],
    ['gzip under any name', gzipSync(text), {}],
    ['gzip of two parts', Buffer.concat([gzipSync(text.slice(0, 3)), gzipSync(text.slice(3))]), {}],
    ['gzip of latin-1', gzipSync(Buffer.from(text, 'latin1')), { encoding: 'windows-1252' }],
  ])('of %s', async (_, content, dialect) => {
    expect(await csv(content, AB, dialect)).toEqual([{ a: 'Øystein é', b: 1n }]);
  });

  test.each<[string, Uint8Array, Partial<CsvDialect>, RegExp]>([
    [
      'mixed',
      Buffer.concat([Buffer.from(`${text}ø,1\n`), Buffer.from('\xe9,2\n', 'latin1')]),
      {},
      /SOURCE_UNREADABLE: Some bytes are not UTF-8.*line=4.*encoding/,
    ],
    [
      'another',
      Buffer.from('a,b\nx,1\n\xff\xff,2\n', 'latin1'),
      { encoding: 'shift_jis' },
      /SOURCE_UNREADABLE: Some bytes are not shift_jis.*line=3/,
    ],
    [
      'cut gzip',
      gzipSync(`${text}${'y,2\n'.repeat(10_000)}`).subarray(0, 60),
      {},
      /SOURCE_UNREADABLE: The gzip stream is cut short or damaged/,
    ],
  ])('that is %s is refused', async (_, content, dialect, said) => {
    await expect(csv(content, AB, dialect)).rejects.toThrow(said);
  });
});

test('an error about a packed file names the file, not the copy that was read', async () => {
  const file = join(folder.path, 'a.csv');
  await expect(csv(gzipSync('a,c\nx,1\n'), AB)).rejects.toMatchObject({
    code: 'MLOPS_COLUMN_MISSING',
    where: { file },
  });
});

describe('a value', () => {
  test('is missing where it is one of the marks', async () => {
    const marks = ['', 'NA', 'NULL', '?', '-', 'None', '#N/A', 'n/a', '<NA>', 'nan'];
    const columns = { a: 'number', s: 'string', own: { type: 'string', missing: ['none'] } } as const;
    const content = `a,s,own\n${marks.map((mark) => `${mark},${mark},${mark}`).join('\n')}\n1,x,none\n`;
    const rows = await csv(content, columns, {}, marks);
    expect(rows).toEqual([...marks.map((own) => ({ a: null, s: null, own })), { a: 1, s: 'x', own: null }]);
  });

  test('is kept aside where it is no such value, and the file’s other rows are read', async () => {
    const columns = { i: 'integer', n: 'number', b: 'boolean', s: 'string' } as const;
    const content = 'i,n,b,s\n1,1,true,x\none,1_000,maybe,a\u0000b\n1.5,0x10,2,\n,,,\n9223372036854775808,1,1,x\n';
    expect(await csv(content, columns)).toEqual([
      { i: 1n, n: 1, b: true, s: 'x' },
      {
        ...{ i: null, n: null, b: null, s: null },
        unparsed: { i: 'one', n: '1_000', b: 'maybe', s: 'a?b' },
        reason: 'i: not an integer; n: not a number; b: not a boolean; s: not a string',
      },
      {
        i: null,
        n: null,
        b: null,
        s: null,
        unparsed: { i: '1.5', n: '0x10', b: '2' },
        reason: expect.any(String) as string,
      },
      { i: null, n: null, b: null, s: null },
      { i: null, n: 1, b: true, s: 'x', unparsed: { i: '9223372036854775808' }, reason: 'i: not an integer' },
    ]);
  });

  test('that is whole is an integer, however it is written', async () => {
    const rows = await csv('a,b\nx,596.0\nx,1e3\nx,+5\nx,-0\nx,9007199254740993.00\nx,1.\nx,9223372036854775807\n', AB);
    expect(rows.map((row) => (row as { b: bigint }).b)).toEqual([
      596n,
      1_000n,
      5n,
      0n,
      9_007_199_254_740_993n,
      1n,
      2n ** 63n - 1n,
    ]);
  });

  test('is shown short and printable, and not at all where the column is private', async () => {
    const columns = { i: 'integer', p: { type: 'integer', privacy: true } } as const;
    const [row] = await csv(`i,p\n${'\u001b[31m'.padEnd(200, 'é')},secret\n`, columns);
    expect(row).toMatchObject({ unparsed: { i: `?[31m${'é'.repeat(75)}`, p: '…' } });
  });
});

describe('a row', () => {
  test('with more or fewer fields than the header is kept aside as a whole', async () => {
    expect(await csv('a,b\nx,1\ny\nx,1,2\n"x,1"\nx,1,,,\ny,2\n', AB)).toEqual([
      TWO[0],
      {
        a: null,
        b: null,
        unparsed: { '': 'fewer fields than the header' },
        reason: 'row: fewer fields than the header',
      },
      { a: null, b: null, unparsed: { '': 'more fields than the header' }, reason: 'row: more fields than the header' },
      {
        a: null,
        b: null,
        unparsed: { '': 'fewer fields than the header' },
        reason: 'row: fewer fields than the header',
      },
      TWO[0],
      TWO[1],
    ]);
  });

  test('of one column is one where something stands', async () => {
    expect(await csv('a\nx\n\n""\ny\n', { a: 'string' })).toEqual([{ a: 'x' }, { a: null }, { a: 'y' }]);
  });

  test.each([
    ['a quote inside a field', 'a,b\nx,1\n"x"y,1\n', {}, /A quote stands in the middle.*line=3/],
    ['many more fields', `a,b\nx,1\nx,1${',2'.repeat(70)}\n`, {}, /many more fields.*line=3.*delimiter/],
    ['another kind of line end', 'a,b\r\nx,1\ny,2\r\n', {}, /Lines end in different ways.*one kind/],
  ])('with %s is refused, by its line', async (_, content, dialect, said) => {
    const error = await csv(content, AB, dialect).catch((failure: Error) => failure);
    expect((error as Error).message).toMatch(/SOURCE_UNREADABLE.*a\.csv/);
    expect((error as Error).message).toMatch(said);
    expect((error as Error).message.length).toBeLessThan(400);
  });
});

test('a line that is longer than it may be is refused, by its number', async () => {
  await expect(csv(`a,b\nx,1\n${'x'.repeat(5_000_000)},1\n`, AB)).rejects.toThrow(
    /^MLOPS_LINE_TOO_LONG.*a\.csv, line=3, limit=4194304.*sourceLineBytes/
  );
});

describe('a quote that is never closed', () => {
  test.each([
    ['at the beginning of a row', 'a,b\nx,1\n"y,2\nz,3\n'],
    ['in the middle of a row', 'a,b\nx,1\ny,"2\nz,3\n'],
    ['in the file’s last field', 'a,b\nx,1\ny,"2'],
    ['behind the declared fields', 'a,b\nx,1\ny,2,"\nz,3\n'],
    ['before an escaped one', 'a,b\nx,1\ny,"2""\nz,3\n'],
    ['before a delimiter', 'a,b\nx,1\ny,",\nz,3\n'],
    ['at the very beginning', '"a,b\nx,1\n'],
    ['with CR LF', 'a,b\r\nx,1\r\ny,"2\r\nz,3'],
  ])('is refused, and no row is lost: %s', async (_, content) => {
    await expect(csv(content, AB)).rejects.toThrow(
      /SOURCE_UNREADABLE.*quote.*never closed|COLUMN_MISSING|SOURCE_EMPTY/
    );
  });

  test.each([
    ['an empty field', 'a,b\nx,1\n"",2\n', [TWO[0], { a: null, b: 2n }]],
    ['an escaped quote', 'a,b\nx,1\n"z""",2\n', [TWO[0], { a: 'z"', b: 2n }]],
    ['a delimiter in quotes', 'a,b\nx,1\n"z,",2', [TWO[0], { a: 'z,', b: 2n }]],
    ['lines in quotes, CR LF', 'a,b\r\nx,1\r\n"z\n",2\r\n', [TWO[0], { a: 'z\n', b: 2n }]],
  ])('is not mistaken for %s', async (_, content, rows) => {
    expect(await csv(content, AB)).toEqual(rows);
  });
});

test.each(['b=north', 'a[1]*'])('a path is no pattern and says nothing of values: %s', async (name) => {
  mkdirSync(join(folder.path, name));
  const file = write(join(folder.path, name), 'a{1}.csv.gz', 'a,b\nx,1\ny,2\n');
  expect(await read(file, { format: 'csv', columns: AB, folder: folder.path })).toEqual(TWO);
});
