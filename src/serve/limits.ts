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
}

export const DEFAULT_LIMITS: ServeLimits = {
  bodyBytes: 1 << 20,
  rows: 1_024,
  stringLength: 8_192,
  requestMs: 30_000,
  rememberedRows: 100_000,
};
