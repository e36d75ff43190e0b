/** What one request may cost, and how much may wait for MongoDB. */
export interface ServeLimits {
  readonly bodyBytes: number;
  /** Rows of one infer request, and truths of one request. */
  readonly rows: number;
  /** UTF-16 code units of one string input. */
  readonly stringLength: number;
  /** A client that sends its request slower than this is cut off. */
  readonly requestMs: number;
  /** Rows of recent answers that are remembered for repeated ids. */
  readonly rememberedRows: number;
  /** MongoDB's time for the values of feature views of one request; then the replica's own copies serve. */
  readonly viewReadMs: number;
  /** Entities of feature views whose last value the replica keeps for when MongoDB is away. */
  readonly viewCopies: number;
}

export const DEFAULT_LIMITS: ServeLimits = {
  bodyBytes: 1 << 20,
  rows: 1_024,
  stringLength: 8_192,
  requestMs: 30_000,
  rememberedRows: 100_000,
  viewReadMs: 250,
  viewCopies: 100_000,
};
