/** The transforms that make a model's inputs from columns. */

/**
 * One transform of the feature graph. A transform of numbers may name its number with `as`: later transforms read it like a
 * column, and the model does not read it by itself. A missing number stays missing under that name.
 */
export type FeatureDefinition =
  /** The time of day of a timestamp, one-hot. */
  | {
      readonly transform: 'timeOfDayBuckets';
      /** A timestamp. */
      readonly column: string;
      /** Equal parts of the day. */
      readonly buckets: number;
    }
  /** The time of day of a timestamp as sine and cosine. */
  | {
      readonly transform: 'timeOfDayCycles';
      /** A timestamp. */
      readonly column: string;
      /** Pairs of sine and cosine, of 1 to so many turns a day. */
      readonly harmonics: number;
    }
  /** The day of the week of a timestamp, one-hot. */
  | {
      readonly transform: 'weekday';
      /** A timestamp. */
      readonly column: string;
    }
  /** A number minus the training rows' mean, over their standard deviation; missing: 0, the mean. */
  | {
      readonly transform: 'standardize';
      /** A number. */
      readonly column: string;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** The same of the logarithm of a number, for what spans orders of magnitude. */
  | {
      readonly transform: 'logStandardize';
      /** A number. */
      readonly column: string;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** A number minus the training rows' median, over the distance of their quartiles; missing: 0, the median. */
  | {
      readonly transform: 'robust';
      /** A number. */
      readonly column: string;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** A number so that the training rows' least is 0 and their greatest 1; missing: their mean. */
  | {
      readonly transform: 'minMax';
      /** A number. */
      readonly column: string;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** Yeo and Johnson's power, fitted so that the training rows are most like a normal distribution, then standardized. */
  | {
      readonly transform: 'power';
      /** A number. */
      readonly column: string;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** The natural logarithm of a number plus `plus`; where there is none: the training rows' mean logarithm. */
  | {
      readonly transform: 'log';
      /** A number. */
      readonly column: string;
      /** Added first: 1 for counts that may be 0. */
      readonly plus: number;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** A number within bounds; missing: the training rows' mean within them. */
  | {
      readonly transform: 'clip';
      /** A number. */
      readonly column: string;
      /** What is less becomes this: a number, or a quantile of the training rows. */
      readonly min?: Bound;
      /** What is greater becomes this: a number, or a quantile of the training rows. */
      readonly max?: Bound;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** A number as it is, with something in the place of a missing one. */
  | {
      readonly transform: 'impute';
      /** A number. */
      readonly column: string;
      /** The training rows' mean or median, or a number. */
      readonly with: 'mean' | 'median' | number;
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** 1 where the value is missing, else 0. */
  | {
      readonly transform: 'isMissing';
      /** Any column. */
      readonly column: string;
    }
  /** Which of so many buckets, that have equally many training rows, a number falls in, one-hot; missing: all 0. */
  | {
      readonly transform: 'quantileBuckets';
      /** A number. */
      readonly column: string;
      /** Buckets at most: those that would hold no training row are left out. */
      readonly buckets: number;
      /** Names the bucket's number, from 0, for later transforms. */
      readonly as?: string;
    }
  /** Two numbers as one; where either is missing, and by 0, missing: the training rows' mean. */
  | {
      readonly transform: 'arithmetic';
      /** Two numbers; for a difference also two timestamps: the hours from the second to the first. */
      readonly columns: readonly [string, string];
      /** First plus, minus, times, or over second. */
      readonly op: 'sum' | 'difference' | 'product' | 'ratio';
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** A part of a timestamp's date in UTC, as a number; missing: the training rows' mean. */
  | {
      readonly transform: 'datePart';
      /** A timestamp. */
      readonly column: string;
      /** Hours from 0, weekdays from 0 (Monday), the others from 1. */
      readonly part: 'hour' | 'weekday' | 'dayOfMonth' | 'dayOfYear' | 'month' | 'quarter' | 'year';
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** A number that begins anew after a period, as sine and cosine; missing: all 0. */
  | {
      readonly transform: 'cycle';
      /** A number, such as a month. */
      readonly column: string;
      /** How far it goes until it is the same again: 12 for months. */
      readonly period: number;
      /** Pairs of sine and cosine, of 1 to so many turns a period. */
      readonly harmonics: number;
    }
  /** 1 on the listed days in UTC, else 0. */
  | {
      readonly transform: 'holiday';
      /** A timestamp. */
      readonly column: string;
      /** Days as `2026-04-03`, or of every year as `12-25`. */
      readonly dates: readonly string[];
    }
  /** A string's position in a declared order, from 0; of one that the order lacks: the training rows' mean. */
  | {
      readonly transform: 'ordinal';
      /** A string. */
      readonly column: string;
      /** Its values, the least first. */
      readonly order: readonly string[];
      /** Names the result for later transforms. */
      readonly as?: string;
    }
  /** Values of several columns together, one-hot. */
  | {
      readonly transform: 'cross';
      /** Two to four strings, numbers or booleans with few values. */
      readonly columns: readonly string[];
      /** A combination with fewer training rows counts as unknown, and so does a value. */
      readonly minCount: number;
      /** Names the combination's number, from 0, for later transforms. */
      readonly as?: string;
    }
  /** A hash of one or several strings, one-hot: for values that are too many or not known in advance; missing: all 0. */
  | {
      readonly transform: 'hashing';
      /** One to four strings. */
      readonly columns: readonly string[];
      /** What the hash is reduced to. */
      readonly buckets: number;
      /** Names the bucket's number, from 0, for later transforms. */
      readonly as?: string;
    }
  /**
   * The mean label of the training rows with the same value, drawn towards that of all; of a missing, rare or unknown value:
   * that of all.
   */
  | {
      readonly transform: 'targetMean';
      /** A string, a number or a boolean. */
      readonly column: string;
      /** As if so many more rows of each value had the mean label of all. */
      readonly smoothing: number;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
      /**
       * Where a training row's own value comes from, so that its own label is not a part of it: `earlierRows`, those of an earlier
       * event time, or the other folds. Without an event time the default is 5 folds.
       */
      readonly training:
        | 'earlierRows'
        | {
            /** Parts of the training rows, by their keys. */
            readonly folds: number;
            /** Another seed, other folds. */
            readonly seed: number;
          };
    }
  /** One-hot of a string, a number or a boolean. */
  | {
      readonly transform: 'oneHot';
      /** What has few values. */
      readonly column: string;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
    }
  /**
   * How often words or characters, alone or in a row, stand in a text: TF-IDF of those in many training rows. A row's numbers have
   * a sum of squares of 1; without any of them, and where the text is missing: all 0.
   */
  | {
      readonly transform: 'textNgrams';
      /** A text. */
      readonly column: string;
      /** A word is letters, marks, digits and `_` in a row; characters are all, blanks too. */
      readonly of: 'words' | 'characters';
      /** The least and the greatest number of them in a row. */
      readonly lengths: readonly [number, number];
      /** One in fewer training rows is left out. */
      readonly minCount: number;
      /** Columns at most: those that are there most often. */
      readonly maxFeatures: number;
    }
  /**
   * The same counts by a hash of each, with no weights: for texts whose words are too many or not known in advance. A row's numbers
   * have a sum of squares of 1; where the text is missing or empty: all 0.
   */
  | {
      readonly transform: 'hashedNgrams';
      /** A text. */
      readonly column: string;
      /** As in `textNgrams`. */
      readonly of: 'words' | 'characters';
      /** The least and the greatest number of them in a row. */
      readonly lengths: readonly [number, number];
      /** What the hash is reduced to: columns. */
      readonly buckets: number;
    }
  /** The numbers of a vector, each a column of the model; of a missing one the training rows' means. */
  | {
      readonly transform: 'components';
      /** A vector. */
      readonly column: string;
      /** `standardize`: each less its mean in the training rows, divided by its deviation; `none`: as they are. */
      readonly scale: 'standardize' | 'none';
    }
  /** A learned vector for each value of a string. */
  | {
      readonly transform: 'embedding';
      /** A string. */
      readonly column: string;
      /** Numbers of each vector. */
      readonly width: number;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
      /** Vectors at most, of the most frequent values. */
      readonly maxRows: number;
    };

/** A number, or a quantile of the training rows. */
export type Bound =
  | number
  | {
      /** The share of training rows at it or below. */
      readonly quantile: number;
    };

/** What of a transform, as defined or as fitted, says what it reads and what it names. */
type Reads = { readonly transform: string; readonly as?: string | undefined } & (
  | { readonly column: string }
  | { readonly columns: readonly string[] }
);

/** What the transform reads: columns of the source, and names that earlier transforms gave. */
export function columnsOf(
  feature: { readonly column: string } | { readonly columns: readonly string[] }
): readonly string[] {
  return 'columns' in feature ? feature.columns : [feature.column];
}

/** The name that it gives its number for later transforms. */
export function nameGivenBy(feature: { readonly transform: string }): string | undefined {
  return 'as' in feature ? (feature.as as string | undefined) : undefined;
}

/** Whether fitting reads labels. */
export function needsLabels(features: readonly FeatureDefinition[]): boolean {
  return features.some(({ transform }) => transform === 'targetMean');
}

/** `standardize(age)`: a feature in a list for people. */
export function featureText(feature: Reads): string {
  const text = `${feature.transform}(${columnsOf(feature).join(', ')})`;
  return feature.as === undefined ? text : `${feature.as} = ${text}`;
}

/** Transforms whose fitted graph has values of the training rows in it: categories, or pieces of texts. */
const KEEPING: ReadonlySet<string> = new Set(['cross', 'embedding', 'oneHot', 'targetMean', 'textNgrams']);

/** The features of which a model's file holds values of one of these columns. */
export function featuresKeeping(
  features: readonly FeatureDefinition[],
  columns: readonly string[]
): readonly FeatureDefinition[] {
  const keeping = features.filter(({ transform }) => KEEPING.has(transform));
  return keeping.filter((feature) => columnsOf(feature).some((name) => columns.includes(name)));
}

/** Columns of the source that the features read, each once, in the order of their first use. */
export function columnsOfFeatures(features: readonly FeatureDefinition[]): readonly string[] {
  const given = new Set(features.map(nameGivenBy));
  return [...new Set(features.flatMap(columnsOf))].filter((name) => !given.has(name));
}
