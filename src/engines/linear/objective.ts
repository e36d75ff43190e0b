/**
 * What a linear model is fitted by: the sum of the rows' losses and l2 ÷ 2 times that of the squared weights. Sums are doubles, taken row
 * after row, so that they depend on the rows alone.
 *
 * A row's score is b + Σ w (x − m), m the column's mean: what the biases do then hardly depends on the weights, which takes fewer steps.
 * Biases have no penalty, so the model is the same: `uncentred` gives the biases of b + Σ w x.
 */
import type { Derivatives, Loss } from '../train/loss';
import { addFour, addRow, addSquares, type Dense, scoreFour, scoreOf } from './row-sums';

/** Rows with their labels; every number is finite. */
export interface LinearRows extends Dense {
  readonly rows: number;
  readonly labels: Float32Array;
}

/** Their numbers stay in the processor's cache between the two passes. */
const BLOCK = 1024;

export interface Evaluated {
  /** Of the objective. */
  readonly value: number;
  /** The rows' mean loss, without the penalty. */
  readonly loss: number;
  /** Of the objective's value, [size]. */
  readonly gradient: Float64Array;
}

export class LinearObjective {
  /** Weights [width, outputs], then biases [outputs]. */
  readonly size: number;
  readonly weights: number;
  /** Of each column. */
  readonly means: Float64Array;
  readonly #scores: Float64Array;
  readonly #derivatives: readonly Derivatives[];

  /** @param pause awaited between blocks of rows */
  constructor(
    readonly data: LinearRows,
    readonly loss: Loss,
    readonly l2: number,
    readonly pause: () => Promise<void> | undefined
  ) {
    this.weights = data.width * loss.outputs;
    this.size = this.weights + loss.outputs;
    this.means = meansOf(data);
    this.#scores = new Float64Array(BLOCK * loss.outputs);
    this.#derivatives = Array.from({ length: loss.outputs }, () => ({
      gradient: new Float64Array(BLOCK),
      hessian: new Float64Array(BLOCK),
    }));
  }

  /** Biases that fit best beside weights of 0. */
  start(): Float64Array {
    const parameters = new Float64Array(this.size);
    parameters.set(this.loss.start(this.data.labels), this.weights);
    return parameters;
  }

  /** The same model's parameters for the numbers as they are. */
  uncentred(parameters: Float64Array): Float64Array {
    return this.#moved(parameters, -1);
  }

  /** The other way. */
  centred(parameters: Float64Array): Float64Array {
    return this.#moved(parameters, 1);
  }

  #moved(parameters: Float64Array, times: number): Float64Array {
    const { outputs } = this.loss;
    const own = parameters.slice();
    for (let i = 0; i < this.weights; i += 1)
      own[this.weights + (i % outputs)]! += times * parameters[i]! * this.means[Math.floor(i / outputs)]!;
    return own;
  }

  async at(parameters: Float64Array): Promise<Evaluated> {
    const own = this.uncentred(parameters);
    const gradient = new Float64Array(this.size);
    let sum = 0;
    for (let from = 0; from < this.data.rows; from += BLOCK) {
      const to = Math.min(this.data.rows, from + BLOCK);
      sum += this.#derive(own, from, to);
      if (this.loss.outputs === 1) this.#addSlope(from, to, gradient);
      else this.#addSlopes(from, to, gradient);
      await this.pause();
    }
    const { outputs } = this.loss;
    let squares = 0;
    for (let i = 0; i < this.weights; i += 1) {
      squares += parameters[i]! * parameters[i]!;
      const outOfBias = this.means[Math.floor(i / outputs)]! * gradient[this.weights + (i % outputs)]!;
      gradient[i] = gradient[i]! - outOfBias + this.l2 * parameters[i]!;
    }
    return { value: this.loss.share * sum + (this.l2 / 2) * squares, loss: sum / this.data.rows, gradient };
  }

  /**
   * The second derivative by each parameter alone; 1 where it is 0. Outputs share their mean: what adds the same to all classes changes no
   * probability, and by one measure for all no step adds any of it.
   */
  async curvature(parameters: Float64Array): Promise<Float64Array> {
    const { rows, width } = this.data;
    const { outputs } = this.loss;
    const own = this.uncentred(parameters);
    const sums = new Float64Array(width + 1);
    for (let from = 0; from < rows; from += BLOCK) {
      const to = Math.min(rows, from + BLOCK);
      this.#derive(own, from, to);
      for (const { hessian } of this.#derivatives) {
        for (let row = from; row < to; row += 1) {
          const second = hessian[row - from]! / outputs;
          addSquares(this.data, row, this.means, second, sums);
          sums[width]! += second;
        }
      }
      await this.pause();
    }
    const measures = sums.map((sum, column) => sum + (column < width ? this.l2 : 0) || 1);
    return new Float64Array(this.size).map((_, i) => measures[Math.floor(i / outputs)]!);
  }

  /** Derivatives by the scores of the rows from … to−1; returns the sum of their losses. */
  #derive(parameters: Float64Array, from: number, to: number): number {
    if (this.loss.outputs === 1) this.#score(parameters, from, to);
    else this.#scoreAll(parameters, from, to);
    const scores = this.#scores.subarray(0, (to - from) * this.loss.outputs);
    return this.loss.derivatives(scores, this.data.labels.subarray(from, to), this.#derivatives) * (to - from);
  }

  #score(parameters: Float64Array, from: number, to: number): void {
    const { data } = this;
    const scores = this.#scores;
    const bias = parameters[data.width]!;
    let row = from;
    for (; row + 4 <= to; row += 4) scoreFour(data, row, parameters, bias, scores, row - from);
    for (; row < to; row += 1) scores[row - from] = bias + scoreOf(data, row, parameters);
  }

  #addSlope(from: number, to: number, into: Float64Array): void {
    const { data } = this;
    const { gradient } = this.#derivatives[0]!;
    let row = from;
    for (; row + 4 <= to; row += 4) addFour(data, row, gradient, row - from, into);
    for (; row < to; row += 1) addRow(data, row, gradient[row - from]!, into);
    for (let at = 0; at < to - from; at += 1) into[data.width]! += gradient[at]!;
  }

  /** Several outputs. Most numbers of one-hots are 0. */
  #scoreAll(parameters: Float64Array, from: number, to: number): void {
    const { width, dense } = this.data;
    const { outputs } = this.loss;
    for (let row = from; row < to; row += 1) {
      const at = (row - from) * outputs;
      for (let k = 0; k < outputs; k += 1) this.#scores[at + k] = parameters[this.weights + k]!;
      for (let column = 0; column < width; column += 1) {
        const x = dense[row * width + column]!;
        if (x === 0) continue;
        for (let k = 0; k < outputs; k += 1) this.#scores[at + k]! += x * parameters[column * outputs + k]!;
      }
    }
  }

  #addSlopes(from: number, to: number, into: Float64Array): void {
    const { width, dense } = this.data;
    const { outputs } = this.loss;
    const slopes = new Float64Array(outputs);
    for (let row = from; row < to; row += 1) {
      for (let k = 0; k < outputs; k += 1) {
        slopes[k] = this.#derivatives[k]!.gradient[row - from]!;
        into[this.weights + k]! += slopes[k]!;
      }
      for (let column = 0; column < width; column += 1) {
        const x = dense[row * width + column]!;
        if (x === 0) continue;
        for (let k = 0; k < outputs; k += 1) into[column * outputs + k]! += x * slopes[k]!;
      }
    }
  }
}

function meansOf(data: LinearRows): Float64Array {
  const sums = new Float64Array(data.width);
  for (let row = 0; row < data.rows; row += 1) addRow(data, row, 1, sums);
  return sums.map((sum) => sum / data.rows);
}
