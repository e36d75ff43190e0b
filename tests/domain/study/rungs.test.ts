import fc from 'fast-check';
import { goesOn, rungsOf } from '../../../src/domain/study/rungs';
import type { NetworkSpec } from '../../../src/domain/definition';
import { PLAIN_NETWORK } from '../../support/plain-network';

const network = (epochs: number): { readonly network: NetworkSpec } => ({
  network: { ...PLAIN_NETWORK, hidden: [4], batch: 8, learningRate: 0.1, epochs, maxRowsSeen: 1e6, seed: 1 },
});
/** Of trials that came to the rung of one epoch. */
const earlier = (losses: readonly number[]) => losses.map((loss) => ({ rungs: [{ epochs: 1, loss }] }));
const rung = (loss: number) => ({ epochs: 1, loss });

test('each rung has eta times the epochs of the one before, all of them fewer than the whole', () => {
  expect(rungsOf({ first: 1, eta: 3 }, network(27))).toEqual([1, 3, 9]);
  expect(rungsOf({ first: 2, eta: 4 }, network(10))).toEqual([2, 8]);
  expect(rungsOf({ first: 5, eta: 4 }, network(5))).toEqual([]);
});

test('without rungs, and for a learner without epochs, there are none', () => {
  expect(rungsOf(undefined, network(27))).toEqual([]);
  expect(rungsOf({ first: 1, eta: 3 }, { trainer: { registered: 'a', params: {} } })).toEqual([]);
});

test.each([
  // The first is the best so far; fewer than eta take the best alone.
  [0.5, [], 4, true],
  [0.6, [0.5], 4, false],
  [0.4, [0.5, 0.6], 4, true],
  // Two of eight.
  [0.2, [0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 4, true],
  [0.35, [0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 4, false],
  // As good as an earlier one is not better.
  [0.1, [0.1], 4, false],
  [Number.NaN, [], 4, false],
])('a loss of %d after %j with eta %i goes on: %j', (loss, losses, eta, expected) => {
  expect(goesOn(rung(loss), earlier(losses), eta)).toBe(expected);
});

test('compared are losses of the same rung, of trials that did not fail', () => {
  const others = [
    {
      rungs: [
        { epochs: 1, loss: 0.9 },
        { epochs: 3, loss: 0.1 },
      ],
    },
    { rungs: [{ epochs: 1, loss: 0.1 }], failure: { code: 'MLOPS_TRAINING_DIVERGED' } },
    {},
  ];
  expect(goesOn({ epochs: 1, loss: 0.5 }, others, 3)).toBe(true);
  expect(goesOn({ epochs: 3, loss: 0.5 }, others, 3)).toBe(false);
});

const losses = fc.array(fc.double({ noNaN: true }), { maxLength: 20 });
const eta = fc.integer({ min: 2, max: 5 });

test('in whatever order earlier trials ended, the answer is the same', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), losses, eta, (loss, others, of) => {
      expect(goesOn(rung(loss), earlier(others.toReversed()), of)).toBe(goesOn(rung(loss), earlier(others), of));
    })
  );
});

test('of trials that do not fail some come to the end, whatever their losses and however many run at once', () => {
  const trials = fc.array(fc.tuple(fc.double({ noNaN: true }), fc.boolean()), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(trials, eta, fc.integer({ min: 1, max: 5 }), (all, of, parallelism) => {
      const ended = all.map(([loss, fails]) => ({ ...earlier([loss])[0]!, ...(fails ? { failure: true } : {}) }));
      const came = all.some(
        ([loss, fails], at) => !fails && goesOn(rung(loss), ended.slice(0, Math.max(0, at + 1 - parallelism)), of)
      );
      expect(came).toBe(all.some(([, fails]) => !fails));
    })
  );
});
