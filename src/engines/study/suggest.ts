/**
 * The next trial of a study: at random, or by a tree-structured Parzen estimator (Bergstra and others, Algorithms for
 * Hyper-Parameter Optimization, NeurIPS 2011), with Optuna 5.0.0's defaults. A function of the study's seed, the trial's number and the
 * trials that it may see: whoever asks again, on any machine, gets the same.
 */
import { type Choices, type Designed, designed } from '../../domain/study/space';
import { randomStream, STREAMS } from '../train/random';
import { drawUniform, parzen } from './parzen';

export interface EndedTrial {
  readonly number: number;
  readonly choices: Choices;
  /** Lower is better; absent where the trial failed. */
  readonly loss?: number;
  /** It was stopped after so much of its budget, such as epochs; absent: it came to its end. */
  readonly stoppedAfter?: number;
}

export interface Suggest {
  readonly template: unknown;
  readonly sampler: 'random' | 'tpe';
  readonly seed: number;
  /** From 1. */
  readonly number: number;
  /** The trials that it may see, in the order of their numbers. */
  readonly trials: readonly EndedTrial[];
}

/** Trials before the estimator says anything. */
const STARTUP = 10;
const CANDIDATES = 24;
/** At most so many trials are good ones, and one of ten. */
const MOST_GOOD = 25;

export function suggest({ template, sampler, seed, number, trials }: Suggest): Designed {
  const random = randomStream(seed, STREAMS.trials, number);
  const known = trials.filter((trial): trial is Known => trial.loss !== undefined && !Number.isNaN(trial.loss));
  if (sampler === 'random' || known.length < STARTUP)
    return designed(template, (_path, space) => drawUniform(space, random));
  const [good, others] = divided(known);
  return designed(template, (path, space) => {
    const [likely, unlikely] = [good, others].map((part) => parzen(space, observedOf(part, path)));
    const drawn = Array.from({ length: CANDIDATES }, () => likely!.draw(random));
    const gains = drawn.map((value) => likely!.logAt(value) - unlikely!.logAt(value));
    return drawn[gains.indexOf(Math.max(...gains))] ?? drawUniform(space, random);
  });
}

type Known = EndedTrial & { readonly loss: number };

/**
 * The best ones, and the others, each in the order of their numbers. One that came further is better, whatever its loss; of equal losses
 * the earlier trial is.
 */
export function divided(trials: readonly Known[]): readonly [good: readonly Known[], others: readonly Known[]] {
  const best = trials.toSorted((a, b) => further(a, b) || a.loss - b.loss || a.number - b.number);
  const good = new Set(best.slice(0, Math.min(MOST_GOOD, Math.ceil(trials.length / 10))));
  return [trials.filter((trial) => good.has(trial)), trials.filter((trial) => !good.has(trial))];
}

function further({ stoppedAfter: a = Infinity }: Known, { stoppedAfter: b = Infinity }: Known): number {
  return a === b ? 0 : b - a;
}

/** Of trials that chose this at all: others took an option without it. */
function observedOf(trials: readonly Known[], path: string): number[] {
  return trials.flatMap(({ choices }) => choices[path] ?? []);
}
