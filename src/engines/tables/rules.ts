/** Rules of the schema as conditions in SQL, true where a row breaks them. */
import type { ColumnRule, ColumnType, SchemaDefinition, Severity, SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { type ColumnCheck, columnChecks } from './column-checks';
import { column, KNOWN_AT, text, UNPARSED } from './sql';

export interface RowRule {
  /** What holds for a good row: `delay at least -120`. */
  readonly name: string;
  readonly severity: Severity;
  /** Never NULL. */
  readonly broken: string;
}

/**
 * The schema's rules, after those that hold for every source: a row without its times can't be placed, one without its
 * key can't be told from others.
 * @throws MlopsError MLOPS_DEFINITION_INVALID: a rule of an undeclared column, or one that doesn't fit its type
 */
export function rowRules(source: SourceDefinition, schema: SchemaDefinition): readonly RowRule[] {
  const { eventTime, key = [], columns } = source;
  const block = (name: string, broken: string): RowRule => ({ name, severity: 'block', broken });
  return [
    block(`${eventTime} present (event time)`, `${column(eventTime)} IS NULL`),
    block('known-at present', `"${KNOWN_AT}" IS NULL`),
    ...key
      .filter((name) => name !== eventTime)
      .map((name) => block(`${name} present (key)`, `${column(name)} IS NULL`)),
    ...schema.columns.flatMap((rule) => rulesOf(rule, columns[rule.column]?.type)),
  ];
}

function rulesOf(rule: ColumnRule, type: ColumnType | undefined): readonly RowRule[] {
  const { severity, min, max, oneOf } = rule;
  if (type === undefined) throw misfit(rule, 'The source declares no such column.');
  const it = column(rule.column);
  const numeric = type === 'integer' || type === 'number';
  if ((min !== undefined || max !== undefined) && !numeric) throw misfit(rule, `A ${type} has no min or max here.`);
  if (oneOf !== undefined && type !== 'string') throw misfit(rule, `oneOf is for strings, this is a ${type}.`);
  if (oneOf?.length === 0) throw misfit(rule, 'oneOf is empty: no row could pass.');
  return columnChecks(rule).map(({ name, holds }) => ({ name, severity, broken: brokenIn(it, holds) }));
}

function brokenIn(it: string, holds: ColumnCheck['holds']): string {
  const unless = (good: string) => `coalesce(NOT (${good}), false)`;
  switch (holds.kind) {
    case 'present':
      return `${it} IS NULL`;
    case 'at least':
      return unless(`${it} >= '${holds.bound}'::DOUBLE`);
    case 'at most':
      return unless(`${it} <= '${holds.bound}'::DOUBLE`);
    case 'one of':
      return unless(`${it} IN (${holds.values.map(text).join(', ')})`);
  }
}

function misfit(rule: ColumnRule, what: string): MlopsError {
  return new MlopsError('MLOPS_DEFINITION_INVALID', what, { rule: `schema of ${rule.column}` }, 'Fix the schema.');
}

/**
 * What could not be read of a row, else the names of the blocking rules that it breaks; '' for a good row.
 * @param unparsed SQL of the former
 */
export function reasonOf(rules: readonly RowRule[], unparsed: string): string {
  const reasons = rules
    .filter(({ severity }) => severity === 'block')
    .map(({ name, broken }) => `CASE WHEN ${broken} THEN ${text(name)} END`);
  return `CASE WHEN "${UNPARSED}" IS NOT NULL THEN ${unparsed} ELSE concat_ws('; ', ${reasons.join(', ')}) END`;
}
