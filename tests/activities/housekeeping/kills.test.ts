/** A process that takes bytes is killed at each of its points, on the real stores; the next run finishes, to the same end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CRASH_POINTS } from '../../../src/runtime/crash-points';
import { objectKey } from '../../../src/stores/artifacts';
import { age } from '../../support/aged';
import { cleaned } from '../../support/cleaned';
import { type GeneratedProject, writeProjects } from '../../support/generated-projects';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

jest.setTimeout(120_000);

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('gc-kills');
});
afterAll(() => system.close());

const cycle = { shards: 1, quarantine: true, inherits: true, state: 'finished', request: 'none', held: 'no' } as const;
const PROJECT: GeneratedProject = {
  champion: 1,
  cycles: [
    { ...cycle, days: 100, rolledOut: 400 },
    { ...cycle, days: 100, rolledOut: 10 },
    { ...cycle, days: 500, rolledOut: undefined, inherits: false },
    { ...cycle, days: 40, rolledOut: undefined },
  ],
};

async function cleanInChild(crashAt: string): Promise<unknown> {
  const child = spawn(process.execPath, [join(__dirname, 'clean-in-child.cjs')], {
    env: { ...system.env, MLOPS_CRASH_AT: crashAt },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}

const POINTS = CRASH_POINTS.filter((point) => point.startsWith('housekeeping:') && point !== 'housekeeping:recorded');

test.each(POINTS)('killed at %s', async (point) => {
  const { db, artifacts } = raw(system.stores);
  for (const { name } of await db.listCollections().toArray()) await db.collection(name).deleteMany({});
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
