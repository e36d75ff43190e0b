/**
 * Successive halving without waiting for a whole rung (ASHA: Li and others, A System for Massively Parallel Hyperparameter Tuning,
 * MLSys 2020, arXiv:1810.05934): a trial that comes to a rung goes on at once, or ends there. Whether it does is a function of trials
 * that are named beforehand, never of the order in which they end. Pure.
 */
import type { ModelSpec, StudyRungs } from '../definition';

/** What a trial came to at a rung below its whole budget. */
export interface Rung {
  readonly epochs: number;
  readonly loss: number;
}

/** Epochs of the rungs below the whole of a model; none where there are no rungs, or its learner has no epochs. */
export function rungsOf(rungs: StudyRungs | undefined, model: ModelSpec): readonly number[] {
  if (rungs === undefined || !('network' in model)) return [];
  const below: number[] = [];
  for (let epochs = rungs.first; epochs < model.network.epochs; epochs *= rungs.eta) below.push(epochs);
  return below;
}

/** A trial that may be compared with: one that failed is at no rung, so that some trial that doesn't fail comes to the end. */
export interface Compared {
  readonly rungs?: readonly Rung[];
  readonly failure?: unknown;
}

/**
 * Whether a trial goes on from a rung: it is among the best one of `eta` of those that came to it, itself included; while there are
 * fewer than `eta`, only the best does. Of equal losses the earlier trial's is better.
 * @param earlier named earlier trials that have ended
 */
export function goesOn({ epochs, loss }: Rung, earlier: readonly Compared[], eta: number): boolean {
  if (Number.isNaN(loss)) return false;
  const compared = earlier.filter(({ failure }) => failure === undefined);
  const losses = compared.flatMap(({ rungs = [] }) => rungs.filter((rung) => rung.epochs === epochs));
  const better = losses.filter((other) => other.loss <= loss).length;
  return better < Math.max(1, Math.floor((losses.length + 1) / eta));
}
