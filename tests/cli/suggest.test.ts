/** `mlops suggest` on the real stores: rules of a recorded snapshot, as lines of a definition. */
import { openRecordedCycles, type RecordedCycles } from '../support/recorded-cycles';
import { mlops, mlopsJson } from './mlops';

let cycles: RecordedCycles;

beforeAll(async () => {
  cycles = await openRecordedCycles('suggest');
  const rows = Array.from({ length: 60 }, (_, i) => {
    const city = i % 3 === 0 ? 'Oslo' : 'Bern';
    return `${i},2024-01-01T00:00:${String(i).padStart(2, '0')},${i % 6 === 0 ? '-' : i / 4},${city},p${i}@x`;
  });
  await cycles.cycle(rows, '2024-01-10T00:00:00Z');
});
afterAll(() => cycles.close());

test('each rule with the figures from which it was made; nothing private', async () => {
  const { code, stdout, stderr } = await mlops(['suggest', 'orders'], cycles.env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toContain('@x');
  expect(stdout.split('\n').map((line) => line.trim())).toEqual(
    expect.arrayContaining([
      '// 0.25 to 14.75, with a margin of a tenth',
      "{ column: 'value', min: 0, max: 17, severity: 'warn', required: false },",
      "// present in 50 of 60 rows, at least 0.7197 by Wilson's bound",
      "{ column: 'value', mostly: 0.71, severity: 'warn' },",
      '// never missing in 60 rows; 2 values, each in at least 20 rows',
      "{ column: 'city', oneOf: ['Bern', 'Oslo'], severity: 'warn' },",
      "{ unique: ['id'], severity: 'warn' },",
    ])
  );
});

test('as JSON, and a name that is none', async () => {
  const found = await mlopsJson<{ rows: number; columns: unknown[] }>(['suggest', 'orders/1'], cycles.env);
  expect(found.rows).toBe(60);
  expect(found.columns).toContainEqual({
    rule: { column: 'value', required: true, mostly: 0.71, severity: 'warn' },
    why: expect.any(String) as string,
  });
  expect(await mlopsJson(['suggest', 'nobody'], cycles.env)).toMatchObject({
    error: { code: 'MLOPS_UNKNOWN_PROJECT' },
  });
});
