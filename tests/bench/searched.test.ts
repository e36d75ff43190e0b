import { repeatedIn } from '../../bench/search/searched';
import type { StepEvent } from '../../bench/steps/events';

const ran = (first: number, last: number): StepEvent[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at).flatMap((step) => [
    { at: step, kind: 'start' as const, step },
    { at: step + 0.5, kind: 'end' as const, step },
  ]);
/** Killed in trial 50. */
const before: StepEvent[] = [...ran(1, 49), { at: 50, kind: 'start', step: 50 }];

test.each([
  ['that goes on in the trial that was killed repeats none', ran(50, 100), 0],
  ['that goes on after it repeats none', ran(51, 100), 0],
  ['that begins anew repeats all that had ended', ran(1, 100), 49],
])('a search %s', (_, after, repeated) => {
  expect(repeatedIn(before, [...before, ...after])).toBe(repeated);
});
