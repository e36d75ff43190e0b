/** What a batch's columns look like: exact figures of the values alone, in whatever order the rows came. */
import type { ColumnType } from './definition';

/** A number; a timestamp in ISO-8601; `Infinity` and `-Infinity` as text. */
export type ProfileValue = number | string;

export interface ColumnProfile {
  readonly type: ColumnType;
  readonly present: number;
  readonly missing: number;
  readonly distinct: number;
  /** Numbers, integers, (as 0 and 1) booleans and lengths of texts have it, where all values are finite. */
  readonly moments?: ProfileMoments;
  /** Of numbers, integers, timestamps, and lengths of texts in characters. */
  readonly spread?: ProfileSpread;
  /** The most frequent first; equally frequent ones by value. None of texts and vectors. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

export interface ProfileMoments {
  readonly mean: number;
  /** Of the values as they are: divided by their number, not by one less. */
  readonly deviation: number;
  /** m₃ / m₂^1.5 of the central moments; 0 where all values are equal. */
  readonly skewness: number;
  /** m₄ / m₂² − 3; 0 where all values are equal. */
  readonly excessKurtosis: number;
}

export interface ProfileSpread {
  readonly min: ProfileValue;
  readonly max: ProfileValue;
  /** Values of the column at these shares of it: `0.5` is the lower median. */
  readonly quantiles: Readonly<Record<string, ProfileValue>>;
  /** Counts of bins of equal width from min to max, the last with its upper end; absent where all values are equal, or not all are finite. */
  readonly histogram?: readonly number[];
}

export type Profile = Readonly<Record<string, ColumnProfile>>;
