/**
 * Folds: the training rows in parts, each of which validates once while a model learns from others. Which fold a row is in
 * depends on its own values or its time alone, so it keeps it as data grow. engines/tables/row-filter.ts makes SQL of it.
 */
import type { Period } from './definition';
import { lastWholePeriods } from './period';
import { partOf, type RowFilter, type Split } from './split';

export interface FoldRule {
  /** How many: 2 or more. */
  readonly folds: number;
  /** Another seed, other folds; by time it changes nothing. */
  readonly seed: number;
}

/** Rows to learn from, and rows to be judged by, which are none of them. */
export interface Fold {
  readonly train: RowFilter;
  readonly validation: RowFilter;
}

const ALL = 2 ** 32;

/**
 * @param bits 32 bits of the row's hash: of its key, or of what its group has in common
 * @returns 0 to folds − 1
 */
export function foldOf(bits: number, { folds, seed }: FoldRule): number {
  return Math.floor(((Math.imul(bits, multiplierOf(seed)) >>> 0) * folds) / ALL);
}

/** Odd, so that no two hashes come together; of seeds that follow each other, far apart (MurmurHash3's last step). */
export function multiplierOf(seed: number): number {
  let mixed = seed ^ 0x9e3779b9;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) | 1) >>> 0;
}

/**
 * Folds of a split's training rows, as the split tells rows apart: by hash the rows of a group are in one fold; by column
 * those of a value; by time each fold validates whole periods, the last ones before the split's others, and learns from what
 * was before them.
 * @param period of the definition
 */
export function foldsOf(split: Split, rule: FoldRule, period: Period): readonly Fold[] {
  const numbers = Array.from({ length: rule.folds }, (_, number) => number);
  if (split.by === 'time') {
    const { to } = split.train;
    return numbers.map((number) => {
      const { from } = lastWholePeriods(period, rule.folds - number, to);
      const ended = rule.folds - number - 1;
      const end = ended === 0 ? to : lastWholePeriods(period, ended, to).from;
      return { train: { to: from, knownBy: split.knownBy }, validation: { from, to: end, knownBy: split.knownBy } };
    });
  }
  const columns = split.by === 'hash' ? split.columns : { [split.column]: 'string' as const };
  const rows = partOf(split, 'train');
  return numbers.map((number) => ({
    train: { ...rows, fold: { ...rule, columns, number, is: false } },
    validation: { ...rows, fold: { ...rule, columns, number, is: true } },
  }));
}
