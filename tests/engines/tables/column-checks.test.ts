import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ColumnRule, SchemaDefinition, SourceDefinition } from '../../../src/domain/definition';
import { dataQualityOf } from '../../../src/engines/monitor/data-quality';
import { windowRelation } from '../../../src/engines/monitor/window-relation';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { checkPatterns, judgeRows } from '../../../src/engines/tables/judge-rows';
import { columnRules, rowRules } from '../../../src/engines/tables/rules';
import { text } from '../../../src/engines/tables/sql';

const COLUMNS: readonly ColumnRule[] = [
  { column: 'km', required: true, min: 0, max: 100, severity: 'block' },
  { column: 'km', required: false, above: 0, below: 100, severity: 'warn' },
  { column: 'km', required: false, oneOf: [0, 50, 100.5], noneOf: [-1], severity: 'warn' },
  { column: 'site', required: true, oneOf: ['north', "o'clock"], severity: 'warn' },
  { column: 'site', required: false, pattern: "^[no]|'", notPattern: '(?i)NORTH', severity: 'warn' },
  { column: 'site', required: false, minLength: 1, maxLength: 6, noneOf: ['south'], severity: 'warn' },
  { column: 'at', required: false, min: '2001-02-02T00:00:00Z', below: '2001-02-08', severity: 'warn' },
  { column: 'spare', required: false, min: -1, mostly: 0.5, severity: 'info' },
];
const SCHEMA: SchemaDefinition = {
  columns: COLUMNS,
  table: [],
  dependencies: [],
  maxQuarantinedShare: 1,
  maxBrokenShare: 1,
  minRows: 1,
  newColumns: 'report',
  newCategories: 'report',
  newCategoriesOf: {},
};
const INPUTS = { at: 'timestamp', km: 'number', site: 'string', spare: 'number' } as const;
const SOURCE: SourceDefinition = {
  name: 's',
  reader: { file: { path: 's.csv', format: 'csv' } },
  missing: [''],
  columns: { at: { type: 'timestamp' }, km: { type: 'number' }, site: { type: 'string' }, spare: { type: 'number' } },
  eventTime: 'at',
  knownAt: { column: 'at' },
};

const numbers = [null, -1.5, -1, 0, 50, 100, 100.5, 1e12];
const sites = [null, 'north', 'North', "o'clock", '', 'south'];
const moments = [
  null,
  '2001-02-01',
  '2001-02-02',
  '2001-02-07',
  '2001-02-08',
  '2001-02-09',
  '2001-02-10',
  '2000-01-01',
];
const ROWS = numbers.flatMap((km, k) => sites.map((site, i) => ({ at: moments[k]!, km, site, spare: numbers[i]! })));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-checks-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a batch and a window count the same broken rows of the same values, under the same names', async () => {
  const literal = (value: string | number | null) =>
    value === null ? 'NULL' : typeof value === 'number' ? `${value}::DOUBLE` : text(value);
  const values = ROWS.map(
    ({ at, km, site, spare }) => `(${literal(at)}::TIMESTAMP, ${[km, site, spare].map(literal).join(', ')})`
  );
  const rules = rowRules(SOURCE, SCHEMA).slice(-columnRules(COLUMNS, INPUTS, 'training').length);
  const inBatch = await withDatabase({ files: [] }, (database) =>
    judgeRows(database, `(VALUES ${values.join(', ')})  t("at", km, site, spare)`, rules)
  );

  const lines = ROWS.map(({ at, ...inputs }) =>
    JSON.stringify({ inputs: { ...inputs, at: at === null ? null : Date.parse(at) * 1000 }, score: 0.5, at: 0 })
  );
  const file = join(folder, 'rows.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const relation = windowRelation(file, INPUTS);
  const inWindow = await withDatabase({ files: [file] }, (database) =>
    dataQualityOf(database, { relation, inputs: INPUTS }, SCHEMA, undefined)
  );
  const counts = (results: typeof inWindow.rules) =>
    results.map((result) => 'checked' in result && [result.rule, result.checked, result.broken]);
  expect(counts(inWindow.rules)).toEqual(counts(inBatch));
  expect(inBatch.map(({ rule, checked, broken }) => [rule, checked, broken])).toEqual([
    ['km present', 48, 6],
    ['km at least 0', 42, 12],
    ['km at most 100', 42, 12],
    ['km above 0', 42, 18],
    ['km below 100', 42, 18],
    ['km one of 0, 50, 100.5', 42, 24],
    ['km none of -1', 42, 6],
    ['site present', 48, 8],
    ["site one of north, o'clock", 40, 24],
    ["site matches /^[no]|'/", 40, 24],
    ['site does not match /(?i)NORTH/', 40, 16],
    ['site none of south', 40, 8],
    ['site at least 1 characters', 40, 8],
    ['site at most 6 characters', 40, 8],
    ['at at least 2001-02-02T00:00:00Z', 42, 12],
    ['at below 2001-02-08', 42, 18],
    ['spare at least -1', 40, 8],
  ]);
  // Four fifths keep it, half must; Wilson's bounds of 32 of 40.
  expect(inBatch.at(-1)).toMatchObject({ verdict: 'passed', mostly: 0.5, kept: { share: 0.8 } });
});

test('no value is no verdict, and too few rows that keep it fail a rule with mostly', async () => {
  const rules = columnRules(
    [{ column: 'km', required: false, min: 0, mostly: 0.9, severity: 'block' }],
    INPUTS,
    'training'
  );
  const judge = (values: string) =>
    withDatabase({ files: [] }, (database) => judgeRows(database, `(VALUES ${values}) t(km)`, rules));
  expect(await judge('(NULL::DOUBLE)')).toMatchObject([{ verdict: 'not judged', checked: 0, broken: 0 }]);
  expect(await judge('(1::DOUBLE), (-1), (NULL)')).toMatchObject([{ verdict: 'failed', checked: 2, broken: 1 }]);
  expect(await judge(`${'(1::DOUBLE), '.repeat(9)}(-1)`)).toMatchObject([
    { verdict: 'passed', checked: 10, broken: 1 },
  ]);
});

test('a pattern that RE2 cannot read is a mistake of the definition', async () => {
  const rules = columnRules(
    [{ column: 'site', required: false, pattern: 'a{5000}', severity: 'warn' }],
    INPUTS,
    'training'
  );
  await withDatabase({ files: [] }, async (database) => {
    await expect(checkPatterns(database, rules)).rejects.toThrow(
      /MLOPS_DEFINITION_INVALID: RE2 can't read the pattern/
    );
  });
});
