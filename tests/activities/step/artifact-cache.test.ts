/** Local copies on the real object store: whole ones are used as they are, others are downloaded anew. */
import { existsSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepCopy, localCopies } from '../../../src/activities/step/artifact-cache';
import { inAttemptFolder } from '../../../src/activities/step/attempt-folder';
import { type OwnStores, openOwnStores } from '../../support/own-stores';

let system: OwnStores;

beforeAll(async () => {
  system = await openOwnStores('artifact-cache');
});
afterAll(() => system.close());

test('a copy that lost its end is downloaded anew; so is one that was changed; a whole one is not', async () => {
  const path = join(system.folder, 'shard');
  writeFileSync(path, 'six hundred rows');
  const artifact = await system.stores.artifacts.put({ name: 'shard', path, mediaType: 'text/plain' });
  const [copy] = (await localCopies(system.deps, system.stores, [artifact])) as [string];
  expect(readFileSync(copy, 'utf8')).toBe('six hundred rows');

  truncateSync(copy, 3);
  expect(await localCopies(system.deps, system.stores, [artifact])).toEqual([copy]);
  expect(readFileSync(copy, 'utf8')).toBe('six hundred rows');

  // As long, and written since: no copy of these bytes any more.
  writeFileSync(copy, 'SIX HUNDRED ROWS');
  await localCopies(system.deps, system.stores, [artifact]);
  expect(readFileSync(copy, 'utf8')).toBe('six hundred rows');
});

test('what another attempt needs makes room, and takes nothing from a job that runs, however long', async () => {
  const stored = async (text: string) => {
    const path = join(system.folder, text);
    writeFileSync(path, text);
    return system.stores.artifacts.put({ name: text, path, mediaType: 'text/plain' });
  };
  const [first, second] = [await stored('first'), await stored('second')];
  const cached = (digest: string) => join(system.deps.workFolder, 'cache', digest.slice('sha256:'.length));
  await inAttemptFolder(system.deps.workFolder, 'long', async () => {
    const [mine] = (await localCopies(system.deps, system.stores, [first])) as [string];
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(cached(first.digest), hoursAgo, hoursAgo);
    const small = { ...system.deps, limits: { ...system.deps.limits, cacheBytes: 8 } };
    await localCopies(small, system.stores, [second]);
    expect(existsSync(cached(first.digest))).toBe(false);
    expect(readFileSync(mine, 'utf8')).toBe('first');
  });
});

test('what an attempt has written and put is not downloaded by the next one; one that was written since is', async () => {
  const artifact = await inAttemptFolder(system.deps.workFolder, 'writer', async (folder) => {
    const path = join(folder, 'out');
    writeFileSync(path, 'what a step made');
    const put = await system.stores.artifacts.put({ name: 'out', path, mediaType: 'text/plain' });
    await keepCopy(system.deps, path, put);
    await keepCopy(system.deps, path, put);
    return put;
  });
  await system.replaceObject(artifact.digest, 'other bytes');
  const [copy] = (await localCopies(system.deps, system.stores, [artifact])) as [string];
  expect(readFileSync(copy, 'utf8')).toBe('what a step made');

  writeFileSync(copy, 'WHAT A STEP MADE');
  await expect(localCopies(system.deps, system.stores, [artifact])).rejects.toThrow(/^MLOPS_ARTIFACT_CORRUPT/);
});
