/**
 * The inner loops of linear models, over one row's columns or four rows' at once, which then share what is read and written of the columns.
 * Each is a function of its own and short, so that V8 has compiled it after the first hundred rows.
 */

/** Row-major numbers, [rows, width]. */
export interface Dense {
  readonly width: number;
  readonly dense: Float32Array;
}

/** Σ weights × the row's numbers. */
export function scoreOf({ width, dense }: Dense, row: number, weights: Float64Array): number {
  let score = 0;
  for (let column = 0, at = row * width; column < width; column += 1, at += 1) score += weights[column]! * dense[at]!;
  return score;
}

/** The scores of four rows from `row` on, above a bias, into `scores` from `to` on. */
export function scoreFour(
  { width, dense }: Dense,
  row: number,
  weights: Float64Array,
  bias: number,
  scores: Float64Array,
  to: number
): void {
  let at = row * width;
  let p = bias;
  let q = bias;
  let r = bias;
  let s = bias;
  for (let column = 0; column < width; column += 1, at += 1) {
    const weight = weights[column]!;
    p += weight * dense[at]!;
    q += weight * dense[at + width]!;
    r += weight * dense[at + 2 * width]!;
    s += weight * dense[at + 3 * width]!;
  }
  scores[to] = p;
  scores[to + 1] = q;
  scores[to + 2] = r;
  scores[to + 3] = s;
}

/** Adds the row's numbers times `slope`. */
export function addRow({ width, dense }: Dense, row: number, slope: number, into: Float64Array): void {
  for (let column = 0, at = row * width; column < width; column += 1, at += 1) into[column]! += slope * dense[at]!;
}

/** Adds the numbers of four rows from `row` on, times the slopes from `from` on. */
export function addFour(
  { width, dense }: Dense,
  row: number,
  slopes: Float64Array,
  from: number,
  into: Float64Array
): void {
  let at = row * width;
  const p = slopes[from]!;
  const q = slopes[from + 1]!;
  const r = slopes[from + 2]!;
  const s = slopes[from + 3]!;
  for (let column = 0; column < width; column += 1, at += 1)
    into[column]! += p * dense[at]! + q * dense[at + width]! + r * dense[at + 2 * width]! + s * dense[at + 3 * width]!;
}

/** Adds `times` the squares of the row's distances from the means. */
export function addSquares(
  { width, dense }: Dense,
  row: number,
  means: Float64Array,
  times: number,
  into: Float64Array
): void {
  for (let column = 0, at = row * width; column < width; column += 1, at += 1) {
    const x = dense[at]! - means[column]!;
    into[column]! += times * x * x;
  }
}
