/** Rules that the rows of the file keep: a later batch that breaks them is reported. */
import type { ColumnRule } from '../../domain/definition';
import type { InferredColumn } from './columns';
import { type Suggested, suggestColumnRules } from './suggest';

/** @param needed columns without which a row is of no use: those of the target */
export function inferRules(
  columns: readonly InferredColumn[],
  needed: ReadonlySet<number>
): readonly Suggested<ColumnRule>[] {
  return columns.flatMap(({ index, name, type, figures, privacy }) => {
    const { present, marks, numeric, distinct, top } = figures;
    const missing = marks.reduce((sum, { count }) => sum + count, 0);
    const facts = { name, type, privacy, present, missing, distinct, ...numeric, top };
    // A row without the target is left out of training; that isn't a fault of the row.
    return suggestColumnRules(facts, { presence: !needed.has(index) });
  });
}
