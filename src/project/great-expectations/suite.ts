/** A suite of Great Expectations, of version 1 or before, as rules of the schema; what has no counterpart is named. */
import type { ColumnRule, ColumnType, Severity, TableRule } from '../../domain/definition';

export interface TakenSuite {
  readonly columns: readonly Taken<ColumnRule>[];
  readonly table: readonly Taken<TableRule>[];
  /** What `source.columns` must declare, by expectations about columns and their types. */
  readonly declares: readonly { readonly column: string; readonly type?: ColumnType; readonly from: string }[];
  readonly notTaken: readonly { readonly expectation: string; readonly why: string }[];
}

export interface Taken<Rule> {
  readonly rule: Rule;
  /** The expectation, with its notes and meta. */
  readonly from: string;
}

type Json = Readonly<Record<string, unknown>>;
type Conditions = Partial<Omit<ColumnRule, 'column' | 'severity'>>;
/** A reason instead of rules where the arguments have no counterpart. */
type Made =
  | {
      readonly columns?: readonly Conditions[];
      readonly table?: readonly object[];
      readonly declares?: TakenSuite['declares'];
    }
  | string;

interface Form {
  readonly kwargs: readonly string[];
  readonly make: (kwargs: Json, from: string) => Made;
}

const of = (kwargs: readonly string[], make: Form['make']): Form => ({ kwargs, make });
const each = (conditions: Conditions): Made => ({ columns: [conditions] });
const measure = (name: string): Form =>
  of(['min_value', 'max_value'], ({ column, min_value: min, max_value: max }) => figure(name, column, min, max));

const FORMS: Readonly<Record<string, Form>> = {
  expect_column_values_to_not_be_null: of([], () => each({ required: true })),
  expect_column_values_to_be_between: of(
    ['min_value', 'max_value', 'strict_min', 'strict_max'],
    ({ min_value: min, max_value: max, strict_min: above, strict_max: below }) => {
      const bounds = {
        ...(isBound(min) ? { [above === true ? 'above' : 'min']: min } : {}),
        ...(isBound(max) ? { [below === true ? 'below' : 'max']: max } : {}),
      };
      return Object.keys(bounds).length === 0 ? 'it has no bound that is a number or a time' : each(bounds);
    }
  ),
  expect_column_values_to_be_in_set: of(['value_set'], ({ value_set: set }) => setOf('oneOf', set)),
  expect_column_distinct_values_to_be_in_set: of(['value_set'], ({ value_set: set }) => setOf('oneOf', set)),
  expect_column_values_to_not_be_in_set: of(['value_set'], ({ value_set: set }) => setOf('noneOf', set)),
  // Python's re.match begins at the start of the text in some of its engines; the pattern is taken as it is written.
  expect_column_values_to_match_regex: of(['regex'], ({ regex }) => pattern('pattern', regex)),
  expect_column_values_to_not_match_regex: of(['regex'], ({ regex }) => pattern('notPattern', regex)),
  expect_column_values_to_match_regex_list: of(['regex_list', 'match_on'], ({ regex_list: list, match_on: on }) => {
    if (!isTexts(list)) return 'its list is not of texts';
    return on === 'all'
      ? { columns: list.map((one) => ({ pattern: one })) }
      : each({ pattern: list.map((one) => `(?:${one})`).join('|') });
  }),
  expect_column_value_lengths_to_be_between: of(['min_value', 'max_value'], ({ min_value: min, max_value: max }) => {
    const bounds = {
      ...(typeof min === 'number' ? { minLength: min } : {}),
      ...(typeof max === 'number' ? { maxLength: max } : {}),
    };
    return Object.keys(bounds).length === 0 ? 'it has no bound' : each(bounds);
  }),
  expect_column_value_lengths_to_equal: of(['value'], ({ value }) =>
    typeof value === 'number' ? each({ minLength: value, maxLength: value }) : 'its length is not a number'
  ),
  expect_column_values_to_be_unique: of([], ({ column, mostly }) => ({ table: [unique([String(column)], mostly)] })),
  expect_compound_columns_to_be_unique: of(['column_list', 'ignore_row_if'], ({ column_list: list, ...rest }) => {
    if (!isTexts(list)) return 'its list is not of columns';
    if (rest['ignore_row_if'] === 'never') return 'rows without a value are not compared here';
    return { table: [unique(list, rest['mostly'])] };
  }),
  expect_table_row_count_to_be_between: of(['min_value', 'max_value'], ({ min_value: min, max_value: max }) =>
    figure('rows', undefined, min, max)
  ),
  expect_table_row_count_to_equal: of(['value'], ({ value }) => figure('rows', undefined, value, value)),
  expect_column_mean_to_be_between: measure('mean'),
  expect_column_median_to_be_between: measure('median'),
  expect_column_sum_to_be_between: measure('sum'),
  expect_column_stdev_to_be_between: measure('deviation'),
  expect_column_min_to_be_between: measure('least'),
  expect_column_max_to_be_between: measure('greatest'),
  expect_column_unique_value_count_to_be_between: measure('distinct'),
  expect_column_proportion_of_unique_values_to_be_between: measure('distinctShare'),
  expect_column_to_exist: of([], ({ column }, from) => ({ declares: [{ column: String(column), from }] })),
  expect_column_values_to_be_of_type: of(['type_'], ({ column, type_: type }, from) => typed(column, [type], from)),
  expect_column_values_to_be_in_type_list: of(['type_list'], ({ column, type_list: list }, from) =>
    typed(column, Array.isArray(list) ? list : [], from)
  ),
};

/** Arguments that say nothing of the rule. */
const OTHERS = [
  'batch_id',
  'column',
  'mostly',
  'result_format',
  'catch_exceptions',
  'include_config',
  'auto',
  'profiler_config',
  'strict_min',
  'strict_max',
];
const SEVERITIES: Readonly<Record<string, Severity>> = { critical: 'block', warning: 'warn', info: 'info' };

/** Undefined where the JSON is not a suite. */
export function takeSuite(suite: unknown): TakenSuite | undefined {
  const list = isObject(suite) ? suite['expectations'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const columns: Taken<ColumnRule>[] = [];
  const table: Taken<TableRule>[] = [];
  const declares: TakenSuite['declares'][number][] = [];
  const notTaken: TakenSuite['notTaken'][number][] = [];
  for (const one of list as readonly unknown[]) {
    const config = isObject(one) ? one : {};
    const type = String(config['type'] ?? config['expectation_type']);
    const kwargs = isObject(config['kwargs']) ? config['kwargs'] : {};
    const name = typeof kwargs['column'] === 'string' ? `${type} of ${kwargs['column']}` : type;
    const from = [name, ...noted(config)].join('; ');
    const made = madeOf(type, kwargs, from);
    if (typeof made === 'string') {
      notTaken.push({ expectation: name, why: made });
      continue;
    }
    const severity = SEVERITIES[String(config['severity'])] ?? 'block';
    const mostly = mostlyOf(kwargs);
    for (const conditions of made.columns ?? []) {
      const rule = { column: String(kwargs['column']), required: false, ...conditions, ...mostly, severity };
      columns.push({ rule, from });
    }
    for (const rule of made.table ?? []) table.push({ rule: { ...rule, severity } as TableRule, from });
    declares.push(...(made.declares ?? []));
  }
  return { columns, table, declares, notTaken };
}

function madeOf(type: string, kwargs: Json, from: string): Made {
  const form = FORMS[type];
  if (form === undefined) return 'there is no such rule here';
  const given = Object.entries(kwargs).filter(([, value]) => value !== null && value !== undefined);
  const unknown = given.find(([key]) => ![...form.kwargs, ...OTHERS].includes(key));
  if (unknown !== undefined) return `its argument ${unknown[0]} has no counterpart`;
  const parameter = given.find(([, value]) => isObject(value) && '$PARAMETER' in value);
  if (parameter !== undefined) return `its argument ${parameter[0]} is a parameter, which only a run gives a value`;
  const strict = given.find(
    ([key, value]) => key.startsWith('strict_') && value === true && !form.kwargs.includes(key)
  );
  if (strict !== undefined) return `bounds of a figure include their ends: ${strict[0]} has no counterpart`;
  return form.make(kwargs, from);
}

function figure(name: string, column: unknown, min: unknown, max: unknown): Made {
  const bounds = {
    ...(typeof min === 'number' ? { min } : {}),
    ...(typeof max === 'number' ? { max } : {}),
  };
  if (Object.keys(bounds).length === 0) return 'it has no bound that is a number';
  return { table: [{ measure: name, ...(column === undefined ? {} : { column }), ...bounds }] };
}

function unique(columns: readonly string[], mostly: unknown): object {
  return { unique: columns, ...mostlyOf({ mostly }) };
}

function setOf(field: 'oneOf' | 'noneOf', set: unknown): Made {
  const fits =
    Array.isArray(set) &&
    set.length > 0 &&
    set.every((value) => typeof value === 'string' || typeof value === 'number');
  return fits ? each({ [field]: set as readonly (string | number)[] }) : 'its values are not texts and numbers';
}

function pattern(field: 'pattern' | 'notPattern', regex: unknown): Made {
  return typeof regex === 'string' ? each({ [field]: regex }) : 'its pattern is not a text';
}

/** By the names that pandas, Spark and SQL give to types. */
function typed(column: unknown, types: readonly unknown[], from: string): Made {
  const found = new Set(types.map((type) => TYPES.find(([form]) => form.test(String(type)))?.[1]));
  const [type] = found;
  if (found.size !== 1 || type === undefined) return 'its type is none, or not one, of ours';
  return { declares: [{ column: String(column), type, from }] };
}

const TYPES: readonly (readonly [RegExp, ColumnType])[] = [
  [/^(u?int\d*|big_?int|small_?int|tiny_?int|integer|long|integertype|longtype)$/i, 'integer'],
  [/^(float\d*|double|double_precision|real|number|numeric|decimal|floattype|doubletype)$/i, 'number'],
  [/^(bool|boolean|bool_|booleantype)$/i, 'boolean'],
  [/^(datetime.*|timestamp.*|date|datetype)$/i, 'timestamp'],
  [/^(str|string|object|text|varchar|char|stringtype)$/i, 'string'],
];

/** The whole of it is what a rule asks without one. */
function mostlyOf({ mostly }: Json): { readonly mostly?: number } {
  return typeof mostly === 'number' && mostly < 1 ? { mostly } : {};
}

function noted({ notes, meta }: Json): readonly string[] {
  const all = [notes, isObject(meta) && Object.keys(meta).length > 0 ? meta : undefined];
  return all.filter((one) => one !== undefined && one !== null).map((one) => JSON.stringify(one));
}

const isBound = (value: unknown): boolean => typeof value === 'number' || typeof value === 'string';
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
