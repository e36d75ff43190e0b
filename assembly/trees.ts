/**
 * The inner loops of growing a tree, in AssemblyScript: WebAssembly from TypeScript's syntax. `npm run kernel` compiles it
 * to src/engines/trees/generated/kernel.ts. Addresses are bytes of the memory that src/engines/trees/memory.ts lays out.
 *
 * Gradients and hessians are whole numbers (src/engines/trees/derivatives.ts), so sums are exact: they depend neither
 * on the order of the rows nor on how the work is cut.
 */

/**
 * Sums gradients and hessians of rows by column and bin: int64 pairs, a column's bins from its offset on.
 * @param bins uint8 [rows, width]
 * @param width columns
 * @param offsets uint32 [width], of each column's sums in bytes
 * @param derivatives int32 [rows, 2]
 * @param rows int32: the row numbers; those from … to−1 are summed
 * @param sums int64 [bins of all columns, 2], `bytes` long
 */
export function histogram(
  bins: usize,
  width: i32,
  offsets: usize,
  derivatives: usize,
  rows: usize,
  from: i32,
  to: i32,
  sums: usize,
  bytes: i32
): void {
  memory.fill(sums, 0, bytes);
  for (let k = from; k < to; k++) {
    const row = load<u32>(rows + ((<usize>k) << 2));
    const both = i64x2.extend_low_i32x4_s(v128.load64_zero(derivatives + ((<usize>row) << 3)));
    let bin = bins + <usize>row * <usize>width;
    const end = bin + <usize>width;
    let offset = offsets;
    while (bin < end) {
      const sum = sums + load<u32>(offset) + ((<usize>load<u8>(bin)) << 4);
      v128.store(sum, i64x2.add(v128.load(sum), both));
      bin += 1;
      offset += 4;
    }
  }
}

/** sums −= others: of a node and one of its children, the other child's. */
export function subtract(sums: usize, others: usize, bytes: i32): void {
  const end = sums + <usize>bytes;
  while (sums < end) {
    v128.store(sums, i64x2.sub(v128.load(sums), v128.load(others)));
    sums += 16;
    others += 16;
  }
}

/**
 * The best split of a node: a column, the last bin that goes left, and the side of missing values. Of equal ones the first.
 * @param counts int32 [width]: a column's bins of values; the bin behind them is that of missing values
 * @param allowed uint8 [width]: columns that this tree may split
 * @param g sum of the node's gradients, @param h of its hessians; whole numbers
 * @param gUnit what a gradient of 1 is worth, @param hUnit a hessian of 1
 * @param least hessian of each side, at least 1
 * @param best float64 [6]: gain (0: none), column, bin, 1 where missing values go left, gradients and hessians of the left
 */
export function split(
  sums: usize,
  width: i32,
  offsets: usize,
  counts: usize,
  allowed: usize,
  g: f64,
  h: f64,
  gUnit: f64,
  hUnit: f64,
  l2: f64,
  least: f64,
  best: usize
): void {
  let gain = MIN_GAIN;
  store<f64>(best, 0);
  const whole = score(g, h, gUnit, hUnit, l2);
  for (let column = 0; column < width; column++) {
    if (load<u8>(allowed + column) == 0) continue;
    const at = sums + load<u32>(offsets + (column << 2));
    const count = load<i32>(counts + (column << 2));
    const missing = at + ((<usize>count) << 4);
    const gMissing = load<i64>(missing);
    const hMissing = load<i64>(missing, 8);
    let gLeft: i64 = 0;
    let hLeft: i64 = 0;
    for (let bin = 0; bin < count; bin++) {
      const sum = at + ((<usize>bin) << 4);
      const hBin = load<i64>(sum, 8);
      // Without a row the sides are those of the bin before.
      if (hBin == 0) continue;
      gLeft += load<i64>(sum);
      hLeft += hBin;
      for (let missingLeft = 0; missingLeft < 2; missingLeft++) {
        if (missingLeft == 1 && hMissing == 0) break;
        const gl = <f64>(missingLeft == 1 ? gLeft + gMissing : gLeft);
        const hl = <f64>(missingLeft == 1 ? hLeft + hMissing : hLeft);
        const hr = h - hl;
        if (hl < least || hr < least) continue;
        const gained = score(gl, hl, gUnit, hUnit, l2) + score(g - gl, hr, gUnit, hUnit, l2) - whole;
        if (gained <= gain) continue;
        gain = gained;
        store<f64>(best, gained);
        store<f64>(best, <f64>column, 8);
        store<f64>(best, <f64>bin, 16);
        // Where no row lacks the number, a later one that does goes where most weight went.
        store<f64>(best, <f64>(hMissing == 0 ? <i32>(hl + hl >= h) : missingLeft), 24);
        store<f64>(best, gl, 32);
        store<f64>(best, hl, 40);
      }
    }
  }
}

/** Rounding alone gains less. */
const MIN_GAIN: f64 = 1e-9;

function score(g: f64, h: f64, gUnit: f64, hUnit: f64, l2: f64): f64 {
  const gradient = g * gUnit;
  return (gradient * gradient) / (h * hUnit + l2);
}

/**
 * Puts the rows of a node that go left before those that go right, each side in its order; returns where the right ones begin.
 * @param column uint8 [all rows]: bins of the column that is split
 * @param isLeft uint8 [256]: 1 for bins that go left
 * @param rows int32: the row numbers; the node's are from … to−1
 * @param spare room for as many
 */
export function partition(column: usize, isLeft: usize, rows: usize, spare: usize, from: i32, to: i32): i32 {
  let left = rows + ((<usize>from) << 2);
  let right = spare;
  const end = rows + ((<usize>to) << 2);
  for (let at = left; at < end; at += 4) {
    const row = load<u32>(at);
    const goesLeft = <usize>load<u8>(isLeft + <usize>load<u8>(column + row));
    store<u32>(left, row);
    store<u32>(right, row);
    left += goesLeft << 2;
    right += (1 - goesLeft) << 2;
  }
  memory.copy(left, spare, right - spare);
  return <i32>((left - rows) >> 2);
}
