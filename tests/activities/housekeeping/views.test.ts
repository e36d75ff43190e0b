/** Feature views that nothing has any more: their values go, by a rule that the dry run shows. */
import { clean } from '../../../src/activities/housekeeping/clean';
import { servedViewId } from '../../../src/activities/served-views';
import type { ProjectDefinition } from '../../../src/domain/definition';
import { type Cursor, type RetentionMs, retentionMs, type Tally } from '../../../src/domain/housekeeping';
import type { Ref } from '../../../src/domain/refs';
import { applyDefinition } from '../../../src/stores/apply-definition';
import { placeHold, releaseHold } from '../../../src/stores/holds';
import { removeViewValues, viewSize, viewsOfProject, writeViewValues } from '../../../src/stores/view-values';
import { type OwnStores, openOwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';
import { orders } from '../../support/recorded-cycles';
import { registeredDefinition } from '../../support/registered-definition';

const PROJECT = 'orders';
const KEPT = retentionMs() as RetentionMs;
/** Whatever is there is old enough. */
const NOW = { ...KEPT, grace: -60_000 };
const WHO = { by: 'ana', callerIdentity: 'ana@here' };

let system: OwnStores;
let before: Ref<'definition'>;
let views: { readonly before: string; readonly now: string };

beforeAll(async () => {
  system = await openOwnStores('gc-views');
  before = await applied(joined('sum(value)'));
  await applied(joined('avg(value)'));
  views = {
    before: servedViewId(joined('sum(value)'), 'spent'),
    now: servedViewId(joined('avg(value)'), 'spent'),
  };
  await materialized(views.before, 2_500);
  await materialized(views.now, 3);
});
afterAll(() => system.close());

function joined(value: string): ProjectDefinition {
  const { source, ...rest } = orders(PROJECT);
  return {
    ...rest,
    sources: { orders: source },
    views: {
      spent: { from: 'orders', entity: ['city'], clock: 'knownAt', values: { spent: value }, whenOld: 'missing' },
    },
    source: {
      ...source,
      name: 'joined',
      reader: { join: { rows: 'orders', views: ['spent'] } },
      columns: { ...source.columns, spent: { type: 'number' } },
    },
  };
}

async function applied(definition: ProjectDefinition): Promise<Ref<'definition'>> {
  const { definition: ref } = await registeredDefinition(system.stores, definition);
  const { inForce } = await applyDefinition(system.stores, {
    ...{ project: PROJECT, ref, definition, now: Date.now() },
    ...WHO,
  });
  expect(inForce.id).toBe(ref.id);
  return ref;
}

const of = (view: string) => ({
  ...{ _id: view, project: PROJECT, name: 'spent', definition: before, asOf: '2001-02-01T00:00:00.000Z' },
  snapshot: { kind: 'snapshot', id: 'sha256:s', digest: 'sha256:s' } as const,
  madeAt: new Date('2026-01-01T00:00:00Z'),
});

async function materialized(view: string, entities: number): Promise<void> {
  const values = Array.from({ length: entities }, (_, at) => ({
    entity: [`c${at}`],
    moment: at,
    values: { spent: at },
  }));
  expect(await writeViewValues(system.stores, of(view), values)).toBe(true);
}

async function cleaned(dryRun: boolean, retention = NOW): Promise<{ took: Tally[]; kept: Tally[] }> {
  const took: Tally[] = [];
  const kept: Tally[] = [];
  for (let cursor: Cursor = { stage: 'documents', after: '' }; cursor.stage !== 'done'; ) {
    const cleaning = { run: 'run', retention, dryRun, cursor, most: 100 };
    const batch = await clean(system.stores, cleaning, new AbortController().signal);
    took.push(...batch.took);
    kept.push(...batch.kept);
    cursor = batch.cursor;
  }
  return { took, kept };
}

const there = async () => (await viewsOfProject(system.stores, PROJECT)).map(({ _id }) => _id);

test('within the grace, or while a record that is kept has the view, its values stay', async () => {
  const { took, kept } = await cleaned(false, KEPT);
  expect(took).toEqual([]);
  expect(kept).toMatchObject([
    { what: 'feature view', why: 'grace', count: 2_500 },
    { what: 'feature view', why: 'in use', count: 3 },
  ]);
  const hold = { id: 'case-1', reason: 'a case', ...WHO };
  await placeHold(system.stores, { ...hold, record: { kind: 'definition', id: before.id } });
  expect((await cleaned(false)).took).toEqual([]);
  await releaseHold(system.stores, hold);
  expect(await there()).toHaveLength(2);
});

test('as soon as somebody materializes it again, no more of it is removed', async () => {
  const [view] = (await viewsOfProject(system.stores, PROJECT)).filter(({ _id }) => _id === views.before);
  await materialized(views.before, 2_500);
  expect(await removeViewValues(system.stores, view!, new AbortController().signal)).toBe(false);
  expect(await viewSize(system.stores, views.before)).toMatchObject({ count: 2_500 });
});

test('then they go, as the dry run says, with the view’s document; one that was killed on its way goes on', async () => {
  const dry = await cleaned(true);
  const why = 'no definition in force and no version that stays has this view';
  expect(dry.took).toEqual([{ what: 'feature view', why, count: 2_500, bytes: expect.any(Number) as number }]);
  expect(await there()).toHaveLength(2);
  const ids = raw(system.stores).db.collection<{ _id: string; view: string }>('viewValues');
  // As one leaves it that died after a batch.
  const some = await ids.find({ view: views.before }).limit(1_000).toArray();
  await ids.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
  expect((await cleaned(false)).took).toMatchObject([{ what: 'feature view', why, count: 1_500 }]);
  expect(await there()).toEqual([views.now]);
  expect(await viewSize(system.stores, views.before)).toEqual({ count: 0, bytes: 0 });
  expect(await viewSize(system.stores, views.now)).toMatchObject({ count: 3 });
});
