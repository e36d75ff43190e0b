/**
 * The mean label of a category's training rows, drawn towards that of all by `smoothing` rows of it: (sum + m × prior) ÷
 * (count + m) (Micci-Barreca, SIGKDD Explorations 3, 2001). The graph has the means of all training rows. A training row
 * gets one that its own label is no part of (outOfOwn): else the network would learn to read its answer there.
 */
import { foldOf } from '../../domain/folds';
import type { Operators } from '../onnx/operators';
import type { Value } from '../onnx/graph';
import { float64 } from '../onnx/tensor';
import type { Column } from '../tables/columns';
import { type Emitter, perFeature } from './emitter';
import type { Fitted } from './fitted';
import type { Inputs } from './inputs';
import { type Categories, positionIn, positionsOf } from './positions';

type TargetMean = Fitted<'targetMean'>;

/** What is known of training rows beside their columns, [rows] each. */
export interface TrainingRows {
  readonly labels: Float32Array;
  /** µs since 1970-01-01T00:00Z, where rows have one; they are in its order. */
  readonly eventTime?: BigInt64Array | undefined;
  /** Bits of the rows' keys, 0 … 2³² − 1. */
  readonly keys: Float64Array;
}

/** The prior, then each category's mean. */
export function meansOf(
  column: Column,
  categories: Categories,
  labels: Float32Array,
  smoothing: number
): readonly number[] {
  const means = new Means(categories.length, smoothing);
  positionsOf(column, categories).forEach((position, row) => means.add(position, labels[row]!));
  return [means.prior(), ...categories.map((_, at) => means.of(at + 1))];
}

export const targetMean: Emitter<TargetMean> = (o, features, inputs) => {
  const sizes = features.map(({ means }) => means.length);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const places = o.add(o.stack(features.map((each) => placeIn(o, each, inputs))), perFeature(o, 'int64', starts));
  return o.cast(o.gather(o.constant(float64(features.flatMap(({ means }) => means))), places), 'float32');
};

function placeIn(o: Operators, { column, categories }: TargetMean, inputs: Inputs): Value {
  return positionIn(o, inputs.vector(column), categories);
}

/** What the training rows themselves get: of rows with an earlier event time, or of the other folds. */
export function outOfOwn(feature: TargetMean, column: Column, rows: TrainingRows): Float64Array {
  const positions = positionsOf(column, feature.categories);
  return feature.training === 'earlierRows'
    ? ofEarlierRows(feature, positions, rows)
    : ofOtherFolds(feature, feature.training, positions, rows);
}

/** Before there is any earlier row: the prior of all. */
function ofEarlierRows(
  { categories, smoothing, means }: TargetMean,
  positions: Int32Array,
  { labels, eventTime }: TrainingRows
): Float64Array {
  if (eventTime === undefined) throw new TypeError('rows without an event time have no earlier ones');
  const values = new Float64Array(positions.length);
  const earlier = new Means(categories.length, smoothing, means[0]);
  for (let from = 0; from < positions.length; ) {
    let to = from;
    for (; to < positions.length && eventTime[to] === eventTime[from]; to += 1) values[to] = earlier.of(positions[to]!);
    for (; from < to; from += 1) earlier.add(positions[from]!, labels[from]!);
  }
  return values;
}

function ofOtherFolds(
  { categories, smoothing, means }: TargetMean,
  { folds, seed }: { readonly folds: number; readonly seed: number },
  positions: Int32Array,
  { labels, keys }: TrainingRows
): Float64Array {
  const of = Uint8Array.from(keys, (bits) => foldOf(bits, { folds, seed }));
  const others = Array.from({ length: folds }, () => new Means(categories.length, smoothing, means[0]));
  positions.forEach((position, row) =>
    others.forEach((fold, number) => {
      if (number !== of[row]) fold.add(position, labels[row]!);
    })
  );
  return Float64Array.from(positions, (position, row) => others[of[row]!]!.of(position));
}

/** Sums as rows come. Position 0 is of no category: the prior. */
class Means {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  readonly #smoothing: number;
  readonly #ofNone: number;
  #sum = 0;
  #count = 0;

  /** @param ofNone the prior while there is no row */
  constructor(categories: number, smoothing: number, ofNone = 0) {
    this.#sums = new Float64Array(categories + 1);
    this.#counts = new Float64Array(categories + 1);
    this.#smoothing = smoothing;
    this.#ofNone = ofNone;
  }

  add(position: number, label: number): void {
    this.#sums[position]! += label;
    this.#counts[position]! += 1;
    this.#sum += label;
    this.#count += 1;
  }

  prior(): number {
    return this.#count === 0 ? this.#ofNone : this.#sum / this.#count;
  }

  of(position: number): number {
    const prior = this.prior();
    const count = this.#counts[position]!;
    if (position === 0 || count === 0) return prior;
    return (this.#sums[position]! + this.#smoothing * prior) / (count + this.#smoothing);
  }
}
