/** What of a cycle's batches the approvers are asked about: new columns and categories, by source. Pure. */
import type { RuleResult, SnapshotBody, TableRuleResult } from './records';
import type { Digest } from './refs';

/** Fewer rows don't say which values a column has. */
export const ROWS_WITH_CATEGORIES = 200;

/** A result that asks. */
export type NewResult = TableRuleResult & Required<Pick<TableRuleResult, 'asks'>>;

/** Of one source. */
export interface SourceChange {
  readonly source: string;
  readonly results: readonly NewResult[];
}

type Batch = Pick<SnapshotBody, 'source' | 'validation'>;

/** Sources in the order of their names; those that ask nothing are not among them. */
export function schemaChange(batches: readonly Batch[]): readonly SourceChange[] {
  return batches
    .map(({ source, validation }) => ({ source, results: validation.filter(isAsking) }))
    .filter(({ results }) => results.length > 0)
    .toSorted((a, b) => (a.source < b.source ? -1 : 1));
}

/** All that decides whether two changes are the same, to be digested: not how many rows bring it, nor what is shown of it. */
export function whatChanged(changes: readonly SourceChange[]): readonly unknown[] {
  return changes.map(({ source, results }) => ({
    source,
    found: results
      .map(({ rule, asks }): readonly [string, Digest] => [rule, asks])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  }));
}

function isAsking(result: RuleResult): result is NewResult {
  return !('checked' in result) && result.asks !== undefined;
}
