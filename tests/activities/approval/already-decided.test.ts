/** "Nothing new": the same question was decided, and what was approved is live. Rejected is decided for good. */
import { approveActivities } from '../../../src/activities/approve';
import type { ApprovalRequest } from '../../../src/domain/approval';
import type { Digest, Ref } from '../../../src/domain/refs';
import { digestOf } from '../../../src/runtime/digest';
import { refOf } from '../../../src/stores/facts';
import { askedAbout } from '../../support/asked';
import { openOwnStores, type OwnStores } from '../../support/own-stores';
import { raw } from '../../support/raw-records';

const PROJECT = 'flights';
const MODEL: Digest = digestOf('the model that was asked about');

let own: OwnStores;
let evaluation: Ref<'evaluation'>;
beforeAll(async () => {
  own = await openOwnStores('already-decided');
  const asked = { comparisonDigest: askedAbout({ project: PROJECT, cycle: 1, model: MODEL }).comparisonDigest };
  const fact = { _id: 'e', kind: 'evaluation', digest: digestOf(asked), inputs: [], artifacts: [], body: asked };
  evaluation = refOf((await own.stores.facts.commit<'evaluation'>(fact as never)).fact);
  for (const [number, model] of [
    [1, MODEL],
    [2, digestOf('another model')],
  ] as const) {
    const body = { project: PROJECT, number, model: { digest: model } };
    const version = { _id: `${PROJECT}/${number}`, kind: 'version', digest: model, inputs: [], artifacts: [], body };
    await own.stores.facts.commit<'version'>(version as never);
  }
});
afterAll(() => own.close());
beforeEach(async () => {
  await raw(own.stores).requests.deleteMany({});
  await raw(own.stores).aliases.deleteMany({});
});

const asked = (state: ApprovalRequest['state'], cycle = 1) =>
  raw(own.stores).requests.insertOne(askedAbout({ project: PROJECT, cycle, model: MODEL }, { state }));
const live = (number: number) =>
  raw(own.stores).aliases.insertOne({
    _id: `${PROJECT}/champion`,
    v: 1,
    revision: 1,
    version: `${PROJECT}/${number}`,
    number,
  } as never);
const decided = () => approveActivities(own.deps).mlopsAlreadyDecided({ project: PROJECT, cycle: 2, evaluation });

test('approved, and its model is live: there is nothing new', async () => {
  await asked('approved');
  await live(1);
  expect(await decided()).toEqual({ request: `${PROJECT}/1` });
});

test('approved and never deployed: it is asked again', async () => {
  await asked('approved');
  expect(await decided()).toEqual({});
});

test('approved, and another model is live: it is asked again', async () => {
  await asked('approved');
  await live(2);
  expect(await decided()).toEqual({});
});

test('rejected: nothing new, whatever is live', async () => {
  await asked('rejected');
  expect(await decided()).toEqual({ request: `${PROJECT}/1` });
});

test.each(['open', 'expired', 'superseded'] as const)('%s: nobody decided', async (state) => {
  await asked(state);
  await live(1);
  expect(await decided()).toEqual({});
});

test('a cycle’s own request is not an earlier one', async () => {
  await asked('approved', 2);
  await live(1);
  expect(await decided()).toEqual({});
});
