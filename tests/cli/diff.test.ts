/** `mlops diff` on the real stores: how snapshots are named, and what it prints. */
import { openRecordedCycles, type RecordedCycles } from '../support/recorded-cycles';
import { mlops, mlopsJson } from './mlops';

let cycles: RecordedCycles;
let ids: string[];

beforeAll(async () => {
  cycles = await openRecordedCycles('diff');
  const first = ['1,2024-01-01,5,Oslo,ana@x', '2,2024-01-02,6,Bern,ben@x', '3,2024-01-03,-1,Bern,cem@x'];
  const second = [...first, '4,2024-01-04,9,Rome,dora@x', '2,2024-01-02,7,Bern,benno@x'];
  ids = [
    (await cycles.cycle(first, '2024-01-10T00:00:00Z'))._id,
    (await cycles.cycle(second, '2024-01-20T00:00:00Z'))._id,
  ];
});
afterAll(() => cycles.close());

const json = <T>(...args: string[]) => mlopsJson<T>(['diff', ...args], cycles.env);

test('rows, columns and figures; nothing private', async () => {
  const { code, stdout, stderr } = await mlops(['diff', 'orders/1', 'orders'], cycles.env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s{2,}/));
  expect(lines).toContainEqual(['rows meet by', 'id']);
  for (const [what, rows] of [
    ['added', '1'],
    ['removed', '0'],
    ['changed', '1'],
    ['the same', '1'],
  ])
    expect(lines).toContainEqual([what, rows]);
  expect(lines).toContainEqual(['id 2', 'value', '6', '7', 'orders.csv:4']);
  expect(lines).toContainEqual(['id 2', 'email', '…', '…', 'orders.csv:4']);
  expect(lines).toContainEqual(['id 4', 'orders.csv:3']);
  expect(stdout).not.toMatch(/ana@|ben@|benno@|dora@|cem@/);
  expect(JSON.stringify(await json('orders/1', 'orders/2'))).not.toMatch(/@x/);
});

test.each([
  ['a cycle', 'orders/1'],
  ['a day between the two', 'orders@2024-01-19'],
  ['the very moment', 'orders@2024-01-10T00:00:00Z'],
])('the first snapshot by %s', async (_, name) => {
  expect(await json(name, 'orders')).toMatchObject({
    a: { snapshot: ids[0], asOf: '2024-01-10T00:00:00Z', rows: 2 },
    b: { snapshot: ids[1], asOf: '2024-01-20T00:00:00Z', rows: 3 },
    rows: { added: 1, removed: 0, changed: 1, same: 1 },
  });
});

test('the first snapshot by its id, by the beginning of it, and as a record', async () => {
  const hex = ids[0]!.slice('sha256:'.length);
  for (const name of [ids[0]!, hex.slice(0, 12), `snapshot/${hex.slice(0, 12)}`, `snapshot/${ids[0]!}`])
    expect(await json(name, name)).toMatchObject({
      a: { snapshot: ids[0] },
      rows: { added: 0, removed: 0, changed: 0, same: 2 },
      shards: { compared: 0 },
    });
});

test.each([
  ['orders@2023-12-31', 'MLOPS_NOT_FOUND', { first: '2024-01-10T00:00:00Z' }],
  ['orders@7', 'MLOPS_NOT_FOUND', { snapshot: 'orders@7' }],
  ['orders/9', 'MLOPS_NOT_FOUND', { snapshot: 'orders/9' }],
  ['nobody', 'MLOPS_UNKNOWN_PROJECT', { project: 'nobody' }],
  ['orders@2024-02-30', 'MLOPS_USAGE', {}],
  ['../orders', 'MLOPS_USAGE', {}],
])('%s is refused: %s', async (name, code, where) => {
  expect(await json(name, 'orders')).toMatchObject({ error: { code, where } });
});
