/** A process that takes bytes is killed at each of its points, on the real stores; the next run finishes, to the same end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { clean } from '../../../src/activities/housekeeping/clean';
import { type Cursor, type RetentionMs, retentionMs } from '../../../src/domain/housekeeping';
import { CRASH_POINTS } from '../../../src/runtime/crash-points';
import { digestOf } from '../../../src/runtime/digest';
import type { Environment } from '../../../src/runtime/environment';
import { ARTIFACT_KEYS, objectKey } from '../../../src/stores/artifacts';
import { takenBy } from '../../../src/stores/taking';
import { age } from '../../support/aged';
import { cleaned } from '../../support/cleaned';
import { type GeneratedProject, writeProjects } from '../../support/generated-projects';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('gc-kills');
});
afterAll(() => system.close());

const cycle = {
  shards: 1,
  quarantine: true,
  inherits: true,
  state: 'finished',
  request: 'none',
  held: 'no',
  imports: 'no',
} as const;
const PROJECT: GeneratedProject = {
  champion: 1,
  cycles: [
    { ...cycle, days: 100, rolledOut: 400 },
    { ...cycle, days: 100, rolledOut: 10 },
    { ...cycle, days: 500, rolledOut: undefined, inherits: false },
    { ...cycle, days: 40, rolledOut: undefined },
  ],
};

async function cleanInChild(crashAt: string, further: Environment = {}): Promise<unknown> {
  const child = spawn(process.execPath, [join(__dirname, 'clean-in-child.cjs')], {
    env: { ...system.env, ...further, MLOPS_CRASH_AT: crashAt },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}

const POINTS = CRASH_POINTS.filter((point) => point.startsWith('housekeeping:') && point !== 'housekeeping:recorded');

beforeEach(async () => {
  const { db } = raw(system.stores);
  for (const { name } of await db.listCollections().toArray()) await db.collection(name).deleteMany({});
  const { bucket } = system.stores.artifacts;
  for await (const { key } of bucket.objects(ARTIFACT_KEYS, '')) await bucket.remove(key);
});

test.each(POINTS)('killed at %s', async (point) => {
  const { artifacts } = raw(system.stores);
  const { stays } = await writeProjects(system, [PROJECT]);
  expect(await cleanInChild(`${point}#2`)).toBe('SIGKILL');
  await cleaned(system.stores);
  for (const [digest, stay] of stays) {
    const document = await artifacts.findOne({ _id: digest });
    const object = (await system.stores.artifacts.bucket.bytesOf(objectKey(digest))) !== undefined;
    expect([digest, document?.state, object]).toEqual([digest, stay ? 'live' : 'deleted', stay]);
  }
  expect([...stays.values()].filter((stay) => !stay).length).toBeGreaterThan(5);
  await age(system.stores, 0);
});

/** Whatever is in the bucket is old enough. */
const GRACE_MS = -60_000;

test.each(POINTS.filter((point) => point !== 'housekeeping:marked'))(
  'killed at %s among objects without a document, its next attempt takes the rest of them in the same stage',
  async (point) => {
    const { bucket } = system.stores.artifacts;
    const digests = Array.from({ length: 20 }, (_, i) => digestOf([point, i]));
    for (const digest of digests) await bucket.putNew(objectKey(digest), 3, Buffer.from('one'));
    expect(await cleanInChild(`${point}#2`, { TEST_GRACE_MS: String(GRACE_MS) })).toBe('SIGKILL');
    const retention = { ...(retentionMs() as RetentionMs), grace: GRACE_MS };
    const { signal } = new AbortController();
    for (let cursor: Cursor = { stage: 'objects', after: '' }; cursor.stage !== 'done'; )
      ({ cursor } = await clean(system.stores, { run: 'child', retention, dryRun: false, cursor, most: 3 }, signal));
    for (const digest of digests) {
      const document = await raw(system.stores).artifacts.findOne({ _id: digest });
      expect([document?.state, await bucket.bytesOf(objectKey(digest))]).toEqual(['deleted', undefined]);
    }
    // By the documents, as the run's record counts, no attempt's work is lost.
    expect(await takenBy(system.stores, 'child')).toMatchObject([{ what: 'no document', count: 20, bytes: 60 }]);
  }
);
