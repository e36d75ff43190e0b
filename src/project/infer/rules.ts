/** Rules that the rows of the file keep: a later batch that breaks them is reported. */
import type { ColumnRule } from '../../domain/definition';
import type { InferredColumn } from './columns';
import type { Target } from './target';
import { type Suggested, suggestColumnRules } from './suggest';

export function inferRules(columns: readonly InferredColumn[], target: Target): readonly Suggested<ColumnRule>[] {
  return columns.flatMap(({ index, name, type, figures, privacy }) => {
    if (index === target.column && target.asks === 'class') return [ruleOfClasses(name, target.classes)];
    const { present, marks, numeric, distinct, top } = figures;
    const missing = marks.reduce((sum, { count }) => sum + count, 0);
    const facts = { name, type, privacy, present, missing, distinct, ...numeric, top };
    // A row without the target is left out of training; that isn't a fault of the row.
    return suggestColumnRules(facts, { presence: index !== target.column });
  });
}

/** One that is not declared can't be learned, and would stop the cycle. */
function ruleOfClasses(column: string, classes: readonly string[]): Suggested<ColumnRule> {
  const why = 'the classes: a row of another one goes to quarantine';
  return { rule: { column, required: false, oneOf: [...classes], severity: 'block' }, why };
}
