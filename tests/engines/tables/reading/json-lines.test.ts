import { gzipSync } from 'node:zlib';
import { type Columns, type TestFolder, testFolder, write } from '../files';
import { read } from './read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const jsonl = (content: string | Uint8Array, columns: Columns, missing?: readonly string[]) =>
  read(write(folder.path, 'a.jsonl', content), {
    format: 'jsonl',
    columns,
    folder: folder.path,
    ...(missing === undefined ? {} : { missing }),
  });

test('an object a line, by names with any characters, exactly as they are written', async () => {
  const names = ['Temp (°C)', 'a"b', 'a/b', 'a~b', '$', '*', 'a.b', '0', ''];
  const columns = Object.fromEntries(names.map((from, i) => [`c${i}`, { type: 'integer', from } as const]));
  const line = JSON.stringify({
    'TEMP (°C)': -1,
    ...Object.fromEntries(names.map((name, i) => [name, i])),
    file_row_number: 7,
  });
  expect(await jsonl(`\ufeff${line}\n\n${line}`, columns)).toEqual([
    Object.fromEntries(names.map((_, i) => [`c${i}`, BigInt(i)])),
    Object.fromEntries(names.map((_, i) => [`c${i}`, BigInt(i)])),
  ]);
});

test('one array of objects, over several lines or in one', async () => {
  const objects = [
    { a: 1, s: '[x]' },
    { a: 2, s: null },
  ];
  const expected = [
    { a: 1n, s: '[x]' },
    { a: 2n, s: null },
  ];
  for (const content of [JSON.stringify(objects, undefined, 2), `\n ${JSON.stringify(objects)}`]) {
    expect(await jsonl(content, { a: 'integer', s: 'string' })).toEqual(expected);
  }
});

test('what is absent, null or a mark is missing', async () => {
  const rows = await jsonl(
    '{"a": 1, "s": "x"}\n{"a": null}\n{"s": "", "a": "NA"}\n{"s": "NA", "a": NaN}\n',
    { a: 'number', s: 'string' },
    ['', 'NA']
  );
  expect(rows).toEqual([{ a: 1, s: 'x' }, ...Array.from({ length: 3 }, () => ({ a: null, s: null }))]);
});

test('numbers may be whole doubles, or stand in quotes', async () => {
  const columns = { i: 'integer', n: 'number', t: { type: 'timestamp', format: ['epoch ms'] }, b: 'boolean' } as const;
  const line =
    '{"i": 74.0, "n": 71, "t": 1705276800000, "b": true}\n{"i": "74", "n": "71.5", "t": "1705276800000", "b": "true"}\n{"i": 1e3, "n": 1e-3, "t": 0, "b": false}\n';
  expect(await jsonl(line, columns)).toEqual([
    { i: 74n, n: 71, t: '2024-01-15 00:00:00', b: true },
    { i: 74n, n: 71.5, t: '2024-01-15 00:00:00', b: true },
    { i: 1_000n, n: 0.001, t: '1970-01-01 00:00:00', b: false },
  ]);
});

test('a value of another type is kept aside, with what stands there', async () => {
  const columns = { i: 'integer', s: 'string', b: 'boolean', t: 'timestamp' } as const;
  const good = '{"i": 1, "s": "x", "b": true, "t": "2024-01-15"}\n';
  const rows = await jsonl(
    `${good}{"i": true, "s": 7, "b": 1, "t": 1705276800000}\n{"i": {"x": [1]}, "s": ["a"], "b": {}, "t": false}\n{"i": 123456789012345678901234567890, "s": "a\\u0000b"}\n`,
    columns
  );
  expect(rows.slice(1)).toEqual([
    expect.objectContaining({
      unparsed: { i: 'true', s: '7', b: '1', t: '1705276800000' },
      reason: 'i: not an integer; s: not a string; b: not a boolean; t: not a timestamp',
    }),
    expect.objectContaining({ unparsed: { i: '{"x":[1]}', s: '["a"]', b: '{}', t: 'false' } }),
    expect.objectContaining({ unparsed: { i: '123456789012345678901234567890', s: 'a?b' } }),
  ]);
});

test('a line that is JSON and no object is kept aside', async () => {
  expect(await jsonl('{"a": 1}\n[2]\n"a"\n3\n{"a": 4}\n', { a: 'integer' })).toEqual([
    { a: 1n },
    ...Array.from({ length: 3 }, () => ({
      a: null,
      unparsed: { '': 'not a JSON object' },
      reason: 'row: not a JSON object',
    })),
    { a: 4n },
  ]);
});

test('gzip is seen by its content', async () => {
  expect(await jsonl(gzipSync('{"a": 1}\n{"a": 2}\n'), { a: 'integer' })).toEqual([{ a: 1n }, { a: 2n }]);
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['a line that is not JSON', '{"a": 1}\n{"a": 2\n{"a": 3}\n', /SOURCE_UNREADABLE.*A line is not JSON.*line=2/],
  ['a line that is cut', '{"a": 1}\n\n{"a":', /SOURCE_UNREADABLE.*A line is not JSON.*line=3/],
  ['a line that is cut, in gzip', gzipSync('{"a": 1}\n{"a":'), /SOURCE_UNREADABLE.*A line is not JSON.*line=2/],
  ['an array that is cut', '[{"a": 1},\n{"a": 2', /SOURCE_UNREADABLE: The array is not JSON to its end/],
  [
    'bytes that are no UTF-8',
    Buffer.from('{"a": "\xe9"}\n', 'latin1'),
    /SOURCE_UNREADABLE: Some bytes are not UTF-8.*line=1/,
  ],
  ['a NUL byte', '{"a": "x\u0000y"}\n', /SOURCE_UNREADABLE.*line=1/],
  ['no declared column', '{"A": 1, "b": 2}\n{"b": 2}\n', /COLUMN_MISSING.*column=a, found=A b.*The file has "A"/],
  ['no line', '\n\n', /SOURCE_EMPTY/],
])('with %s it is refused', async (_, content, said) => {
  await expect(jsonl(content, { a: 'integer' })).rejects.toThrow(said);
});

test('a line that is longer than it may be is refused, by its number', async () => {
  const content = `{"a": 1}\n{"a": 1, "b": "${'x'.repeat(40_000_000)}"}\n`;
  await expect(jsonl(content, { a: 'integer' })).rejects.toThrow(/^MLOPS_LINE_TOO_LONG.*line=2, limit=4194304/);
});

test('a column may come late', async () => {
  const lines = `${'{"b": 1}\n'.repeat(5_000)}{"a": 2}\n`;
  const rows = await jsonl(lines, { a: 'integer' });
  expect(rows[5_000]).toEqual({ a: 2n });
});
