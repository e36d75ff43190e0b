/**
 * Splits as expressions: a definition's rule, what it comes to as of a moment, and each part of it as a filter of rows. Every
 * reader of training, validation or test rows takes its filter from `partOf`; engines/tables/row-filter.ts makes SQL of it.
 */
import type { ColumnType, Period, ProjectDefinition, SplitDefinition } from './definition';
import { lastWholePeriods, momentWords, type TimeRange } from './period';

export type Part = 'train' | 'validation' | 'test';

/** Rows of a snapshot by the part of the split that takes them; `none` are not known by its moment, or outside of all parts. */
export type PartRows = Readonly<Record<Part | 'none', number>>;

/** Which rows of a snapshot are in which part. By time `knownBy` decides the periods; rows known later are in no part. */
export type Split = { readonly knownBy: string } & (
  | {
      readonly by: 'time';
      readonly train: { readonly to: string };
      /** Absent where no period validates. */
      readonly validation?: TimeRange;
      readonly test: TimeRange;
    }
  | ({ readonly by: 'hash'; readonly test: number; readonly validation: number } & HashRule)
  | {
      readonly by: 'column';
      readonly column: string;
      readonly test: readonly string[];
      readonly validation: readonly string[];
    }
);

/**
 * A row's place in [0, 1): the first 32 bits of SHA-256 of the JSON array of the seed and the columns' values, the columns in
 * the order of their names' code points, over 2^32.
 */
export interface HashRule {
  readonly seed: number;
  readonly columns: Readonly<Record<string, ColumnType>>;
}

/** Rows that meet all that is here. Moments are ISO-8601. */
export interface RowFilter {
  /** Event time at or after this. */
  readonly from?: string;
  /** Event time before this. */
  readonly to?: string;
  /** Known at this moment or before. */
  readonly knownBy?: string;
  /** Place in [from, to). */
  readonly hash?: HashRule & { readonly from: number; readonly to: number };
  /** In this fold, or in any other (domain/folds.ts). */
  readonly fold?: HashRule & { readonly folds: number; readonly number: number; readonly is: boolean };
  /** Rows with one of these values, as texts; or with any value but those. */
  readonly column?: { readonly name: string } & (
    | { readonly among: readonly string[] }
    | { readonly notAmong: readonly string[] }
  );
}

/** What the definition's split comes to as of a moment. */
export function splitAt(
  { split, period, source }: Pick<ProjectDefinition, 'split' | 'period'> & { readonly source: Columns },
  asOf: string
): Split {
  switch (split.by) {
    case 'time':
      return { by: 'time', ...periodsAt(split, period, asOf), knownBy: asOf };
    case 'hash': {
      const { test, validation, seed } = split;
      const columns = Object.fromEntries(split.columns.map((name) => [name, source.columns[name]!.type]));
      return { by: 'hash', test, validation, seed, columns, knownBy: asOf };
    }
    case 'column': {
      const [test, validation] = [split.test.map(String), split.validation.map(String)];
      return { by: 'column', column: split.column, test, validation, knownBy: asOf };
    }
  }
}

interface Columns {
  readonly columns: Readonly<Record<string, { readonly type: ColumnType }>>;
}

type TimeRule = Pick<Extract<SplitDefinition, { by: 'time' }>, 'testPeriods' | 'validationPeriods'>;

export function periodsAt(
  { testPeriods, validationPeriods }: TimeRule,
  period: Period,
  asOf: string
): Omit<Extract<Split, { by: 'time' }>, 'by' | 'knownBy'> {
  const test = lastWholePeriods(period, testPeriods, asOf);
  if (validationPeriods === 0) return { train: { to: test.from }, test };
  const { from } = lastWholePeriods(period, testPeriods + validationPeriods, asOf);
  return { train: { to: from }, validation: { from, to: test.from }, test };
}

/** Parts don't overlap; a row that no filter takes is in no part. Undefined where the split has no such part. */
export function partOf(split: Split, part: 'train' | 'test'): RowFilter;
export function partOf(split: Split, part: Part): RowFilter | undefined;
export function partOf(split: Split, part: Part): RowFilter | undefined {
  const { knownBy } = split;
  switch (split.by) {
    case 'time': {
      const range = split[part];
      return range === undefined ? undefined : { ...range, knownBy };
    }
    case 'hash': {
      const { seed, columns, test, validation } = split;
      const seen = test + validation;
      const bounds = { test: [0, test], validation: [test, seen], train: [seen, 1] } as const;
      const [from, to] = bounds[part];
      return from === to ? undefined : { hash: { seed, columns, from, to }, knownBy };
    }
    case 'column': {
      const { column: name, test, validation } = split;
      if (part === 'train') return { column: { name, notAmong: [...test, ...validation] }, knownBy };
      return split[part].length === 0 ? undefined : { column: { name, among: split[part] }, knownBy };
    }
  }
}

/**
 * Whether a model of this split may have seen rows that the filter takes: in training, or in validation. Rules of another
 * kind, seed or columns put rows elsewhere, so rows of theirs may have been seen.
 */
export function mayHaveSeen(trained: Split, tested: RowFilter): boolean {
  switch (trained.by) {
    case 'time':
      return tested.from === undefined || Date.parse(trained.test.from) > Date.parse(tested.from);
    case 'hash':
      return tested.hash === undefined || !sameHash(trained, tested.hash) || tested.hash.to > trained.test;
    case 'column':
      return !(
        tested.column !== undefined &&
        tested.column.name === trained.column &&
        'among' in tested.column &&
        tested.column.among.every((value) => trained.test.includes(value))
      );
  }
}

function sameHash(one: HashRule, other: HashRule): boolean {
  const names = Object.keys(one.columns);
  return (
    one.seed === other.seed &&
    names.length === Object.keys(other.columns).length &&
    names.every((name) => one.columns[name] === other.columns[name])
  );
}

/** What the rows are, whenever they were known: to be compared by its digest. */
export function anyTime({ from, to, hash, fold, column }: RowFilter): object {
  return { from, to, hash, fold, column };
}

/** `2001-01-25 to 2001-02-01`, `20 % by hash of id, seed 1`, `city is Oslo or Bergen`, as people read it. */
export function filterWords({ fold, ...filter }: RowFilter): string {
  if (fold === undefined) return partWords(filter);
  return `${partWords(filter)}, ${fold.is ? '' : 'not '}fold ${fold.number + 1} of ${fold.folds}`;
}

function partWords({ from, to, hash, column }: RowFilter): string {
  if (hash !== undefined) {
    const share = Number((100 * (hash.to - hash.from)).toPrecision(4));
    return `${share} % by hash of ${namesOf(Object.keys(hash.columns))}, seed ${hash.seed}`;
  }
  if (column !== undefined) {
    return 'among' in column
      ? `${column.name} is ${namesOf(column.among, 'or')}`
      : `${column.name} is not ${namesOf(column.notAmong, 'or')}`;
  }
  if (from === undefined) return to === undefined ? 'all rows' : `before ${dayOf(to)}`;
  return to === undefined ? `from ${dayOf(from)}` : `${dayOf(from)} to ${dayOf(to)}`;
}

const MOST_NAMES = 4;

function namesOf(names: readonly string[], last = 'and'): string {
  if (names.length > MOST_NAMES)
    return `${names.slice(0, MOST_NAMES - 1).join(', ')} ${last} ${names.length - MOST_NAMES + 1} more`;
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`;
}

function dayOf(time: string): string {
  return momentWords(new Date(time).toISOString());
}
