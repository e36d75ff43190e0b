/** Of a file that only grew at its end, the rows before are not read again; of any other one, all are. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { appendedFiles, longerFiles } from '../../../src/engines/tables/appended';
import { digestOfFile } from '../../../src/engines/tables/observe';
import { type TestFolder, testFolder } from './files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

async function observed(name: string, content: string | Buffer) {
  const local = join(folder.path, name);
  writeFileSync(local, content);
  return { path: name, local, digest: await digestOfFile(local), bytes: readFileSync(local).length };
}

const counts = { rows: 1, quarantined: 0, notYetKnown: 0 };
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const bigEndian = (text: string) => utf16(text).swap16();

/** What of a file is taken for grown, that was `before` and is `now`. */
async function grown(before: string | Buffer, now: string | Buffer, encoding = 'utf-8') {
  const { local: _, ...had } = await observed('a.csv', before);
  const parent = { files: [{ ...had, ...counts }] };
  return [...(await appendedFiles(parent, longerFiles(parent, [await observed('a.csv', now)], 'csv'), encoding))];
}

test('a file that goes on behind the end of a line has grown at its end', async () => {
  expect(await grown('id\n1\n', 'id\n1\n2\n')).toEqual(['a.csv']);
  const long = `id\n${'1234567\n'.repeat(400_000)}`;
  expect(await grown(long, `${long}8\n`)).toEqual(['a.csv']);
  expect(await grown(Buffer.from('id\n\xe9\n', 'latin1'), Buffer.from('id\n\xe9\n\xe9\n', 'latin1'), 'latin1')).toEqual(
    ['a.csv']
  );
});

test.each([
  ['goes on within its last line', 'id\n1', 'id\n12\n'],
  ['has another beginning', 'id\n1\n', 'id\n2\n1\n'],
  ['is shorter', 'id\n1\n2\n', 'id\n1\n'],
  ['is packed', gzipSync('id\n1\n'), Buffer.concat([gzipSync('id\n1\n'), gzipSync('2\n')])],
  // The last character's last byte is that of a line feed.
  ['is UTF-16, big-endian', bigEndian('id\n1\u010a'), Buffer.concat([bigEndian('id\n1\u010a'), bigEndian('2\n')])],
  ['is UTF-16, little-endian', utf16('id\n1\n'), Buffer.concat([utf16('id\n1\n'), utf16('2\n')])],
])('a file that %s is read anew', async (_, before, now) => {
  expect(await grown(before, now)).toEqual([]);
});

test('all others must be as they were: no file is looked at otherwise, nor one that is no text', async () => {
  const [a, b] = [await observed('a.csv', 'id\n1\n'), await observed('b.csv', 'id\n2\n')];
  const parent = { files: [a, b].map((file) => ({ ...file, ...counts })) };
  const longer = await observed('a.csv', 'id\n1\n3\n');
  expect(longerFiles(parent, [longer, b], 'csv')).toEqual([longer]);
  expect(longerFiles(parent, [longer], 'csv')).toEqual([]);
  expect(longerFiles(parent, [longer, await observed('b.csv', 'id\n9\n')], 'csv')).toEqual([]);
  expect(longerFiles(parent, [longer, b], 'parquet')).toEqual([]);
  expect(longerFiles(undefined, [longer, b], 'csv')).toEqual([]);
});

test('a file that was changed since it was observed has not grown', async () => {
  const { local: _, ...had } = await observed('a.csv', 'id\n1\n');
  const now = await observed('a.csv', 'id\n1\n2\n');
  await observed('a.csv', 'id\n1\n3\n');
  expect([...(await appendedFiles({ files: [{ ...had, ...counts }] }, [now], 'utf-8'))]).toEqual([]);
});
