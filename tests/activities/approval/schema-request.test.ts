/** What is new in a cycle's batches is asked about from records alone: once, unless people approved it, whatever sources bring it. */
import { approveActivities } from '../../../src/activities/approve';
import { verifyRequests } from '../../../src/cli/doctor/verify/requests';
import type { ApprovalRequest } from '../../../src/domain/approval';
import type { RuleResult, SnapshotBody } from '../../../src/domain/records';
import type { Ref } from '../../../src/domain/refs';
import { openRecordStores } from '../../../src/records/stores';
import { digestOf } from '../../../src/runtime/digest';
import { storeConfig } from '../../../src/stores/config';
import { changeCycle, openCycle } from '../../../src/stores/cycles';
import { refOf } from '../../../src/stores/facts';
import { askedAbout } from '../../support/asked';
import { asWorkflow } from '../../support/as-workflow';
import { openOwnStores, type OwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';
import { snapshotBody } from '../../support/snapshot-body';

const PROJECT = 'flights';
const LIFECYCLE = 'mlops/flights';

let own: OwnStores;
let activities: ReturnType<typeof approveActivities>;
let count = 0;
beforeAll(async () => {
  own = await openOwnStores('schema-request');
  activities = approveActivities(own.deps);
});
afterAll(() => own.close());
beforeEach(async () => {
  for (const name of ['requests', 'cycles', 'audit'] as const) await raw(own.stores).db.collection(name).deleteMany({});
});

const news = (rule: string, found: readonly string[], asks = true): RuleResult => ({
  ...{ rule, severity: 'warn', verdict: 'failed', observed: found.length, isNew: true, found },
  ...(asks ? { asks: digestOf(found) } : {}),
});
const KYIV = news('no new category of city', ['Kyiv']);

async function snapshot(
  source: string,
  validation: readonly RuleResult[],
  { parent, from = [] }: { readonly parent?: Ref<'snapshot'>; readonly from?: readonly Ref<'snapshot'>[] } = {}
): Promise<Ref<'snapshot'>> {
  count += 1;
  const body: SnapshotBody = snapshotBody({ source, validation, ...(parent === undefined ? {} : { parent }) });
  const inputs = [...(parent === undefined ? [] : [parent]), ...from];
  const fact = { _id: `snapshot-${count}`, kind: 'snapshot', digest: digestOf(count), inputs, artifacts: [], body };
  return refOf((await own.stores.facts.commit<'snapshot'>(fact as never)).fact);
}

/** A cycle that has taken this snapshot. */
async function cycleWith(taken: Ref<'snapshot'>, cycle = 2): Promise<void> {
  const { policy: approval } = askedAbout({ project: PROJECT, cycle, model: taken.digest });
  const body = { definition: { name: PROJECT, approval }, appliedBy: 'cem' };
  const fact = { _id: `${PROJECT}/d`, kind: 'definition', digest: digestOf('d'), inputs: [], artifacts: [], body };
  const definition = refOf((await own.stores.facts.commit<'definition'>(fact as never)).fact);
  const causes = [{ kind: 'person', by: 'ben', detail: 'retrain' }] as const;
  const asOf = '2024-02-01T00:00:00Z';
  await openCycle(own.stores, { project: PROJECT, cycle, definition, causes, triggers: [], appliedBy: 'cem', asOf });
  await changeCycle(own.stores, { project: PROJECT, cycle, order: 1 }, { refs: { snapshot: taken } });
}

const open = (workflowId = LIFECYCLE, cycle = 2) =>
  asWorkflow(workflowId, () => activities.mlopsOpenSchemaRequest({ project: PROJECT, cycle }));
const toAsk = (taken: Ref<'snapshot'>) => activities.mlopsChangeToAsk({ project: PROJECT, snapshot: taken });
const decided = (request: ApprovalRequest, state: ApprovalRequest['state'], cycle = 1, openedAt = request.openedAt) =>
  raw(own.stores).requests.insertOne({ ...request, _id: `${PROJECT}/schema-${cycle}`, state, openedAt });

test('the request says what is new, by whose word it counts, and what a decision means', async () => {
  const taken = await snapshot('orders', [KYIV, news('no new column', ['`x`\n', ...Array.from('abcdefghijkl')])]);
  await cycleWith(taken);
  const { request, accepted } = await open();
  expect(await toAsk(taken)).toEqual({ change: request.subject.digests.change });
  expect(accepted).toEqual([]);
  expect(request).toMatchObject({
    _id: 'flights/schema-2',
    workflowId: 'mlops/flights/schema-2/approve',
    state: 'open',
    subject: { kind: 'schema-change', digests: { snapshot: taken.digest } },
    comparisonDigest: request.subject.digests.change,
    about: [taken],
    authors: ['ben'],
    policy: { approvers: ['ana', 'ben', 'cem'] },
  });
  const evidence = request.evidence.join('\n');
  expect(evidence).toContain('source orders: expected no new category of city, the newest batch has 1, such as `Kyiv`');
  expect(evidence).toContain('the newest batch has 13, such as');
  // The first ten; data never become markup.
  expect(evidence).not.toMatch(/`k`|``/);
  expect(evidence).toContain(`mlops show snapshot/${taken.id}`);
  expect(evidence).toMatch(/approved: the cycle goes on.*\nrejected: the cycle ends/);
  expect((await open()).request).toEqual(request);
});

test('sources that a snapshot is made of ask, too, at any distance; what it grew from does not', async () => {
  const before = await snapshot('orders', [KYIV]);
  const base = await snapshot('base', [news('no new column', ['tax'])]);
  const between = await snapshot('between', [], { from: [base] });
  const taken = await snapshot('orders', [], { parent: before, from: [between] });
  await cycleWith(taken);
  const { request } = await open();
  expect(request.about).toEqual([taken, base]);
  expect(request.evidence.filter((line) => line.startsWith('source '))).toEqual([
    'source base: expected no new column, the newest batch has 1, such as `tax`',
    expect.stringContaining(`mlops show snapshot/${base.id}`),
  ]);
});

test('what is only reported asks nothing, and a request about it is refused', async () => {
  const taken = await snapshot('orders', [news('no new column', ['tax'], false)]);
  await cycleWith(taken);
  expect(await toAsk(taken)).toEqual({});
  await expect(open()).rejects.toThrow(/^MLOPS_REQUEST_CONFLICT: The batch brings nothing/);
  await expect(open(LIFECYCLE, 9)).rejects.toThrow(/^MLOPS_REQUEST_CONFLICT: The cycle has no snapshot/);
});

test('opened by two attempts at once, it is one request with one word in the audit', async () => {
  await cycleWith(await snapshot('orders', [KYIV]));
  const opened = await Promise.all(Array.from({ length: 4 }, () => open()));
  expect(new Set(opened.map(({ request }) => request.openedAt)).size).toBe(1);
  expect(await raw(own.stores).requests.countDocuments()).toBe(1);
  const events = await own.stores.audit.list(PROJECT);
  expect(events.map(({ what }) => what)).toEqual(['approval requested']);
});

test('the lifecycle alone opens it', async () => {
  await cycleWith(await snapshot('orders', [KYIV]));
  for (const id of ['mlops/flights/2/approve', 'mlops/flights/schema-2/approve', 'mlops/flightsx'])
    await expect(open(id)).rejects.toThrow(/^MLOPS_NOT_AUTHORIZED/);
  expect(await raw(own.stores).requests.countDocuments()).toBe(0);
});

describe('a change that people have decided on before', () => {
  let taken: Ref<'snapshot'>;
  let request: ApprovalRequest;
  beforeEach(async () => {
    taken = await snapshot('orders', [KYIV]);
    await cycleWith(taken);
    ({ request } = await open());
    await raw(own.stores).requests.deleteMany({});
  });

  test('is not asked again once it is approved', async () => {
    await decided(request, 'approved');
    expect(await toAsk(taken)).toEqual({});
    expect(await toAsk(await snapshot('orders', [KYIV]))).toEqual({});
    expect(await toAsk(await snapshot('orders', [news(KYIV.rule, ['Kyiv', 'Rome'])]))).toHaveProperty('change');
    expect(await toAsk(await snapshot('others', [KYIV]))).toHaveProperty('change');
  });

  test.each(['rejected', 'open', 'expired', 'superseded'] as const)('is asked again after it was %s', async (state) => {
    await decided(request, state);
    expect(await toAsk(taken)).toHaveProperty('change');
  });

  test('is asked again where the newest of several decisions rejects it', async () => {
    await decided(request, 'approved', 1, '2024-01-01T00:00:00.000Z');
    await decided(request, 'rejected', 3, '2024-01-02T00:00:00.000Z');
    expect(await toAsk(taken)).toHaveProperty('change');
    await decided(request, 'approved', 4, '2024-01-03T00:00:00.000Z');
    expect(await toAsk(taken)).toEqual({});
  });

  test('in another project was decided there alone', async () => {
    await raw(own.stores).requests.insertOne({ ...request, _id: 'o/schema-1', project: 'o', state: 'approved' });
    expect(await toAsk(taken)).toHaveProperty('change');
  });
});

test('`mlops doctor --verify` finds a request whose snapshot no longer says what it asked about', async () => {
  const taken = await snapshot('orders', [KYIV]);
  await cycleWith(taken);
  await open();
  const records = openRecordStores(storeConfig(own.env));
  try {
    expect(await verifyRequests(records)).toMatchObject([{ state: 'ok' }]);
    const other = { $set: { 'body.validation': [news(KYIV.rule, ['Rome'])] } };
    await raw(own.stores).db.collection<{ _id: string }>('snapshots').updateOne({ _id: taken.id }, other);
    expect(await verifyRequests(records)).toMatchObject([
      { state: 'problem', about: 'request:flights/schema-2', what: expect.stringContaining('something else') },
    ]);
  } finally {
    await records.close();
  }
});
