/** Features after fitting: everything that the training rows taught, plain JSON. The feature graph is made from it. */
import type { FeatureDefinition } from '../../domain/definition';

/** How a column enters the graph: TIMESTAMP int64 µs, NUMBER float64 (integers and booleans too), STRING, TEXT (a string in normal form), VECTOR float64. */
export type InputType = 'timestamp' | 'number' | 'string' | 'text' | 'vector';

export interface FeatureInput {
  readonly column: string;
  readonly type: InputType;
  /** Of a vector: its numbers. */
  readonly width?: number;
}

/** A transform of numbers: later transforms may read it as `as`; else it is one column of `dense`. */
interface OneNumber {
  readonly column: string;
  readonly as?: string;
  /** In the place of a missing number, in `dense` alone; null: it stays missing, NaN. */
  readonly fill: number | null;
}

export type FittedNumber =
  | (OneNumber & { readonly transform: 'standardize'; readonly mean: number; readonly deviation: number })
  /** Of the logarithms: mean and deviation. */
  | (OneNumber & { readonly transform: 'logStandardize'; readonly mean: number; readonly deviation: number })
  | (OneNumber & { readonly transform: 'robust'; readonly median: number; readonly distance: number })
  | (OneNumber & { readonly transform: 'minMax'; readonly min: number; readonly range: number })
  /** Of the powers: mean and deviation. */
  | (OneNumber & {
      readonly transform: 'power';
      readonly lambda: number;
      readonly mean: number;
      readonly deviation: number;
    })
  | (OneNumber & { readonly transform: 'log'; readonly plus: number })
  | (OneNumber & { readonly transform: 'clip'; readonly min: number; readonly max: number })
  | (OneNumber & { readonly transform: 'impute'; readonly fill: number })
  | (Omit<OneNumber, 'column'> & {
      readonly transform: 'arithmetic';
      readonly columns: readonly [string, string];
      readonly op: 'sum' | 'difference' | 'product' | 'ratio';
    })
  | (OneNumber & {
      readonly transform: 'datePart';
      readonly part: 'hour' | 'weekday' | 'dayOfMonth' | 'dayOfYear' | 'month' | 'quarter' | 'year';
    })
  | (OneNumber & { readonly transform: 'ordinal'; readonly order: readonly string[] });

export type FittedTransform =
  | FittedNumber
  | { readonly transform: 'timeOfDayBuckets'; readonly column: string; readonly buckets: number }
  | { readonly transform: 'timeOfDayCycles'; readonly column: string; readonly harmonics: number }
  | { readonly transform: 'weekday'; readonly column: string }
  | { readonly transform: 'isMissing'; readonly column: string }
  /** Bucket i holds edges[i − 1] ≤ x < edges[i]. */
  | {
      readonly transform: 'quantileBuckets';
      readonly column: string;
      readonly as?: string;
      readonly edges: readonly number[];
    }
  | { readonly transform: 'holiday'; readonly column: string; readonly dates: readonly string[] }
  | { readonly transform: 'cycle'; readonly column: string; readonly period: number; readonly harmonics: number }
  /** A combination's number has the positions of its values, from 1, as digits; base i is that column's values and one more. */
  | {
      readonly transform: 'cross';
      readonly columns: readonly string[];
      readonly as?: string;
      readonly categories: readonly (readonly string[] | readonly number[])[];
      readonly combinations: readonly number[];
    }
  | {
      readonly transform: 'hashing';
      readonly columns: readonly string[];
      readonly as?: string;
      readonly buckets: number;
    }
  /** `means` are the prior, then each category's. */
  | {
      readonly transform: 'targetMean';
      readonly column: string;
      readonly categories: readonly string[] | readonly number[];
      readonly means: readonly number[];
      readonly smoothing: number;
      readonly training: 'earlierRows' | { readonly folds: number; readonly seed: number };
    }
  | {
      readonly transform: 'oneHot';
      readonly column: string;
      readonly categories: readonly string[] | readonly number[];
    }
  /** N-grams by their length and then in code-point order; words have a blank between them. */
  | {
      readonly transform: 'textNgrams';
      readonly column: string;
      readonly of: 'words' | 'characters';
      readonly ngrams: readonly string[];
      /** Inverse document frequency of each. */
      readonly idf: readonly number[];
    }
  /** The training rows teach it nothing. */
  | Extract<FeatureDefinition, { readonly transform: 'hashedNgrams' }>
  /** Of each component: (x − centre) ÷ scale, and what stands for a missing vector's. */
  | {
      readonly transform: 'components';
      readonly column: string;
      readonly centres: readonly number[];
      readonly scales: readonly number[];
      readonly fills: readonly number[];
    }
  /** Row 0 of the table is the unknown category, row i + 1 is `categories[i]`. */
  | {
      readonly transform: 'embedding';
      readonly column: string;
      readonly width: number;
      readonly categories: readonly string[];
    };

export type Fitted<K extends FittedTransform['transform']> = Extract<FittedTransform, { readonly transform: K }>;

export interface FittedFeatures {
  readonly v: 1;
  /** Rows that the statistics were taken over. */
  readonly rows: number;
  /** Inputs of the graph, in the order of their first use. */
  readonly inputs: readonly FeatureInput[];
  readonly transforms: readonly FittedTransform[];
}

/** For a model that takes missing numbers as they are: only `impute` says otherwise. */
export function withMissingKept(fitted: FittedFeatures): FittedFeatures {
  const transforms = fitted.transforms.map((transform) =>
    'fill' in transform && transform.transform !== 'impute' ? { ...transform, fill: null } : transform
  );
  return { ...fitted, transforms };
}

/** A trained table: `rows` × `width` numbers, found by an index output of the feature graph. */
export interface EmbeddingTable {
  readonly column: string;
  readonly rows: number;
  readonly width: number;
}

/** Columns of the graph's `dense` output. */
export function denseWidth(fitted: FittedFeatures): number {
  return fitted.transforms.reduce((width, transform) => width + widthOf(transform), 0);
}

/** The tables that the network has to train, in the order of the graph's index outputs. */
export function embeddingTables(fitted: FittedFeatures): readonly EmbeddingTable[] {
  return fitted.transforms.flatMap((fittedTransform) =>
    fittedTransform.transform === 'embedding'
      ? [{ column: fittedTransform.column, rows: fittedTransform.categories.length + 1, width: fittedTransform.width }]
      : []
  );
}

/** Columns of `dense`; none of what only later transforms read. */
export function widthOf(fitted: FittedTransform): number {
  if ('as' in fitted && fitted.as !== undefined) return 0;
  switch (fitted.transform) {
    case 'timeOfDayBuckets':
      return fitted.buckets;
    case 'timeOfDayCycles':
    case 'cycle':
      return 2 * fitted.harmonics;
    case 'weekday':
      return 7;
    case 'quantileBuckets':
      return fitted.edges.length + 1;
    case 'oneHot':
      return fitted.categories.length;
    case 'embedding':
      return 0;
    case 'standardize':
    case 'logStandardize':
    case 'robust':
    case 'minMax':
    case 'power':
    case 'log':
    case 'clip':
    case 'impute':
    case 'arithmetic':
    case 'datePart':
    case 'ordinal':
    case 'targetMean':
    case 'isMissing':
    case 'holiday':
      return 1;
    case 'cross':
      return fitted.combinations.length;
    case 'hashing':
    case 'hashedNgrams':
      return fitted.buckets;
    case 'textNgrams':
      return fitted.ngrams.length;
    case 'components':
      return fitted.centres.length;
  }
}
