import type { ColumnRule } from '../../../src/domain/definition';
import { dataQualityOf } from '../../../src/engines/monitor/data-quality';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { rowRules } from '../../../src/engines/tables/rules';
import { duckdbQuery } from '../../support/duckdb-query';

const COLUMNS: readonly ColumnRule[] = [
  { column: 'km', required: true, min: 0, max: 100, severity: 'block' },
  { column: 'site', required: true, oneOf: ['north', "o'clock"], severity: 'warn' },
  { column: 'spare', required: false, min: -1, severity: 'info' },
];
const SCHEMA = { columns: COLUMNS, dependencies: [], maxQuarantinedShare: 1, maxBrokenShare: 1, minRows: 1 };

const numbers = [null, -1.5, -1, 0, 50, 100, 100.5, 1e12];
const sites = [null, 'north', 'North', "o'clock", '', 'south'];

test('a batch and a window count the same broken rows of the same values, under the same names', async () => {
  const rows = numbers.flatMap((km) => sites.map((site, i) => ({ km, site, spare: numbers[i]! })));
  const source = {
    name: 's',
    reader: { file: { path: 's.csv', format: 'csv' } },
    missing: [''],
    columns: { at: { type: 'timestamp' }, km: { type: 'number' }, site: { type: 'string' }, spare: { type: 'number' } },
    eventTime: 'at',
    knownAt: { column: 'at' },
  } as const;
  // The first two are about a row's times.
  const rules = rowRules(source, SCHEMA).slice(2);
  const literal = (value: string | number | null) =>
    value === null ? 'NULL' : typeof value === 'number' ? `${value}::DOUBLE` : `'${value.replaceAll("'", "''")}'`;
  const values = rows.map(({ km, site, spare }) => `(${literal(km)}, ${literal(site)}, ${literal(spare)})`);
  const counts = rules.map(({ broken }) => `count(*) FILTER (WHERE ${broken})`);
  const [inBatch] = await duckdbQuery(
    `SELECT ${counts.join(', ')} FROM (VALUES ${values.join(', ')}) t(km, site, spare)`
  );

  const dictionary = [...new Set(rows.flatMap(({ site }) => (site === null ? [] : [site])))].sort();
  const column = (name: 'km' | 'spare') =>
    ({ type: 'number', values: Float64Array.from(rows, (row) => row[name] ?? Number.NaN) }) as const;
  const codes = Int32Array.from(rows, ({ site }) => (site === null ? -1 : dictionary.indexOf(site)));
  const table: TableColumns = {
    rows: rows.length,
    columns: { km: column('km'), spare: column('spare'), site: { type: 'string', dictionary, codes } },
  };
  const inWindow = dataQualityOf(table, SCHEMA, undefined).rules;
  expect(inWindow.map(({ rule, broken }) => [rule, broken])).toEqual(
    rules.map(({ name }, i) => [name, Number(inBatch![i])])
  );
  expect(inWindow.every(({ broken }) => broken > 0 && broken < rows.length)).toBe(true);
});
