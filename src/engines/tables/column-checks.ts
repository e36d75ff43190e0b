/** What the schema asks of a column's values, as conditions in SQL: the same for batches and windows. */
import type { ColumnRule, ColumnType } from '../../domain/definition';
import { momentOrDayMs } from '../../domain/moment';
import { numberSql } from './column-sql';
import { column, moment, text } from './sql';

export interface ColumnCheck {
  /** What holds for a good row: `delay at least -120`. */
  readonly name: string;
  /** SQL, true where a row breaks it; NULL where the row has no value to judge. */
  readonly broken: string;
  /** Which field of the rule asks for it. */
  readonly field: keyof ColumnRule;
}

type Condition = readonly [field: keyof ColumnRule, words: string, holds: string];

/** A missing value breaks `required` alone. */
export function columnChecks(rule: ColumnRule, type: ColumnType): readonly ColumnCheck[] {
  const it = column(rule.column);
  const present: readonly ColumnCheck[] = rule.required
    ? [{ name: `${rule.column} present`, broken: `${it} IS NULL`, field: 'required' }]
    : [];
  const others = conditionsOf(rule, type, it).map(([field, words, holds]) => ({
    name: `${rule.column} ${words}`,
    broken: `NOT (${holds})`,
    field,
  }));
  return [...present, ...others];
}

function conditionsOf(rule: ColumnRule, type: ColumnType, it: string): readonly Condition[] {
  const { oneOf, noneOf, pattern, notPattern, minLength, maxLength } = rule;
  const bounds = BOUNDS.flatMap(([field, words, operator]): readonly Condition[] => {
    const bound = rule[field];
    return bound === undefined ? [] : [[field, `${words} ${bound}`, `${it} ${operator} ${literal(bound, type)}`]];
  });
  const values = (list: readonly (string | number)[]) => `(${list.map((value) => literal(value, type)).join(', ')})`;
  const more: readonly (Condition | undefined)[] = [
    oneOf && ['oneOf', `one of ${listOf(oneOf)}`, `${it} IN ${values(oneOf)}`],
    noneOf && ['noneOf', `none of ${listOf(noneOf)}`, `${it} NOT IN ${values(noneOf)}`],
    pattern === undefined ? undefined : ['pattern', `matches /${pattern}/`, `regexp_matches(${it}, ${text(pattern)})`],
    notPattern === undefined
      ? undefined
      : ['notPattern', `does not match /${notPattern}/`, `NOT regexp_matches(${it}, ${text(notPattern)})`],
    minLength === undefined
      ? undefined
      : ['minLength', `at least ${minLength} characters`, `length(${it}) >= ${minLength}`],
    maxLength === undefined
      ? undefined
      : ['maxLength', `at most ${maxLength} characters`, `length(${it}) <= ${maxLength}`],
  ];
  return [...bounds, ...more.filter((one) => one !== undefined)];
}

const BOUNDS = [
  ['min', 'at least', '>='],
  ['above', 'above', '>'],
  ['max', 'at most', '<='],
  ['below', 'below', '<'],
] as const;

function literal(value: string | number, type: ColumnType): string {
  if (typeof value === 'number') return numberSql(value, type);
  return type === 'timestamp' && momentOrDayMs(value) !== undefined ? moment(value) : text(value);
}

const MOST_NAMED = 10;

/** A long list is named by its first values. */
function listOf(values: readonly (string | number)[]): string {
  if (values.length <= MOST_NAMED) return values.join(', ');
  return `${values.slice(0, MOST_NAMED).join(', ')} and ${values.length - MOST_NAMED} more`;
}
