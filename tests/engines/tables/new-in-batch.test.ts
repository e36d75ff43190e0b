/** What is new is judged beside what people let in last, whatever the rows grow from. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Ingested } from '../../support/ingested';
import { ingestOrders, type TestFolder, testFolder, TYPES, writeOrders } from './files';

let folder: TestFolder;
let letIn: Ingested;
beforeEach(async () => {
  folder = testFolder();
  await writeOrders(join(folder.path, 'orders.parquet'));
  letIn = await ingestOrders(folder.path);
});
afterEach(() => folder.remove());

const KYIV = `* REPLACE (CASE WHEN i < 3 THEN 'Kyiv' ELSE city END AS city), 'VIP' AS discount`;
type Changes = NonNullable<Parameters<typeof ingestOrders>[1]>;

/** The file is written anew and taken into a folder of its own. */
async function taken(select: string, changes: Changes): Promise<Ingested> {
  await writeOrders(join(folder.path, 'orders.parquet'), select);
  return again(changes);
}
const again = (changes: Changes) =>
  ingestOrders(folder.path, { into: mkdtempSync(join(folder.path, 'next-')), ...changes });
const newIn = ({ validation }: Ingested) =>
  validation.flatMap((each) => ('isNew' in each ? [`${each.rule}: ${each.found?.join(', ')}`] : []));

const BOTH = ['no new column: discount', 'no new category of city: Kyiv'];

test('where all rows are taken anew, what people let in last is known, and nothing else', async () => {
  expect(newIn(await taken(KYIV, {}))).toEqual([]);
  expect(newIn(await again({ letIn }))).toEqual(BOTH);
  const refused = again({ letIn, schema: { newCategories: 'refuse' } });
  await expect(refused).rejects.toThrow(/`no new category of city`: it has 1, such as Kyiv/);
  // As of an earlier day, too.
  expect(newIn(await again({ letIn, asOf: '2024-01-02T00:00:00Z' }))).toEqual(BOTH);
});

test('a parent that people did not let in knows nothing, also where nothing comes to it', async () => {
  const turnedDown = await taken(KYIV, { parent: letIn });
  expect(newIn(turnedDown)).toEqual(BOTH);
  const parent = turnedDown;
  // Nothing is read.
  expect(newIn(await again({ parent, letIn, asOf: '2031-01-01T00:00:00Z' }))).toEqual(BOTH);
  await expect(again({ parent, letIn, schema: { newColumns: 'refuse' } })).rejects.toThrow(/`no new column`/);
  // All is read, and no row is new.
  const grew = await taken(`${KYIV}, 1 AS extra`, { parent, letIn });
  expect(newIn(grew)).toEqual(['no new column: discount, extra', 'no new category of city: Kyiv']);
  expect(grew.snapshot.batches).toHaveLength(2);
  // Let in, it is known.
  expect(newIn(await again({ parent: turnedDown }))).toEqual(['no new column: extra']);
});

test('a category is new where the batch replaces every row, and stays known where its rows go', async () => {
  const corrected = await taken(`* REPLACE (price + 1 AS price, CASE WHEN i < 3 THEN 'Kyiv' ELSE city END AS city)`, {
    parent: letIn,
  });
  expect(corrected.snapshot.batches[1]).toMatchObject({ added: 1_000 });
  expect(newIn(corrected)).toEqual(['no new category of city: Kyiv']);
  const renamed = await taken(`* REPLACE (price + 2 AS price)`, { parent: letIn });
  expect(newIn(renamed)).toEqual([]);
});

test('a column that a definition declares is not new, nor one that it no longer declares', async () => {
  const { city: _, ...others } = TYPES;
  const before = await ingestOrders(folder.path, { source: { columns: others } });
  expect(before.snapshot.undeclared).toEqual(['city', 'i']);
  expect(newIn(await taken(KYIV, { letIn: before }))).toEqual(['no new column: discount']);
  const known = newIn(await again({ letIn, source: { columns: others } }));
  expect(known).toEqual(['no new column: discount']);
});
