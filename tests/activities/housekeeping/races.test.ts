/**
 * Housekeeping and who wants the same bytes, on the real stores: each is stopped before each of its operations in turn, and
 * the other runs to its end meanwhile. Whatever a record promises is there afterwards.
 */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActivityDeps } from '../../../src/activities/deps';
import { runStep, stepKey, type StepRequest } from '../../../src/activities/step/step';
import { ERRORS, errorCodeOf } from '../../../src/domain/errors';
import type { LabelSetBody } from '../../../src/domain/records';
import type { Digest, Ref } from '../../../src/domain/refs';
import type { Stores } from '../../../src/stores/connect';
import { holdsInForce, placeHold } from '../../../src/stores/holds';
import { age } from '../../support/aged';
import { cleaned } from '../../support/cleaned';
import { gated } from '../../support/gated';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('gc-races');
});
afterAll(() => system.close());

const request = (text: string): StepRequest<'labelSet'> => ({
  ...{ kind: 'labelSet', name: 'test', version: '1', params: { text }, inputs: [] },
});

/** A step whose file holds `text`, and what comes of its attempts as Temporal would make them. */
async function step(stores: Stores, text: string): Promise<Ref<'labelSet'>> {
  const deps: ActivityDeps = { ...system.deps, stores: async () => stores };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runStep(deps, request(text), async ({ folder }) => {
        const path = join(folder, 'out.txt');
        await writeFile(path, text);
        return {
          files: [{ name: 'out', path, mediaType: 'text/plain' }],
          body: () => ({ label: text, shards: [] }) as unknown as LabelSetBody,
        };
      });
    } catch (error) {
      const code = errorCodeOf(error);
      if (attempt === 5 || code === undefined || ERRORS[code] !== 'retry') throw error;
    }
  }
}

/** What its record names, as it is read. */
async function read(text: string): Promise<string> {
  const { artifacts } = await system.stores.facts.get({ kind: 'labelSet', id: stepKey(request(text)) });
  const path = join(system.folder, randomUUID());
  await system.stores.artifacts.download(artifacts[0]!.digest, path);
  return readFile(path, 'utf8');
}

/** A step's record that nothing needs, of long ago. */
async function old(text: string): Promise<void> {
  await step(system.stores, text);
  await age(system.stores, 200);
}

/** Runs `work` as often as it has operations, stopped before another one each time, and `meanwhile` there. */
async function atEach(
  work: (stores: Stores, name: string) => Promise<unknown>,
  before: (name: string) => Promise<unknown>,
  meanwhile: (name: string) => Promise<unknown>,
  after: (name: string, at: string) => Promise<unknown>
): Promise<string[]> {
  const places: string[] = [];
  for (let n = 1; ; n += 1) {
    const name = `${randomUUID()} ${n}`;
    await before(name);
    const gate = gated(system, n);
    const running = work(gate.stores, name);
    const at = await gate.stopped(running);
    if (at === undefined) return places;
    places.push(at);
    await meanwhile(name);
    gate.letGo();
    await running;
    await after(name, at);
  }
}

test('a step that reuses or makes the bytes again while housekeeping takes them has them', async () => {
  const places = await atEach(
    (stores) => cleaned(stores),
    old,
    (text) => step(system.stores, text),
    async (text, at) => expect([at, await read(text)]).toEqual([at, text])
  );
  expect(places).toEqual(expect.arrayContaining(['artifacts.updateOne', 'bucket.remove']));
});

test('housekeeping while a step reuses or makes the bytes again takes nothing that its record promises', async () => {
  const places = await atEach(
    step,
    old,
    () => cleaned(system.stores),
    async (text, at) => expect([at, await read(text)]).toEqual([at, text])
  );
  expect(places).toEqual(expect.arrayContaining(['artifacts.updateMany']));
});

test('so does a step whose bytes had been taken before', async () => {
  const places = await atEach(
    step,
    async (text) => {
      await old(text);
      await cleaned(system.stores);
    },
    () => cleaned(system.stores),
    async (text, at) => expect([at, await read(text)]).toEqual([at, text])
  );
  expect(places).toEqual(
    expect.arrayContaining(['artifacts.findOneAndUpdate', 'artifacts.updateOne', 'bucket.putNew'])
  );
});

const hold = (stores: Stores, text: string) =>
  placeHold(stores, {
    ...{ id: randomUUID(), reason: 'case 17', by: 'ana', callerIdentity: 'test' },
    record: { kind: 'labelSet', id: stepKey(request(text)) },
  });

/** What a hold says is gone, or stays for good. */
async function heldOrToldGone(text: string, taken: readonly Digest[]): Promise<void> {
  await age(system.stores, 500);
  await cleaned(system.stores);
  const { artifacts } = await system.stores.facts.get({ kind: 'labelSet', id: stepKey(request(text)) });
  const live = await system.stores.artifacts.renew([artifacts[0]!.digest]);
  const found = live ? await read(text) : 'gone';
  expect([text, found]).toEqual([text, taken.length === 0 ? text : 'gone']);
}

test('a hold that is placed while housekeeping runs keeps all that it does not report as gone', async () => {
  let taken: readonly Digest[] = [];
  await atEach(
    (stores) => cleaned(stores),
    old,
    async (text) => {
      taken = await hold(system.stores, text);
    },
    (text) => heldOrToldGone(text, taken)
  );
  expect((await holdsInForce(system.stores)).length).toBeGreaterThan(5);
});

test('housekeeping while a hold is placed', async () => {
  let taken: readonly Digest[] = [];
  const places = await atEach(
    async (stores, text) => {
      taken = await hold(stores, text);
    },
    old,
    () => cleaned(system.stores),
    (text) => heldOrToldGone(text, taken)
  );
  expect(places).toEqual(expect.arrayContaining(['artifacts.updateMany']));
});

test('two at once take each artifact once', async () => {
  const texts = Array.from({ length: 20 }, () => randomUUID());
  for (const text of texts) await step(system.stores, text);
  await age(system.stores, 200);
  const results = await Promise.all(['one', 'two', 'three'].map((run) => cleaned(system.stores, { run })));
  const took = results.flatMap((result) => result.took).reduce((sum, { count }) => sum + count, 0);
  const byDocument = await raw(system.stores).artifacts.countDocuments({
    'taken.run': { $in: ['one', 'two', 'three'] },
  });
  expect([took, byDocument >= texts.length]).toEqual([byDocument, true]);
});

test('bytes that come again and are not the same leave the record without them, in words', async () => {
  const text = randomUUID();
  await old(text);
  await cleaned(system.stores);
  const attempt = runStep(system.deps, request(text), async ({ folder }) => {
    const path = join(folder, 'out.txt');
    await writeFile(path, `${text} in other words`);
    const body = () => ({ label: text, shards: [] }) as unknown as LabelSetBody;
    return { files: [{ name: 'out', path, mediaType: 'text/plain' }], body };
  });
  await expect(attempt).rejects.toMatchObject({ code: 'MLOPS_ARTIFACT_TAKEN' });
  await expect(attempt).rejects.toThrow(/taken by housekeeping on \d{4}-\d{2}-\d{2}, because nothing that is live/);
  expect(await read(text).catch(errorCodeOf)).toBe('MLOPS_ARTIFACT_TAKEN');
});
