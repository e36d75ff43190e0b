/** Figures of a table that has no definition yet: what `mlops init` decides by. */
import type { ColumnType } from '../../../domain/definition';

export interface TableFigures {
  readonly rows: number;
  /** More rows than were looked at: the figures are of the first ones. */
  readonly cut: boolean;
  /** Of CSV: how it is written. */
  readonly dialect?: FoundDialect;
  /** Those of the file, then one of which several of them are the parts, if there is one. */
  readonly columns: readonly ColumnFigures[];
  /** Sets of at most three columns (by index) whose values are in every row and name one row each; the smallest sets. */
  readonly unique: readonly (readonly number[])[];
  /** Rows that are equal to an earlier one in every column. */
  readonly repeated: number;
}

/** What is asked of a column. */
export type Asks =
  | {
      readonly asks: 'condition';
      readonly op: '>' | '>=' | '<' | '<=' | '=';
      readonly value: number | string;
    }
  | { readonly asks: 'number' }
  | { readonly asks: 'class'; readonly classes: readonly string[] };

/** What a question adds to the figures. */
export interface TargetFigures {
  /** How many rows have each answer: `yes` and `no` of a condition, each class, and of numbers all that are `labelled`. */
  readonly answers: readonly ValueCount[];
  /** Rows without a value. */
  readonly unknown: number;
  /**
   * By column of the file: how well it alone answers the question, 0.5 (not at all) to 1. Of a condition and a number how
   * well it ranks the rows with a yes above those with a no; of a number, and another, the absolute rank correlation,
   * scaled the same way; else the share of rows that the best guess by value gets right, scaled too.
   */
  readonly separates: readonly (number | undefined)[];
  /** By column of the file, of numbers: Spearman's rank correlation, -1 to 1. */
  readonly follows: readonly Follows[];
}

export interface Follows {
  /** With the target's number. */
  readonly target?: number;
  /** With the event time. */
  readonly time?: number;
}

export interface FoundDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
  readonly skip: number;
  /** Blanks stand around some fields. */
  readonly trim: boolean;
  /** What stands before the decimals of its numbers. */
  readonly decimal: '.' | ',';
  readonly encoding: 'utf-8' | 'utf-16' | 'windows-1252';
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export interface ColumnFigures {
  /** As the file has it; '' in a header without a name. */
  readonly name: string;
  /** Indices of the file's columns whose texts make this one, with a blank between them. */
  readonly parts?: readonly number[];
  /** The type in the file, where the format has types. */
  readonly stored: 'text' | 'string' | 'integer' | 'number' | 'boolean' | 'timestamp' | 'nested';
  /** Where the file stores decimals: with how many digits, `decimal(12,2)`. */
  readonly decimal?: ColumnType;
  /** Neither absent nor a usual mark of a missing value. */
  readonly present: number;
  /** Usual marks of a missing value that are there, the empty text among them. */
  readonly marks: readonly ValueCount[];
  readonly distinct: number;
  /** How many of the present values an ingest reads as each type. */
  readonly integers: number;
  readonly numbers: number;
  /** Numbers with a comma before the decimals, such as 12,5; 1,234 is as likely to be one thousand and some. */
  readonly commaNumbers: number;
  /** Digits between other marks, such as 1.234,56 or $5 or 12 %; numbers among them. */
  readonly markedNumbers: number;
  /** Whole numbers with more digits than an integer keeps. */
  readonly longNumbers: number;
  /** Where more than half are numbers: the most frequent of the others. */
  readonly notNumbers: readonly ValueCount[];
  /** Where values are arrays of numbers: how many numbers most of them have, and how many an ingest reads as vectors of so many. */
  readonly vectors?: { readonly width: number; readonly count: number };
  readonly booleans: number;
  /** Digits that begin with a 0, as zip codes do: numbers would lose it. */
  readonly leadingZeros: number;
  /** Ways to read it as a moment, the best first; only those that read most of the values. */
  readonly times: readonly TimeReading[];
  /** Where no single one does: formats that together read most of the values. */
  readonly mixedTimes?: readonly string[];
  /** The least and the greatest of numbers. */
  readonly numeric?: {
    readonly min: number;
    readonly max: number;
    readonly p01: number;
    readonly p50: number;
    readonly p99: number;
    /** How many are 0. */
    readonly zeros: number;
    /** The least above 0; 0 where there is none. */
    readonly leastAboveZero: number;
  };
  /** Mean length of the values in characters, and the share with a blank in them. */
  readonly meanLength: number;
  readonly withBlanks: number;
  /** Of long texts: the share of their words that are one of the 256 most frequent ones. */
  readonly frequentWords?: number;
  readonly top: readonly ValueCount[];
  /** All values, where there are 100 at most and each is in 10 rows or more. */
  readonly kinds?: readonly string[];
}

export interface TimeReading {
  /** `iso`, `epoch s`, `epoch ms`, `epoch us`, or a format of strptime. */
  readonly format: string;
  readonly read: number;
  /** ISO-8601 UTC. */
  readonly min: string;
  readonly max: string;
  /** Four fifths of the values are before it. */
  readonly p80: string;
  /** 99 of 100 values are before it: what is later may be a mistake. */
  readonly p99: string;
  /** What all its times are the beginning of; `day` also where each has the same time of day; `moment`: of none of these. */
  readonly step: 'month' | 'day' | 'hour' | 'moment';
}
