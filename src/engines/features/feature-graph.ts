/**
 * Fitted features as graph nodes. They make the training features, and stand unchanged in every model's graph.
 *
 * Inputs, each [N] and named like its column: timestamps int64 µs since 1970 (missing: −2^63); integers, numbers and
 * booleans float64 (missing: NaN); strings (missing: ''), those with the denotation TEXT in their normal form
 * (normal-text.ts); vectors float64 [N, width] (missing: NaN). Outputs: `dense` float32 [N, K], and `index:<column>` int64
 * [N] for each embedding. `dense` has the features kind by kind (emitter.ts), and of one kind in their own order.
 *
 * What is missing becomes: numbers their `fill`, mostly the training rows' mean; one-hots and cycles all 0; embeddings row 0,
 * the unknown category. The same holds for numbers that can't be computed, such as a logarithm of 0, and for categories
 * that training didn't know. `dense` never holds an infinity, and NaN only where a number's `fill` is null.
 *
 * Logarithms, powers, sines and cosines are computed in double and then rounded to float: in float their last bit depends
 * on a row's place in its batch.
 */
import { columnsOf } from '../../domain/definition';
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { type Operators, operators } from '../onnx/operators';
import { timeOfDayBuckets, timeOfDayCycles, weekday } from './calendar';
import { oneHot } from './categories';
import { bucketNumbers, quantileBuckets } from './buckets';
import { cross, crossNumbers, hashing, hashNumbers } from './combinations';
import { components } from './components';
import { cycle, holiday } from './dates';
import type { Emitter } from './emitter';
import type { FeatureInput, Fitted, FittedFeatures, FittedNumber, FittedTransform, InputType } from './fitted';
import { Inputs } from './inputs';
import { hashedNgrams } from './hashed-ngrams';
import { isMissing } from './missing';
import { finished, named } from './number-kind';
import { isNumber, kindOf } from './number-kinds';
import { targetMean } from './target-mean';
import { textNgrams } from './text-ngrams';

export interface FeatureValues {
  /** float32 [N, K]; undefined when every feature is an embedding. */
  readonly dense?: Value;
  /** int64 [N] for each embedding, in the features' order. */
  readonly indices: readonly Value[];
}

export const DENSE = 'dense';
export const indexName = (column: string) => `index:${column}`;

type Feature = Exclude<FittedTransform, Fitted<'embedding'>>;
type Several = Exclude<Feature, FittedNumber>;

/** Kinds with several columns of `dense`, or with one that is no number. */
const EMITTERS: { readonly [K in Several['transform']]: Emitter<Fitted<K>> } = {
  timeOfDayBuckets,
  timeOfDayCycles,
  weekday,
  isMissing,
  quantileBuckets,
  holiday,
  cycle,
  cross,
  hashing,
  targetMean,
  textNgrams,
  hashedNgrams,
  components,
  oneHot,
};

/** Kinds of several columns that number these under a name. */
const NUMBERED: Readonly<
  Partial<Record<Feature['transform'], (o: Operators, features: readonly never[], inputs: Inputs) => Value>>
> = {
  quantileBuckets: bucketNumbers,
  cross: crossNumbers,
  hashing: hashNumbers,
};

/** Adds inputs and nodes of the features to a graph; always the first to do so, so their names are always the same. */
export function addFeatures(graph: Graph, fitted: FittedFeatures): FeatureValues {
  const o = operators(graph);
  const columns = new Map(fitted.inputs.map((input) => [input.column, inputOf(graph, input)]));
  const inputs = new Inputs(o, columns);
  const indices = fitted.transforms.flatMap((transform) =>
    transform.transform === 'embedding'
      ? [o.lookUp(inputs.vector(transform.column), transform.categories, 1, 0, indexName(transform.column))]
      : []
  );
  const typeOf = typesOf(fitted);
  const features = fitted.transforms.filter(isFeature);
  for (const level of levelsOf(features.filter((feature) => nameOf(feature) !== undefined))) {
    for (const group of groupsOf(level, typeOf)) {
      inputs.name(
        group.map((feature) => nameOf(feature)!),
        named(o, numbersOf(o, group, inputs))
      );
    }
  }
  const groups = denseGroups(fitted);
  const parts = runsOfNumbers(groups).map((run) => emit(o, run, inputs));
  return { dense: parts.length === 0 ? undefined : o.transpose(o.concat(parts, 0), DENSE), indices };
}

function inputOf(graph: Graph, { column, type, width }: FeatureInput): Value {
  switch (type) {
    case 'timestamp':
      return graph.input(column, 'int64', ['N']);
    case 'number':
      return graph.input(column, 'float64', ['N']);
    case 'string':
      return graph.input(column, 'string', ['N']);
    case 'text':
      // Whoever feeds the graph sees that it is to be brought into its normal form.
      return graph.input(column, 'string', ['N'], 'TEXT');
    case 'vector':
      return graph.input(column, 'float64', ['N', width!]);
  }
}

/** The features alone, as a model: the bytes that make training features. */
export function featureGraph(fitted: FittedFeatures): Uint8Array {
  const graph = new Graph('features');
  const { dense, indices } = addFeatures(graph, fitted);
  if (dense !== undefined) graph.output(dense);
  for (const index of indices) graph.output(index);
  return encodeModel(graph);
}

/** The features that `dense` has columns of, in the order of these. */
export function denseOrder(fitted: FittedFeatures): readonly FittedTransform[] {
  return denseGroups(fitted).flat();
}

function denseGroups(fitted: FittedFeatures): readonly (readonly Feature[])[] {
  const features = fitted.transforms.filter(isFeature);
  return groupsOf(
    features.filter((feature) => nameOf(feature) === undefined),
    typesOf(fitted)
  );
}

function isFeature(transform: FittedTransform): transform is Feature {
  return transform.transform !== 'embedding';
}

/** Of a column that a transform reads; those that transforms name are numbers. */
function typesOf({ inputs }: FittedFeatures): (column: string) => InputType {
  const types = new Map(inputs.map(({ column, type }) => [column, type]));
  return (column) => types.get(column) ?? 'number';
}

/** The name that later transforms read it by. */
function nameOf(feature: Feature): string | undefined {
  return 'as' in feature ? feature.as : undefined;
}

/** Features that read columns only, then those that read what these name, and so on. */
function levelsOf(features: readonly Feature[]): readonly (readonly Feature[])[] {
  const levels = new Map<string, number>();
  const all: Feature[][] = [];
  for (const feature of features) {
    const level = Math.max(...columnsOf(feature).map((column) => (levels.get(column) ?? -1) + 1));
    levels.set(nameOf(feature)!, level);
    (all[level] ??= []).push(feature);
  }
  return all;
}

/** Features of one kind: one transform, one operation, inputs of one type. Kinds in the order of their first feature. */
function groupsOf(
  features: readonly Feature[],
  typeOf: (column: string) => InputType
): readonly (readonly Feature[])[] {
  const groups = new Map<string, Feature[]>();
  for (const feature of features) {
    const op = 'op' in feature ? feature.op : 'part' in feature ? feature.part : '';
    const kind = `${feature.transform} ${op} of ${typeOf(columnsOf(feature)[0]!)}`;
    const group = groups.get(kind) ?? [];
    group.push(feature);
    groups.set(kind, group);
  }
  return [...groups.values()];
}

/** Groups of numbers that follow each other are finished together: that takes as many nodes for ten as for one. */
function runsOfNumbers(groups: readonly (readonly Feature[])[]): readonly (readonly (readonly Feature[])[])[] {
  const runs: (readonly Feature[])[][] = [];
  for (const group of groups) {
    const run = runs.at(-1);
    if (run !== undefined && isNumber(run[0]![0]!) && isNumber(group[0]!)) run.push(group);
    else runs.push([group]);
  }
  return runs;
}

/** Rows of `dense`, float32. */
function emit(o: Operators, run: readonly (readonly Feature[])[], inputs: Inputs): Value {
  const [group] = run;
  const [first] = group!;
  if (isNumber(first!)) {
    const fills = run.flat().map((feature) => (feature as FittedNumber).fill);
    const numbers = run.map((each) => numbersOf(o, each, inputs));
    return finished(o, numbers.length === 1 ? numbers[0]! : o.concat(numbers, 0), fills);
  }
  // All of a group have the transform of the first.
  const emitter = EMITTERS[first!.transform as Several['transform']] as Emitter<Feature>;
  return emitter(o, group!, inputs);
}

/** The numbers of a group, float64 [F, N]; NaN where there is none. */
function numbersOf(o: Operators, group: readonly Feature[], inputs: Inputs): Value {
  const [first] = group;
  const numbered = NUMBERED[first!.transform];
  if (numbered !== undefined) return numbered(o, group as readonly never[], inputs);
  if (!isNumber(first!)) throw new TypeError(`${first!.transform} gives no number`);
  return kindOf(first.transform).emit(o, group as readonly FittedNumber[], inputs);
}
