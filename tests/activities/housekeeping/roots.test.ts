/** What the next cycle grows from stays, whatever people say of the newest batch, of each source that the project is made of. */
import { rootsAt } from '../../../src/activities/housekeeping/roots';
import { type RetentionMs, retentionMs } from '../../../src/domain/housekeeping';
import type { Ref } from '../../../src/domain/refs';
import { digestOf } from '../../../src/runtime/digest';
import { changeCycle, openCycle } from '../../../src/stores/cycles';
import { refOf } from '../../../src/stores/facts';
import { askedAbout } from '../../support/asked';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';
import { snapshotBody } from '../../support/snapshot-body';

const PROJECT = 'flights';

let own: OwnStores;
beforeAll(async () => {
  own = await openOwnStores('gc-roots');
});
afterAll(() => own.close());

async function snapshot(
  id: string,
  { parent, from = [] }: { readonly parent?: Ref<'snapshot'>; readonly from?: readonly Ref<'snapshot'>[] } = {}
): Promise<Ref<'snapshot'>> {
  const body = snapshotBody(parent === undefined ? {} : { parent });
  const inputs = [...(parent === undefined ? [] : [parent]), ...from];
  const fact = { _id: id, kind: 'snapshot', digest: digestOf(id), inputs, artifacts: [], body };
  return refOf((await own.stores.facts.commit<'snapshot'>(fact as never)).fact);
}

async function cycle(number: number, taken: Ref<'snapshot'>): Promise<void> {
  const definition = { kind: 'definition', id: `${PROJECT}/d`, digest: digestOf('d') } as const;
  const asOf = `2024-0${number}-01T00:00:00Z`;
  const at = { project: PROJECT, cycle: number };
  await openCycle(own.stores, { ...at, definition, causes: [], triggers: [], appliedBy: 'cem', asOf });
  await changeCycle(own.stores, { ...at, order: 1 }, { refs: { snapshot: taken }, state: 'finished' });
}

const roots = async () => {
  const found = await rootsAt(own.stores, Date.now(), retentionMs() as RetentionMs);
  return found.map(({ why, id, how }) => `${why}: ${id}, ${how}`).sort();
};

test('the newest snapshot, the one before, and the same of the sources that it is made of', async () => {
  const oldest = await snapshot('orders 0');
  const base = await snapshot('base 1');
  const first = await snapshot('orders 1', { parent: oldest, from: [base] });
  const grown = await snapshot('base 2', { parent: base });
  const between = await snapshot('between 2', { from: [grown] });
  const second = await snapshot('orders 2', { parent: first, from: [between] });
  await cycle(1, first);
  await cycle(2, second);
  expect(await roots()).toEqual(
    ['base 1', 'base 2', 'between 2', 'orders 1', 'orders 2'].map((id) => `newest snapshot: ${id}, own`)
  );

  // What a request about a batch is about stays while it is open, not because it was approved.
  const other = await snapshot('asked about');
  const { digest: change } = other;
  const request = askedAbout(
    { project: PROJECT, cycle: 1, model: change },
    { _id: `${PROJECT}/schema-1`, about: [other], subject: { kind: 'schema-change', digests: { change } } }
  );
  const { requests } = raw(own.stores);
  await requests.insertOne(request);
  expect(await roots()).toContain('asked about: asked about, own');
  const closedAt = new Date().toISOString();
  await requests.updateOne({ _id: request._id }, { $set: { state: 'approved', closedAt } });
  expect(await roots()).not.toContain('asked about: asked about, own');
});
