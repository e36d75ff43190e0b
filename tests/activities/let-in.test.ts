/** What people let in last: by the records of cycles, requests and snapshots alone. */
import { rootsAt } from '../../src/activities/housekeeping/roots';
import { letInBeside, letInLast } from '../../src/activities/let-in';
import { ownSnapshots } from '../../src/activities/own-snapshots';
import flights from '../../examples/flights/project';
import { type RetentionMs, retentionMs } from '../../src/domain/housekeeping';
import type { Fact, SnapshotBody, TableRuleResult } from '../../src/domain/records';
import type { Ref } from '../../src/domain/refs';
import { schemaChange, whatChanged } from '../../src/domain/schema-change';
import { digestOf } from '../../src/runtime/digest';
import { changeCycle, openCycle } from '../../src/stores/cycles';
import { refOf } from '../../src/stores/facts';
import { askedAbout } from '../support/asked';
import { type OwnStores, openOwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { snapshotBody } from '../support/snapshot-body';

const PROJECT = flights.name;
const SCHEMA = { ...flights.schema, newCategories: 'ask' } as const;

const IGNORING = { ...SCHEMA, newColumns: 'ignore', newCategories: 'ignore', table: [], dependencies: [] } as const;

let own: OwnStores;
let definition: Ref<'definition'>;
beforeAll(async () => {
  own = await openOwnStores('let-in');
  ({ definition } = await registeredDefinition(own.stores, flights));
});
afterAll(() => own.close());
beforeEach(async () => {
  await raw(own.stores).cycles.deleteMany({});
  await raw(own.stores).requests.deleteMany({});
});

const asks = (name: string): TableRuleResult => ({
  ...{ rule: 'no new category of region', severity: 'warn', verdict: 'failed', observed: 1, isNew: true },
  ...{ found: [name], asks: digestOf(name) },
});
const changeOf = (name: string, source = 'orders') =>
  digestOf(whatChanged(schemaChange([{ source, validation: [asks(name)] }])));

let made = 0;
async function snapshot(changes: Partial<SnapshotBody> = {}, from: readonly Ref<'snapshot'>[] = []) {
  made += 1;
  const body = snapshotBody({ validation: [], ...changes });
  const beside = body.judgedBeside === undefined ? [] : [body.judgedBeside];
  const [_id, inputs] = [`snapshot ${made}`, [...beside, ...from]];
  const fact = { _id, kind: 'snapshot', digest: digestOf(_id), inputs, artifacts: [], body };
  return refOf((await own.stores.facts.commit<'snapshot'>(fact as never)).fact);
}

/** It began later than those before it. */
async function cycle(number: number, taken: Ref<'snapshot'>): Promise<Ref<'snapshot'>> {
  const at = { project: PROJECT, cycle: number };
  await openCycle(own.stores, {
    ...at,
    definition,
    causes: [],
    triggers: [],
    appliedBy: 'cem',
    asOf: '2024-01-01T00:00:00Z',
  });
  await changeCycle(own.stores, { ...at, order: 1 }, { refs: { snapshot: taken }, state: 'finished' });
  await raw(own.stores).cycles.updateOne({ _id: `${PROJECT}/${number}` }, { $set: { startedAt: new Date(number) } });
  return taken;
}

async function decided(
  number: number,
  change: string,
  state: 'approved' | 'rejected' | 'expired' | 'open'
): Promise<void> {
  const digest = change as Ref['digest'];
  const request = askedAbout(
    { project: PROJECT, cycle: number, model: digest },
    { _id: `${PROJECT}/schema-${number}`, subject: { kind: 'schema-change', digests: { change: digest } }, state }
  );
  await raw(own.stores).requests.insertOne({ ...request, about: [], comparisonDigest: digest });
}

const last = async (): Promise<Record<string, string>> => {
  const found = await letInLast(own.stores, PROJECT);
  return Object.fromEntries([...found].map(([name, one]) => [name ?? 'own', one.snapshot._id]));
};
const rootIds = async () => (await rootsAt(own.stores, Date.now(), retentionMs() as RetentionMs)).map(({ id }) => id);

test.each(['rejected', 'expired', 'open'] as const)(
  'a batch whose request is %s is not let in; what is stays',
  async (state) => {
    expect(await last()).toEqual({});
    const first = await cycle(1, await snapshot());
    const asked = await cycle(2, await snapshot({ validation: [asks('Mars')] }));
    await decided(2, changeOf('Mars'), state);
    expect(await last()).toEqual({ own: first.id });
    // So does it where nobody was asked yet.
    await raw(own.stores).requests.deleteMany({});
    expect(await last()).toEqual({ own: first.id });
    expect(await rootIds()).toEqual(expect.arrayContaining([first.id, asked.id]));
    expect((await ownSnapshots(own.stores, PROJECT)).map(({ ref }) => ref.id)).toEqual([first.id]);
  }
);

test('one is whose change people have approved, then or before', async () => {
  await cycle(1, await snapshot());
  const approved = await cycle(2, await snapshot({ validation: [asks('Mars')] }));
  await decided(2, changeOf('Mars'), 'approved');
  expect(await last()).toEqual({ own: approved.id });
  await cycle(3, await snapshot());
  const back = await cycle(4, await snapshot({ validation: [asks('Mars')] }));
  expect(await last()).toEqual({ own: back.id });
  await cycle(5, await snapshot({ validation: [asks('Venus')] }));
  expect(await last()).toEqual({ own: back.id });
});

test('a source that it is made of asks for all; what it was judged beside it is not made of', async () => {
  const one = await snapshot({ source: 'weather' });
  const first = await cycle(1, await snapshot({}, [one]));
  expect(await last()).toEqual({ own: first.id, weather: one.id });
  const two = await snapshot({ source: 'weather', judgedBeside: one, validation: [asks('Mars')] });
  await cycle(2, await snapshot({ judgedBeside: first }, [two]));
  expect(await last()).toEqual({ own: first.id, weather: one.id });
  await decided(2, changeOf('Mars', 'weather'), 'approved');
  expect(await last()).toMatchObject({ weather: two.id });
});

test('a batch of a few rows does not make what was known unknown', async () => {
  const first = await cycle(1, await snapshot({ rows: 200 }));
  await cycle(2, await snapshot({ rows: 199 }));
  expect(await last()).toEqual({ own: first.id });
});

describe('beside it', () => {
  const judged = (schema = SCHEMA as typeof flights.schema, parent?: Fact<'snapshot'>) =>
    letInBeside(own.stores, { definition: flights, source: undefined, schema, parent });

  test('columns of its files are known, those that its definition declared, too', async () => {
    expect(await judged()).toBeUndefined();
    const first = await cycle(1, await snapshot({ undeclared: ['tax'] }));
    const beside = await judged();
    expect(beside).toMatchObject({ snapshot: { _id: first.id }, isParent: false, reads: true });
    expect(beside!.names).toEqual(['date', 'delay', 'destination', 'distance', 'origin', 'tax']);
    expect(await judged(SCHEMA, await own.stores.facts.get(first))).toMatchObject({ isParent: true });
    expect(await judged(IGNORING)).toBeUndefined();
    // A rule about earlier rows is judged beside it, too.
    const table = [{ unique: ['date'], severity: 'warn' }] as const;
    expect(await judged({ ...IGNORING, table })).toMatchObject({ snapshot: { _id: first.id }, reads: true });
  });

  test('where its rows are gone, whoever asks or refuses learns it, and who reports goes on', async () => {
    const artifact = { name: 'shard-00000', digest: digestOf('gone'), bytes: 1, mediaType: 'text/plain' };
    const first = await cycle(
      1,
      await snapshot({ shards: [{ name: 'shard-00000', digest: artifact.digest }] as never })
    );
    await raw(own.stores)
      .facts('snapshot')
      .updateOne({ _id: first.id }, { $set: { artifacts: [artifact] } });
    await expect(judged()).rejects.toThrow(/^MLOPS_ARTIFACT_TAKEN: The rows beside which a batch is judged are gone/);
    await expect(judged({ ...SCHEMA, newCategories: 'refuse' })).rejects.toThrow(/^MLOPS_ARTIFACT_TAKEN/);
    expect(await judged({ ...SCHEMA, newColumns: 'report', newCategories: 'report' })).toBeUndefined();
    expect(await judged({ ...SCHEMA, newColumns: 'ask', newCategories: 'ignore', dependencies: [] })).toMatchObject({
      reads: false,
    });
    const drift = (severity: 'block' | 'warn') =>
      judged({ ...IGNORING, table: [{ drift: 'delay', floor: 0.1, pValue: 0.001, severity }] });
    await expect(drift('block')).rejects.toThrow(/^MLOPS_ARTIFACT_TAKEN/);
    expect(await drift('warn')).toBeUndefined();
  });
});
