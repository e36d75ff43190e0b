/** The step size of each step of a run: a function of its spec and its whole number of steps, wherever it is resumed. */
import type { NetworkSpec } from '../../domain/definition';

export type ScheduleSpec = Pick<NetworkSpec, 'learningRate' | 'schedule' | 'warmUp'>;

/** As PyTorch's OneCycleLR has them: a 25th of the rate at first, a 10,000th of that at the end, three tenths of the steps to rise. */
const FIRST_SHARE = 1 / 25;
const LAST_SHARE = FIRST_SHARE / 10_000;
const RISING_SHARE = 0.3;

/** @param steps of the whole run, whatever part of it is run now */
export function rateAt({ learningRate, schedule, warmUp }: ScheduleSpec, steps: number): (step: number) => number {
  if (schedule === 'oneCycle') {
    const top = Math.max(0, (warmUp || RISING_SHARE) * steps - 1);
    return (step) =>
      learningRate *
      (step <= top
        ? between(FIRST_SHARE, 1, top <= 0 ? 1 : step / top)
        : between(1, LAST_SHARE, (step - top) / (steps - 1 - top)));
  }
  const rising = Math.round(warmUp * steps);
  return (step) => {
    if (step < rising) return (learningRate * (step + 1)) / rising;
    if (schedule === 'constant') return learningRate;
    return learningRate * between(1, 0, (step - rising) / (steps - rising));
  };
}

/** Half a cosine from one share to the other. */
function between(from: number, to: number, way: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, way)))) / 2;
}
