/** `mlops export` on the real stores: which rows, with which labels, into which file. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineProject } from '../../src/project/define-project';
import { openRecordedCycles, orders, type RecordedCycles } from '../support/recorded-cycles';
import { mlops, mlopsJson } from './mlops';

let cycles: RecordedCycles;
let out: string;

interface Exported {
  readonly file: string;
  readonly rows: number;
  readonly asOf: string;
  readonly labelSet: string | null;
  readonly definition: Record<string, unknown>;
}

beforeAll(async () => {
  cycles = await openRecordedCycles('export');
  out = join(cycles.folder, 'out');
  mkdirSync(out);
  const first = ['1,2024-01-01,5,Oslo,ana@x', '2,2024-01-02,0.5,,ben@x', '3,2024-01-03,-1,Bern,cem@x'];
  await cycles.cycle(first, '2024-01-10T00:00:00Z');
  const second = await cycles.cycle(
    [...first, '2,2024-01-02,7,-,benno@x', '4,2024-01-15,-,"a, b",'],
    '2024-01-20T00:00:00Z'
  );
  await cycles.label(second);
});
afterAll(() => cycles.close());

const run = (...args: string[]) => mlops(['export', ...args], cycles.env);
const json = <T = Exported>(...args: string[]) => mlopsJson<T>(['export', ...args], cycles.env);

test('the rows of the newest snapshot, with their labels', async () => {
  const file = join(out, 'newest.csv');
  const { rows, labelSet } = await json('orders', '--out', file, '--with', 'labels');
  expect({ rows, labelled: labelSet !== null }).toEqual({ rows: 3, labelled: true });
  expect(readFileSync(file, 'utf8').split('\n')).toEqual([
    'id,at,value,"city","email",__label',
    '1,2024-01-01T00:00:00.000000Z,5.0,"Oslo","ana@x",1',
    '2,2024-01-02T00:00:00.000000Z,7.0,NA,"benno@x",1',
    '4,2024-01-15T00:00:00.000000Z,NA,"a, b","",NA',
    '',
  ]);
  expect(readdirSync(out)).toEqual(['newest.csv']);
});

test('as of a moment: the last snapshot that was made by then, which the answer names', async () => {
  const file = join(out, 'then.csv');
  const { code, stdout, stderr } = await run('orders', '--as-of', '2024-01-19', '--out', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^as of +2024-01-10T00:00:00Z$/m);
  expect(stdout).toMatch(/^private +the file holds the values of email$/m);
  expect(readFileSync(file, 'utf8')).toContain('2,2024-01-02T00:00:00.000000Z,0.5,"","ben@x"\n');
  const account = await mlopsJson<object>(['account', 'orders', '--as-of', '2024-01-19'], cycles.env);
  expect(account).toMatchObject({ asOf: '2024-01-10T00:00:00Z', account: { inSnapshot: 2, quarantined: 1 } });
});

test('the lines that it prints are those of a definition', async () => {
  const { definition } = await json('orders/1', '--out', join(out, 'lines.csv'));
  const base = orders('again');
  const { missing, columns, key, eventTime, reader } = definition as never as (typeof base)['source'];
  expect(reader).toEqual({ file: { path: join(out, 'lines.csv'), format: 'csv' } });
  const source = { ...base.source, missing, columns, key, eventTime };
  expect(defineProject({ ...base, source } as never).source).toMatchObject({
    missing: ['NA'],
    columns: { id: { type: 'integer' }, email: { type: 'string', privacy: true } },
  });
  const { stdout } = await run('orders/1', '--out', join(out, 'lines.csv'), '--force');
  expect(stdout).toContain("  missing: ['NA'],\n");
  expect(stdout).toContain("email: { type: 'string', privacy: true }");
});

test('a folder: the file has the name of the source, and the folder is made', async () => {
  expect(await json('orders', '--out', join(out, 'deep', 'er'))).toMatchObject({
    file: join(out, 'deep', 'er', 'orders.parquet'),
  });
  expect(await json('orders', '--out', join(out, 'deep'), '--format', 'csv')).toMatchObject({
    file: join(out, 'deep', 'orders.csv'),
  });
});

test('what is there stays, unless --force says otherwise', async () => {
  const file = join(out, 'mine.csv');
  writeFileSync(file, 'mine');
  expect(await json('orders', '--out', file)).toMatchObject({ error: { code: 'MLOPS_USAGE', where: { file } } });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  await json('orders', '--out', file, '--force');
  expect(readFileSync(file, 'utf8')).toMatch(/^id,at,/);
  expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
});

test.each([
  ['another ending than the format', ['orders', '--out', './x.csv', '--format', 'parquet'], 'MLOPS_USAGE'],
  ['a path that would be a pattern', ['orders', '--out', './x[1].csv'], 'MLOPS_USAGE'],
  ['a moment of what has one', ['orders/1', '--as-of', '2024-01-19', '--out', './x.csv'], 'MLOPS_USAGE'],
  ['a snapshot without labels', ['orders/1', '--with', 'labels', '--out', './x.csv'], 'MLOPS_NOT_FOUND'],
  ['a moment before the first', ['orders', '--as-of', '2020-01-01', '--out', './x.csv'], 'MLOPS_NOT_FOUND'],
])('%s is refused', async (_, args, code) => {
  expect(await json(...args)).toMatchObject({ error: { code } });
});
