/**
 * Generated projects on the real stores: nothing that a live model, an open cycle, a question or a held record needs is ever
 * taken, and everything else that is older than its retention is. What must stay is worked out by the generator, not by
 * the product's own rules.
 */
import fc from 'fast-check';
import { FACT_KINDS, type Digest } from '../../../src/domain/refs';
import { cleaned } from '../../support/cleaned';
import { type GeneratedCycle, type GeneratedProject, projects, writeProjects } from '../../support/generated-projects';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('gc');
});
afterAll(() => system.close());

/** Every artifact is as it must be: there whole, or gone with a word about it. */
async function states(digests: Iterable<Digest>): Promise<Map<Digest, string>> {
  const found = new Map<Digest, string>();
  for (const digest of digests) {
    const document = await raw(system.stores).artifacts.findOne({ _id: digest });
    const object = await system.stores.artifacts.hasObject(digest);
    const word = document?.taken === undefined ? 'no word' : 'why';
    found.set(digest, `${document?.state}, ${object ? 'object' : 'no object'}, ${word}`);
  }
  return found;
}

async function clear(): Promise<void> {
  const { db } = raw(system.stores);
  for (const { name } of await db.listCollections().toArray()) await db.collection(name).deleteMany({});
}

const count = async () => {
  const counts = FACT_KINDS.map((kind) => raw(system.stores).facts(kind).countDocuments());
  return Promise.all(counts);
};

/** How many were taken. */
async function check(generated: readonly GeneratedProject[], most: number): Promise<number> {
  await clear();
  const { stays } = await writeProjects(system, generated);
  const before = await count();
  const dry = await cleaned(system.stores, { dryRun: true });
  const expected = new Map([...stays].map(([digest, stay]) => [digest, stay]));
  const all = new Map([...stays.keys()].map((digest) => [digest, 'live, object, no word']));
  expect(await states(stays.keys())).toEqual(all);
  const { took, kept } = await cleaned(system.stores, { most });
  const after = new Map(
    [...expected].map(([digest, stay]) => [digest, stay ? 'live, object, no word' : 'deleted, no object, why'])
  );
  expect(await states(stays.keys())).toEqual(after);
  expect(took).toEqual(dry.took);
  expect(await count()).toEqual(before);
  const again = await cleaned(system.stores);
  expect(again.took).toEqual([]);
  expect(sum(again.kept)).toBe(sum(kept));
  return sum(took);
}

const sum = (tallies: readonly { count: number }[]) => tallies.reduce((all, tally) => all + tally.count, 0);

const OLD: GeneratedCycle = {
  ...{ days: 500, shards: 1, quarantine: true, inherits: true, state: 'finished' },
  ...{ request: 'none', rolledOut: undefined, held: 'no', imports: 'no' },
};
/** Each reason alone keeps something, and something beside it goes. */
const EACH_REASON: readonly GeneratedProject[] = (
  [
    { held: 'version' },
    { held: 'evaluation' },
    { held: 'run' },
    { held: 'snapshot' },
    { held: 'released' },
    { state: 'failed' },
    { state: 'running' },
    { request: 'open' },
    { request: 'approved' },
    { request: 'approved long ago' },
    { request: 'open batch' },
    { request: 'approved batch' },
    { rolledOut: 10 },
    { rolledOut: 400 },
  ] as const
).map((reason) => ({ champion: -1, cycles: [OLD, { ...OLD, ...reason }, { ...OLD, inherits: false }] }));
/** Files of one that waits and is stopped, of one that waits, and of cycles that ended and did not. */
const IMPORTS: GeneratedProject = {
  champion: -1,
  cycles: [
    { ...OLD, imports: 'waits' },
    { ...OLD, imports: 'stopped' },
    { ...OLD, imports: 'waits' },
    { ...OLD, imports: 'cycle' },
    { ...OLD, imports: 'cycle', state: 'failed' },
  ],
};
const LIVE: GeneratedProject = { champion: 1, cycles: [OLD, OLD, { ...OLD, inherits: false }] };

test('each reason', async () => {
  expect(await check([...EACH_REASON, IMPORTS, LIVE], 1_000)).toBeGreaterThan(50);
});

test('what is needed stays, and the rest goes', async () => {
  let taken = 0;
  const kept = fc.asyncProperty(projects, fc.constantFrom(1, 3, 1_000), async (generated, most) => {
    taken += await check(generated, most);
  });
  await fc.assert(kept, { numRuns: 8, endOnFailure: true });
  expect(taken).toBeGreaterThan(0);
});
