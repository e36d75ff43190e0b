/** Features after fitting: everything that the training rows taught, plain JSON. The feature graph is made from it. */

/** How a column enters the graph: TIMESTAMP int64 µs, NUMBER float64 (integers and booleans too), STRING. */
export type InputType = 'timestamp' | 'number' | 'string';

export interface FeatureInput {
  readonly column: string;
  readonly type: InputType;
}

export type FittedTransform =
  | { readonly transform: 'timeOfDayBuckets'; readonly column: string; readonly buckets: number }
  | { readonly transform: 'timeOfDayCycles'; readonly column: string; readonly harmonics: number }
  | { readonly transform: 'weekday'; readonly column: string }
  | {
      readonly transform: 'standardize';
      readonly column: string;
      readonly mean: number;
      readonly deviation: number;
    }
  | {
      readonly transform: 'logStandardize';
      readonly column: string;
      readonly mean: number;
      readonly deviation: number;
    }
  | {
      readonly transform: 'oneHot';
      readonly column: string;
      readonly categories: readonly string[] | readonly number[];
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

function widthOf(fitted: FittedTransform): number {
  switch (fitted.transform) {
    case 'timeOfDayBuckets':
      return fitted.buckets;
    case 'timeOfDayCycles':
      return 2 * fitted.harmonics;
    case 'weekday':
      return 7;
    case 'standardize':
    case 'logStandardize':
      return 1;
    case 'oneHot':
      return fitted.categories.length;
    case 'embedding':
      return 0;
  }
}
