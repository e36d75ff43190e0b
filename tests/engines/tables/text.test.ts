/** A text is a string that is not a category: it is kept, profiled and watched by its length, never counted by value. */
import { join } from 'node:path';
import { columnTypeOf } from '../../../src/domain/definition';
import { modelInputs } from '../../../src/domain/endpoint';
import { watchedColumns } from '../../../src/engines/stats/watched-columns';
import { readWindow } from '../../../src/engines/monitor/window-table';
import { loadColumns } from '../../../src/engines/tables/load';
import { checkedValues, tensorOf } from '../../../src/serve/input-values';
import { DEFAULT_LIMITS } from '../../../src/serve/limits';
import { ingestOrders, sql, type TestFolder, testFolder, write } from './files';
import { read } from './reading/read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

test('a type of its own', () => {
  expect(columnTypeOf('text')).toBe('text');
});

test('CSV, JSON Lines and Parquet: what stands there, as it stands there', async () => {
  const expected = [{ note: 'Zoë, “hi”\tthere' }, { note: null }, { note: ' 7 ' }];
  const csv = write(folder.path, 'a.csv', 'note,x\n"Zoë, “hi”\tthere",1\n,1\n 7 ,1\n');
  const json = write(
    folder.path,
    'a.jsonl',
    '{"note":"Zoë, “hi”\\tthere"}\n{"note":null}\n{"note":" 7 "}\n{"note":7}\n'
  );
  const parquet = join(folder.path, 'a.parquet');
  await sql(`COPY (SELECT unnest(['Zoë, “hi”\tthere', NULL, ' 7 ']) AS note) TO '${parquet}' (FORMAT parquet)`);
  const columns = { note: 'text' } as const;
  const notes = async (file: string, format: 'csv' | 'jsonl' | 'parquet') =>
    (await read(file, { format, columns, folder: folder.path })) as readonly object[];
  expect(await notes(csv, 'csv')).toMatchObject(expected);
  expect(await notes(json, 'jsonl')).toMatchObject([...expected, { reason: 'note: not a text' }]);
  expect(await notes(parquet, 'parquet')).toMatchObject(expected);
});

async function ingested(rules: readonly object[] = []) {
  const notes = ['one', 'two words', '', 'two words', 'seven letters', '日本'];
  const lines = notes.map((note, i) => `2024-01-0${i + 1}T00:00:00Z,${note}`);
  write(folder.path, 'orders.csv', ['at,note', ...lines].join('\n'));
  const source = { columns: { at: 'timestamp', note: 'text' } as never, eventTime: 'at', knownAt: { column: 'at' } };
  return await ingestOrders(folder.path, {
    format: 'csv',
    source,
    schema: { maxQuarantinedShare: 1, columns: rules as never },
  });
}

test('a profile has lengths, in characters, and no value', async () => {
  const { profile } = await ingested();
  expect(profile['note']).toMatchObject({
    type: 'text',
    present: 5,
    missing: 1,
    distinct: 4,
    moments: { mean: (3 + 9 + 9 + 13 + 2) / 5 },
    spread: { min: 2, max: 13, quantiles: { '0.5': 9 } },
    top: [],
  });
});

test('rules know patterns and lengths of texts', async () => {
  const { snapshot } = await ingested([
    { column: 'note', required: false, minLength: 3, pattern: '^[a-z ]+$', severity: 'block' },
  ]);
  expect(snapshot.account).toMatchObject({ quarantined: 1, inSnapshot: 5 });
});

test('in memory it is what it is, without a dictionary, and drift looks at its length', async () => {
  const { data } = await ingested();
  const { table } = await loadColumns({ shards: data, columns: { note: 'text' }, where: {}, eventTime: 'at' });
  expect(table.columns['note']).toEqual({
    type: 'text',
    values: ['one', 'two words', null, 'two words', 'seven letters', '日本'],
  });
  expect(watchedColumns(table, ['note'])).toEqual([
    { name: 'note:length', values: { kind: 'number', values: Float64Array.of(3, 9, Number.NaN, 9, 13, 2) } },
  ]);
});

test('a window of predictions has the same column', async () => {
  const rows = [{ note: 'a b' }, { note: null }, {}].map((inputs) => JSON.stringify({ inputs, score: 0.5, at: 0 }));
  const file = write(folder.path, 'w.jsonl', rows.join('\n'));
  const { table } = await readWindow(file, { note: 'text' }, undefined, () => undefined);
  expect(table.columns).toEqual({ note: { type: 'text', values: ['a b', null, null] } });
});

test('the endpoint takes a string, and the graph its normal form', () => {
  const source = { columns: { note: { type: 'text' } } };
  const features = [{ transform: 'isMissing', column: 'note' }];
  const [input] = modelInputs({ features, source, schema: { columns: [] } } as never);
  expect(input).toEqual({ name: 'note', datatype: 'BYTES' });
  const values = checkedValues(input!, ['İ  ΣΟΦΟΣ\tẞ', null, 'e\u0301'], DEFAULT_LIMITS);
  expect(tensorOf({ type: 'text' }, values).data).toEqual(['i\u0307 σοφος ß', '', '\u00e9']);
  expect(() => checkedValues(input!, [7], DEFAULT_LIMITS)).toThrow(/not a string/);
});
