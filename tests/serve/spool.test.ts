import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spool } from '../../src/serve/spool';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: { maxBytes?: number; segmentBytes?: number } = {}) =>
  new Spool({ folder, maxBytes: 1 << 20, ...options });

async function drained(spool: Spool): Promise<string[]> {
  const lines: string[] = [];
  for (let batch = await spool.next(); batch !== undefined; batch = await spool.next()) {
    lines.push(...batch.lines);
    await spool.shipped(batch.end, lines.length);
  }
  return lines;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `{"n":${i},"text":"Zürich"}`);
const segments = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl'));

test('a line is on disk before its append resolves', async () => {
  const spool = open();
  await spool.append('{"a":1}');
  expect(readFileSync(join(folder, segments()[0]!), 'utf8')).toBe('{"a":1}\n');
  spool.close();
});

test('lines are shipped in the order they came, across segments, and shipped segments are deleted', async () => {
  const spool = open({ segmentBytes: 200 });
  const lines = numbered(100);
  for (const line of lines) await spool.append(line);
  expect(segments().length).toBeGreaterThan(5);
  expect(await drained(spool)).toEqual(lines);
  expect(segments()).toHaveLength(1);
  expect(spool.empty).toBe(true);
  spool.close();
});

test('lines of one turn are one group, whole and in order', async () => {
  const spool = open();
  const lines = numbered(1000);
  await Promise.all(lines.map((line) => spool.append(line)));
  expect(await drained(spool)).toEqual(lines);
  spool.close();
});

test('a process that starts again ships what the one before had not, and knows its note', async () => {
  const first = open({ segmentBytes: 100 });
  const lines = numbered(20);
  for (const line of lines.slice(0, 10)) await first.append(line);
  const batch = await first.next();
  await first.shipped(batch!.end, { highest: 7 });
  for (const line of lines.slice(10)) await first.append(line);

  const second = open({ segmentBytes: 100 });
  expect(second.note).toEqual({ highest: 7 });
  expect(second.empty).toBe(false);
  expect(await drained(second)).toEqual(lines.slice(batch!.lines.length));
  expect(second.empty).toBe(true);
  first.close();
  second.close();
});

test('what is not marked as shipped is given again', async () => {
  const spool = open();
  await spool.append('{"a":1}');
  expect((await spool.next())?.lines).toEqual(['{"a":1}']);
  expect((await spool.next())?.lines).toEqual(['{"a":1}']);
  spool.close();
});

test('a torn last line is left out, and what comes after it is kept', async () => {
  const first = open();
  await first.append('{"a":1}');
  first.close();
  appendFileSync(join(folder, segments()[0]!), '{"torn":');

  const second = open();
  await second.append('{"b":2}');
  expect(await drained(second)).toEqual(['{"a":1}', '{"b":2}']);
  second.close();
});

test('lines longer than what is read at once come whole', async () => {
  const spool = open({ maxBytes: 64 << 20 });
  const lines = [`"${'x'.repeat(3 << 20)}"`, '"short"'];
  for (const line of lines) await spool.append(line);
  expect(await drained(spool)).toEqual(lines);
  spool.close();
});

test('a full spool refuses, keeps what it has, and takes more once that is shipped', async () => {
  const spool = open({ maxBytes: 1_000 });
  const lines = numbered(200);
  const kept: string[] = [];
  for (const line of lines) {
    await spool.append(line).then(
      () => kept.push(line),
      (error) => expect(error).toMatchObject({ code: 'MLOPS_SPOOL_FULL' })
    );
  }
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.length).toBeLessThan(40);
  expect(await drained(spool)).toEqual(kept);
  await spool.append('{"again":1}');
  expect(await drained(spool)).toEqual(['{"again":1}']);
  spool.close();
});

test('a disk that refuses is a full spool', async () => {
  const spool = open();
  await spool.append('{"a":1}');
  // What a failing disk does to a write: its file is gone from under it.
  spool.close();
  await expect(spool.append('{"b":2}')).rejects.toMatchObject({ code: 'MLOPS_SPOOL_FULL' });
  const again = open();
  expect(await drained(again)).toEqual(['{"a":1}']);
  again.close();
});

test('on a full disk what is shipped makes the room, and the rest is shipped', async () => {
  const spool = open({ segmentBytes: 200 });
  const lines = numbered(100);
  for (const line of lines) await spool.append(line);
  // Every write to it is refused for want of space.
  symlinkSync('/dev/full', join(folder, 'position.json.new'));
  const shipped: string[] = [];
  for (let batch = await spool.next(); batch !== undefined; batch = await spool.next()) {
    shipped.push(...batch.lines);
    await expect(spool.shipped(batch.end, shipped.length)).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  expect(shipped).toEqual(lines);
  expect(spool.empty).toBe(true);
  expect(spool.bytes).toBe(0);
  expect(segments().map((name) => statSync(join(folder, name)).size)).toEqual([0]);
  unlinkSync(join(folder, 'position.json.new'));
  await spool.append('{"more":1}');
  expect(await drained(spool)).toEqual(['{"more":1}']);
  spool.close();
  const again = open();
  expect(again.note).toBe(1);
  expect(await drained(again)).toEqual([]);
  again.close();
});

test('unshipped lines can be read back without being consumed', async () => {
  const first = open({ segmentBytes: 100 });
  const lines = numbered(10);
  for (const line of lines) await first.append(line);
  first.close();
  const second = open();
  const left: string[] = [];
  for await (const line of second.left(1 << 20)) left.push(line);
  expect(left).toEqual(lines);
  expect(await drained(second)).toEqual(lines);
  second.close();
});

test('a folder that holds other files is no harm', () => {
  writeFileSync(join(folder, 'README'), 'mine');
  open().close();
  expect(existsSync(join(folder, 'README'))).toBe(true);
});
