/** The transforms that make a model's inputs from columns. */

/** One transform; it reads one column and is a part of the feature graph. */
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
  /** A number minus the training rows' mean, over their standard deviation. */
  | {
      readonly transform: 'standardize';
      /** A number. */
      readonly column: string;
    }
  /** The same of the logarithm of a number, for what spans orders of magnitude. */
  | {
      readonly transform: 'logStandardize';
      /** A number. */
      readonly column: string;
    }
  /** One-hot of a text, a number or a boolean. */
  | {
      readonly transform: 'oneHot';
      /** What has few values. */
      readonly column: string;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
    }
  /** A learned vector for each value of a text. */
  | {
      readonly transform: 'embedding';
      /** A text. */
      readonly column: string;
      /** Numbers of each vector. */
      readonly width: number;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
      /** Vectors at most, of the most frequent values. */
      readonly maxRows: number;
    };
