/** The step's door on the real stores: two attempts at once, an attempt that died half-way, bytes that differ. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runStep, type StepRequest, stepKey } from '../../src/activities/step/step';
import { errorCodeOf } from '../../src/domain/errors';
import { STEPS_CHAIN } from '../../src/domain/ids';
import type { LabelSetBody } from '../../src/domain/records';
import { type OwnStores, openOwnStores } from '../support/own-stores';
import { recordDigest } from '../../src/stores/fact-digest';
import { raw } from '../support/raw-records';

let system: OwnStores;
let runs = 0;

beforeAll(async () => {
  system = await openOwnStores('step');
});
afterAll(() => system.close());

const request = (about: string): StepRequest<'labelSet'> => ({
  kind: 'labelSet',
  name: 'test',
  version: '1',
  params: { about },
  inputs: [],
});
const body = (label: string): LabelSetBody => ({
  label,
  labelVersion: 1,
  snapshot: { kind: 'snapshot', id: 's', digest: `sha256:${'0'.repeat(64)}` },
  shards: [],
  counts: {},
});

/** A step whose file holds `text`; `inside` is awaited by each attempt that found no record. */
const step = (about: string, text = about, inside: () => Promise<void> = async () => undefined) =>
  runStep(system.deps, request(about), async ({ folder }) => {
    runs += 1;
    await inside();
    await writeFile(join(folder, 'out.txt'), text);
    return {
      files: [{ name: 'out', path: join(folder, 'out.txt'), mediaType: 'text/plain' }],
      body: (artifacts) => ({
        ...body(about),
        shards: [...artifacts.values()].map(({ name, digest }) => ({ name, digest, rows: 1 })),
      }),
    };
  });
/** Resolves for all once so many are there: none can be done before another has begun. */
function meeting(size: number): () => Promise<void> {
  let come: () => void;
  const all = new Promise<void>((resolve) => {
    come = resolve;
  });
  let there = 0;
  return () => {
    there += 1;
    if (there === size) come();
    return all;
  };
}
const artifactOf = async (about: string) =>
  (await system.stores.facts.get({ kind: 'labelSet', id: stepKey(request(about)) })).artifacts[0]!;
const codeOf = (promise: Promise<unknown>) => promise.then(() => undefined, errorCodeOf);

test('the same step runs once, and is answered from its record afterwards', async () => {
  const before = runs;
  const first = await step('once');
  expect(await step('once')).toEqual(first);
  expect(runs - before).toBe(1);
});

test('answered from its record, its artifacts are referred to again: they are touched', async () => {
  await step('renewed');
  const { digest } = await artifactOf('renewed');
  const documents = raw(system.stores).db.collection<{ _id: string; touchedAt: Date }>('artifacts');
  await documents.updateOne({ _id: digest }, { $set: { touchedAt: new Date('2020-01-01') } });
  await step('renewed');
  expect((await documents.findOne({ _id: digest }))!.touchedAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

test('eight attempts at once make one record, and all get it', async () => {
  const all = meeting(8);
  const refs = await Promise.all(Array.from({ length: 8 }, () => step('at once', 'at once', all)));
  expect(new Set(refs.map((ref) => JSON.stringify(ref))).size).toBe(1);
  expect(await raw(system.stores).facts('labelSet').countDocuments({ _id: refs[0]!.id })).toBe(1);
});

test('of attempts whose bytes differ the first stands, and the other is told of in the audit', async () => {
  const both = meeting(2);
  const results = await Promise.all(['one', 'two'].map((text) => step('differs', text, both)));
  expect(results[0]).toEqual(results[1]);
  const told = (await system.stores.audit.list(STEPS_CHAIN)).filter(
    (event) => event.what === 'MLOPS_STEP_NOT_REPRODUCIBLE'
  );
  expect(told).toHaveLength(1);
  expect(told[0]!.detail).toMatchObject({ step: 'test', kept: results[0]!.digest });
});

test('a document without its object, as a death between the two leaves it, is made whole by the next attempt', async () => {
  const path = join(system.folder, 'half.txt');
  await writeFile(path, 'half-way');
  const artifact = await system.stores.artifacts.put({ name: 'half', path, mediaType: 'text/plain' });
  await system.removeObject(artifact.digest);
  await step('half', 'half-way');
  expect(await system.stores.artifacts.hasObject(artifact.digest)).toBe(true);
});

test('a record whose artifact is being taken is not an answer: the step runs again, and its bytes come under another key', async () => {
  await step('swept');
  const { digest } = await artifactOf('swept');
  const documents = raw(system.stores).db.collection<{ _id: string; state: string }>('artifacts');
  await documents.updateOne({ _id: digest }, { $set: { state: 'deleting' } });
  const before = runs;
  expect(await step('swept')).toMatchObject({ id: stepKey(request('swept')) });
  expect(runs - before).toBe(1);
  expect(await system.stores.artifacts.renew([digest])).toBe(true);
  // Whoever took it goes on, and removes what it had in mind.
  await system.removeObject(digest);
  await system.stores.artifacts.download(digest, join(system.folder, 'swept.txt'));
  expect(await readFile(join(system.folder, 'swept.txt'), 'utf8')).toBe('swept');
});

test('a commit refers to live artifacts only, or writes nothing', async () => {
  const gone = { name: 'gone', digest: `sha256:${'9'.repeat(64)}` as const, bytes: 1, mediaType: 'text/plain' };
  const commit = system.stores.facts.commit({
    _id: 'refers',
    kind: 'labelSet',
    digest: gone.digest,
    inputs: [],
    artifacts: [gone],
    body: body('refers'),
  });
  expect(await codeOf(commit)).toBe('MLOPS_ARTIFACT_DELETING');
  expect(await system.stores.facts.find('labelSet', 'refers')).toBeNull();
  expect(await raw(system.stores).db.collection('edges').countDocuments({ from: 'labelSet:refers' })).toBe(0);
});

test('bytes that are not what their name says are refused on the way in, and leave no file', async () => {
  await step('corrupt', 'right');
  const { digest } = await artifactOf('corrupt');
  await system.replaceObject(digest, 'wrong');
  const path = join(system.folder, 'corrupt.txt');
  expect(await codeOf(system.stores.artifacts.download(digest, path))).toBe('MLOPS_ARTIFACT_CORRUPT');
  await expect(writeFile(path, '', { flag: 'wx' })).resolves.toBeUndefined();
});

test('version numbers are 1 to 12 without a gap, whoever asks at once', async () => {
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, cycle) =>
      system.stores.facts.commitNumbered(`numbers/versions`, (number) => ({
        fact: {
          _id: `numbers/${cycle}`,
          kind: 'version',
          digest: `sha256:${'1'.repeat(64)}`,
          inputs: [],
          artifacts: [],
          body: { project: 'numbers', number } as never,
        },
        audit: {
          id: `version numbers/${cycle}`,
          project: 'numbers',
          what: 'version registered',
          by: 'test',
          detail: {},
        },
      }))
    )
  );
  expect(made.map(({ fact }) => fact.body.number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 12 }, (_, index) => index + 1)
  );
});

test('the audit’s chain holds under writers at once, tells an event once, and shows where it was tampered with', async () => {
  const event = (id: string) => ({ id, project: 'chain', what: 'something', by: 'test', detail: { id } });
  await Promise.all(Array.from({ length: 8 }, (_, index) => system.stores.audit.record(event(`event ${index}`))));
  await system.stores.audit.record(event('event 3'));
  expect(await system.stores.audit.list('chain')).toHaveLength(8);
  expect(await system.stores.audit.firstBroken('chain')).toBeUndefined();
  const [, , third] = await system.stores.audit.list('chain');
  await raw(system.stores)
    .db.collection<{ _id: string }>('audit')
    .updateOne({ _id: third!._id }, { $set: { by: 'someone else' } });
  expect(await system.stores.audit.firstBroken('chain')).toBe(third!._id);
});

test('a step’s key changes with what it reads, and with nothing else', () => {
  const base = request('key');
  const other = `sha256:${'2'.repeat(64)}` as const;
  const variants = [
    { ...base, version: '2' },
    { ...base, params: { about: 'other' } },
    { ...base, inputs: [{ kind: 'snapshot', id: 'a', digest: other }] },
    { ...base, reads: [other] },
    {
      ...base,
      environment: { onnxruntime: '1', duckdb: '1', node: '20', arch: 'x64', isa: 'avx', optimisation: 'all' },
    },
  ] as StepRequest<'labelSet'>[];
  expect(new Set([base, ...variants].map(stepKey)).size).toBe(variants.length + 1);
  const moved = (id: string): StepRequest<'labelSet'> => ({
    ...base,
    inputs: [{ kind: 'snapshot', id, digest: other }],
  });
  expect(stepKey(moved('a'))).toBe(stepKey(moved('b')));
});

test('what an earlier step produced is held, not produced, by the record that refers to it; what the step cost stands beside it', async () => {
  const made = await system.stores.facts.get(await step('made'));
  const [out] = made.artifacts;
  const ref = await runStep(system.deps, request('refers'), async ({ folder }) => {
    await writeFile(join(folder, 'own.txt'), 'own');
    return {
      files: [{ name: 'own', path: join(folder, 'own.txt'), mediaType: 'text/plain' }],
      refersTo: [out!],
      body: () => body('refers'),
    };
  });
  const later = await system.stores.facts.get(ref);
  expect(later.artifacts.map(({ name }) => name)).toEqual(['own', 'out']);
  const produced = await raw(system.stores)
    .db.collection('edges')
    .find({ relation: 'produced', to: out!.digest })
    .toArray();
  expect(produced.map(({ from }) => from as string)).toEqual([`labelSet:${made._id}`]);
  expect(later.made.cost).toEqual({ cpuSeconds: 0, peakBytes: 0, bytesIn: 0, bytesOut: 3, waitedSeconds: 0 });
  expect(later.record).toBe(recordDigest(later));
});
