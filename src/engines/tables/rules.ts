/** Rules about rows as conditions in SQL: those of the source, and the schema's; one compiler for batches and windows. */
import {
  type ColumnRule,
  type ColumnType,
  type Environment,
  isCheckedIn,
  quarantines,
  type SchemaDefinition,
  type Severity,
  type SourceDefinition,
  TYPE_FACTS,
  typeName,
} from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { columnChecks } from './column-checks';
import { column, KNOWN_AT, text, UNPARSED } from './sql';

export interface RowRule {
  /** What holds for a good row: `delay at least -120`. */
  readonly name: string;
  readonly severity: Severity;
  /** Share of the judged rows that must keep it: then a row that breaks it stays. */
  readonly mostly?: number;
  /** Whether a row that breaks it goes to quarantine. */
  readonly quarantines: boolean;
  /** SQL, true where a row breaks it, NULL where the row has no value to judge. */
  readonly broken: string;
  /** A regular expression in it. */
  readonly pattern?: string;
}

/**
 * A batch's: the schema's rules, after those that hold for every source: a row without its times can't be placed, one
 * without its key can't be told from others.
 * @throws MlopsError MLOPS_DEFINITION_INVALID: a rule of an undeclared column, or one that doesn't fit its type
 */
export function rowRules(source: SourceDefinition, schema: SchemaDefinition): readonly RowRule[] {
  const { eventTime, knownAt, key = [], columns } = source;
  const block = (name: string, broken: string): RowRule => ({ name, severity: 'block', quarantines: true, broken });
  const types = Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]));
  return [
    ...(eventTime === undefined ? [] : [block(`${eventTime} present (event time)`, `${column(eventTime)} IS NULL`)]),
    ...(knownAt === undefined ? [] : [block('known-at present', `"${KNOWN_AT}" IS NULL`)]),
    ...key
      .filter((name) => name !== eventTime)
      .map((name) => block(`${name} present (key)`, `${column(name)} IS NULL`)),
    ...columnRules(schema.columns, types, 'training'),
  ];
}

/** @throws MlopsError as `rowRules` */
export function columnRules(
  rules: readonly ColumnRule[],
  types: Readonly<Record<string, ColumnType>>,
  environment: Environment
): readonly RowRule[] {
  return rules
    .filter((rule) => isCheckedIn(environment, rule))
    .flatMap((rule) => {
      const { severity, mostly } = rule;
      return columnChecks(rule, fitting(rule, types[rule.column])).map(({ name, broken, field }) => ({
        name,
        severity,
        ...(mostly === undefined ? {} : { mostly }),
        quarantines: environment === 'training' && quarantines(rule),
        broken,
        ...(field === 'pattern' || field === 'notPattern' ? { pattern: rule[field]! } : {}),
      }));
    });
}

function fitting(rule: ColumnRule, type: ColumnType | undefined): ColumnType {
  if (type === undefined) throw misfit(rule.column, 'The source declares no such column.');
  const { min, max, above, below, oneOf, noneOf, pattern, notPattern, minLength, maxLength } = rule;
  const bounds = [min, max, above, below].filter((bound) => bound !== undefined);
  const kind = TYPE_FACTS[typeName(type)].numeric ? 'number' : type === 'timestamp' ? 'string' : undefined;
  if (bounds.some((bound) => typeof bound !== kind)) throw misfit(rule.column, `A ${type} has no such bounds.`);
  const listed = [...(oneOf ?? []), ...(noneOf ?? [])];
  const valueKind = type === 'string' ? 'string' : kind === 'number' ? kind : undefined;
  if (listed.some((value) => typeof value !== valueKind)) throw misfit(rule.column, `A ${type} has no such values.`);
  if (oneOf?.length === 0) throw misfit(rule.column, 'oneOf is empty: no row could pass.');
  const ofText = [pattern, notPattern, minLength, maxLength].some((one) => one !== undefined);
  if (ofText && !TYPE_FACTS[typeName(type)].characters)
    throw misfit(rule.column, `A ${type} has no pattern and no length.`);
  return type;
}

export function misfit(name: string, what: string): MlopsError {
  return new MlopsError('MLOPS_DEFINITION_INVALID', what, { rule: `schema of ${name}` }, 'Fix the schema.');
}

/**
 * What could not be read of a row, else the names of the rules that it breaks and that put it in quarantine; '' for a
 * good row.
 * @param unparsed SQL of the former
 */
export function reasonOf(rules: readonly RowRule[], unparsed: string): string {
  const putAside = rules.filter((rule) => rule.quarantines);
  const reasons = putAside.map(({ name, broken }) => `CASE WHEN ${broken} THEN ${text(name)} END`);
  // Looked at one by one only where any is broken: most rows are good.
  const any = putAside.length === 0 ? 'false' : putAside.map(({ broken }) => `(${broken})`).join(' OR ');
  const said = `CASE WHEN ${any} THEN concat_ws('; ', ${['NULL', ...reasons].join(', ')}) ELSE '' END`;
  return `CASE WHEN "${UNPARSED}" IS NOT NULL THEN ${unparsed} ELSE ${said} END`;
}
