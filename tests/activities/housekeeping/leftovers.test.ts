/** What killed attempts leave in the bucket: objects that no document is of, and uploads that were not completed. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client as MinioClient } from 'minio';
import { clean } from '../../../src/activities/housekeeping/clean';
import { type Cursor, type RetentionMs, retentionMs } from '../../../src/domain/housekeeping';
import { digestOfBytes } from '../../../src/runtime/digest';
import { objectKey } from '../../../src/stores/artifacts';
import { storeConfig } from '../../../src/stores/config';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('gc-left');
});
afterAll(() => system.close());

/** Whatever is there is old enough. */
const NOW = { ...(retentionMs() as RetentionMs), grace: -60_000 };

async function cleaned(): Promise<string[]> {
  const took: string[] = [];
  for (let cursor: Cursor = { stage: 'documents', after: '' }; cursor.stage !== 'done'; ) {
    const cleaning = { run: 'run', retention: NOW, dryRun: false, cursor, most: 100 };
    const batch = await clean(system.stores, cleaning, new AbortController().signal);
    took.push(...batch.took.map(({ what, count }) => `${what} ${count}`));
    cursor = batch.cursor;
  }
  return took;
}

const bucket = () => system.stores.artifacts.bucket;
const names = async () => {
  const found: string[] = [];
  for await (const name of bucket().names('')) found.push(name);
  return found.filter((name) => !name.startsWith('probe/'));
};

async function put(text: string) {
  const path = join(system.folder, randomUUID());
  await writeFile(path, text);
  const artifact = await system.stores.artifacts.put({ name: 'one', path, mediaType: 'text/plain' });
  // As a step's commit does: until then MongoDB's majority may not know the document yet.
  expect(await system.stores.artifacts.renew([artifact.digest])).toBe(true);
  return artifact;
}

test('an object without a document goes, and its bytes can come again; nothing else in the bucket goes', async () => {
  const content = Buffer.from('without a document');
  const digest = digestOfBytes(content);
  const others = ['audit/flights/000000000001', 'cas/sha256/notes.txt', 'other/object'];
  for (const key of [objectKey(digest), ...others]) await bucket().putNew(key, content.length, content);
  expect(await cleaned()).toEqual(['no document 1']);
  expect((await names()).sort()).toEqual([...others].sort());
  await put(content.toString());
  expect(await names()).toContain(objectKey(digest, 1));
  await system.stores.artifacts.download(digest, join(system.folder, 'again.txt'));
  for (const key of others) await bucket().remove(key);
});

test('an object of an earlier generation goes, that of the document stays', async () => {
  const { digest } = await put('two generations');
  await raw(system.stores).artifacts.updateOne({ _id: digest }, { $set: { generation: 2, touchedAt: new Date() } });
  const content = Buffer.from('two generations');
  for (const generation of [1, 2, 3]) await bucket().putNew(objectKey(digest, generation), content.length, content);
  // Touched in the future of this run: it is not old.
  const later = new Date(Date.now() + 3_600_000);
  await raw(system.stores).artifacts.updateOne({ _id: digest }, { $set: { touchedAt: later } });
  expect(await cleaned()).toContain('earlier generation 2');
  expect((await names()).filter((name) => name.startsWith(objectKey(digest)))).toEqual([
    objectKey(digest, 2),
    // Of an attempt that has pinned it in the meantime, for all that this run has read.
    objectKey(digest, 3),
  ]);
});

test('an upload that was not completed is aborted with its document, and no one else’s', async () => {
  const { s3 } = storeConfig(system.env);
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey, region } = s3;
  const address = { endPoint: hostname, port: Number(port), useSSL: false };
  const minio = new MinioClient({ ...address, accessKey, secretKey, region });
  const { digest } = await put('an attempt that died while it uploaded');
  await system.removeObject(digest);
  const [ours, theirs] = [objectKey(digest), 'other/upload'];
  for (const key of [ours, theirs]) await minio.initiateNewMultipartUpload(s3.bucket, key, {});
  const open = async (key: string) => {
    const ids: string[] = [];
    for await (const { id } of bucket().uploads(key)) ids.push(id);
    return ids.length;
  };
  expect([await open(ours), await open(theirs)]).toEqual([1, 1]);
  expect(await cleaned()).toContain('no record 1');
  expect([await open(ours), await open(theirs)]).toEqual([0, 1]);
});
