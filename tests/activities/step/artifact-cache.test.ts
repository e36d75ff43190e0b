/** Local copies on the real object store: whole ones are used as they are, others are downloaded anew. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localCopies } from '../../../src/activities/step/artifact-cache';
import { type OwnStores, openOwnStores } from '../../support/own-stores';

let system: OwnStores;

beforeAll(async () => {
  system = await openOwnStores('artifact-cache');
});
afterAll(() => system.close());

test('a copy that lost its end is downloaded anew; a whole one is not', async () => {
  const path = join(system.folder, 'shard');
  writeFileSync(path, 'six hundred rows');
  const artifact = await system.stores.artifacts.put({ name: 'shard', path, mediaType: 'text/plain' });
  const [copy] = (await localCopies(system.deps, system.stores, [artifact])) as [string];
  expect(readFileSync(copy, 'utf8')).toBe('six hundred rows');

  truncateSync(copy, 3);
  expect(await localCopies(system.deps, system.stores, [artifact])).toEqual([copy]);
  expect(readFileSync(copy, 'utf8')).toBe('six hundred rows');

  writeFileSync(copy, 'SIX HUNDRED ROWS');
  await localCopies(system.deps, system.stores, [artifact]);
  expect(readFileSync(copy, 'utf8')).toBe('SIX HUNDRED ROWS');
});
