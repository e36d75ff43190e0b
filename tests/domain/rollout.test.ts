import {
  addAnswers,
  answersOf,
  following,
  type LiveReplica,
  servedIn,
  stepsOf,
  tooManyErrors,
} from '../../src/domain/rollout';
import { served } from '../stores/served';

const PLAN = {
  steps: [
    { name: 'canary', share: 0.2, shadow: false, for: { event: '4 days' } },
    { name: 'full', share: 1, shadow: false, for: { event: '3 days' } },
  ],
  minReplicas: 1,
  replicasWithin: { wall: '60 seconds' },
};
const replica = (name: string, revision: number, counts: LiveReplica['counts'] = {}): LiveReplica => ({
  replica: name,
  revision,
  counts,
});

test('the plan holds where there is a champion; the first rollout and a rollback are one step', () => {
  expect(stepsOf(PLAN, 'rollout', served('p', 1))).toEqual(PLAN.steps);
  expect(stepsOf(PLAN, 'rollout', undefined).map((step) => step.share)).toEqual([1]);
  expect(stepsOf(PLAN, 'rollback', served('p', 1))).toHaveLength(1);
});

test('in the last step the candidate answers everything and is not yet the champion', () => {
  const former = served('p', 1);
  const candidate = served('p', 2);
  const last = servedIn({ kind: 'rollout', served: candidate, former }, PLAN.steps[1]!);
  expect(last).toEqual({ champion: former, candidate: { ...candidate, share: 1, shadow: false } });
});

test('replicas have followed when each live one is there, and there are enough', () => {
  expect(following([], 3, 1)).toEqual({ ready: false, live: 0, behind: [], reasons: [] });
  expect(following([], 3, 0).ready).toBe(false);
  expect(following([replica('a', 3)], 3, 1).ready).toBe(true);
  const late = { ...replica('b', 2), error: 'load: revision 3 needs version 2: MLOPS_MODEL_INVALID: …' };
  expect(following([replica('a', 3), late], 3, 1)).toEqual({
    ready: false,
    live: 2,
    behind: ['b'],
    reasons: ['b: load: revision 3 needs version 2: MLOPS_MODEL_INVALID: …'],
  });
  expect(following([replica('a', 3)], 3, 2).ready).toBe(false);
});

test("answers are counted over the replicas at the step's revision", () => {
  const live = [
    replica('a', 3, { 1: { requests: 80, errors: 1 }, 2: { requests: 20, errors: 0 } }),
    replica('b', 3, { 1: { requests: 40, errors: 0 } }),
    replica('old', 2, { 1: { requests: 1000, errors: 900 } }),
  ];
  expect(answersOf(live, 3, 1)).toEqual({ requests: 120, errors: 1 });
  expect(answersOf(live, 3, 2)).toEqual({ requests: 20, errors: 0 });
  expect(answersOf(live, 3, 9)).toEqual({ requests: 0, errors: 0 });
});

test('a candidate passes while chance explains that it fails more often than the champion', () => {
  const champion = { requests: 990, errors: 10 };
  expect(tooManyErrors({ requests: 198, errors: 2 }, champion)).toBeUndefined();
  expect(tooManyErrors({ requests: 197, errors: 3 }, champion)).toBeUndefined();
  const worse = { requests: 989, errors: 11 };
  expect(tooManyErrors({ requests: 190, errors: 10, firstError: 'no such row' }, worse)).toBe(
    'the candidate failed 10 of 200 requests, the champion 11 of 1000 (p = 0.0009); its first failure: no such row'
  );
  expect(tooManyErrors({ requests: 99, errors: 1 }, addAnswers(champion, { requests: 0, errors: 0 }))).toBeUndefined();
});

test('one failure of few requests says nothing, one in a hundred of many says much', () => {
  const never = { requests: 10_000, errors: 0 };
  expect(tooManyErrors({ requests: 0, errors: 0 }, never)).toBeUndefined();
  expect(tooManyErrors({ requests: 999, errors: 1 }, never)).toBeUndefined();
  expect(tooManyErrors({ requests: 990, errors: 10 }, never)).toBeDefined();
  expect(tooManyErrors({ requests: 0, errors: 20 }, { requests: 80, errors: 0 })).toBeDefined();
});

test('where the champion answers little or nothing, one failure in a hundred is tolerated', () => {
  for (const champion of [
    { requests: 0, errors: 0 },
    { requests: 3, errors: 0 },
  ]) {
    expect(tooManyErrors({ requests: 4, errors: 1 }, champion)).toBeUndefined();
    expect(tooManyErrors({ requests: 990, errors: 10 }, champion)).toBeUndefined();
    expect(tooManyErrors({ requests: 50, errors: 50 }, champion)).toBeDefined();
    expect(tooManyErrors({ requests: 98_000, errors: 2_000 }, champion)).toBeDefined();
  }
});
