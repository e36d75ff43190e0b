/** What makes probabilities of a model's logits, fitted on validation rows. */
export type Calibrator = Temperature | Isotonic;

/** Logits are divided by it: above 1 the scores become less sure, below 1 surer. Their order stays. */
export interface Temperature {
  readonly method: 'temperature';
  readonly temperature: number;
}

/** A curve that never falls: straight from point to point, level outside. */
export interface Isotonic {
  readonly method: 'isotonic';
  /** Rising, at least one; float32. */
  readonly logits: readonly number[];
  /** The probability at each logit. */
  readonly rates: readonly number[];
}
