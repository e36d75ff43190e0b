/** Rules about the schema: each fits the column that it is about, and says something. */
import { type ColumnType, typeName } from '../domain/definition';
import { momentOrDayMs } from '../domain/moment';
import {
  ANY,
  CHARACTERS,
  checkDistinct,
  decimalProblem,
  EXACT,
  NUMERIC,
  type Report,
  type Typed,
  VALUES,
} from './check-parts';
import { dependencyName } from './default-names';
import { excerptOf, type Path } from './mistakes';
import type { Parsed } from './project-schema';
import { re2Mistake } from './re2';

type Schema = NonNullable<Parsed['schema']>;
type ColumnRule = Schema['columns'][number];
type TableRule = Schema['table'][number];
type TypeOf = (name: string) => ColumnType | undefined;

export function checkRules({ source, schema }: Parsed, typed: Typed, report: Report): void {
  const typeOf: TypeOf = (name) => source?.columns[name]?.type;
  schema?.columns.forEach((rule, at) => {
    const path = ['schema', 'columns', at];
    typed([...path, 'column'], rule.column, ANY, '');
    checkColumnRule(rule, typeOf(rule.column), path, report);
  });
  schema?.table.forEach((rule, at) => checkTableRule(rule, ['schema', 'table', at], typed, report));
  checkDependencies(schema?.dependencies, typed, report);
  for (const name of Object.keys(schema?.newCategoriesOf ?? {}))
    typed(['schema', 'newCategoriesOf', name], name, ['string'], 'a column of categories');
}

const BOUNDS = ['min', 'above', 'max', 'below'] as const;
const LISTS = ['oneOf', 'noneOf'] as const;
const PATTERNS = ['pattern', 'notPattern'] as const;
const OF_TEXT = [...PATTERNS, 'minLength', 'maxLength'] as const;

function checkColumnRule(rule: ColumnRule, type: ColumnType | undefined, path: Path, report: Report): void {
  if (type === undefined) return;
  const numeric = NUMERIC.includes(typeName(type));
  for (const field of BOUNDS) {
    const bound = rule[field];
    if (bound === undefined) continue;
    const problem = boundProblem(bound, type);
    if (problem !== undefined) report([...path, field], `${problem}; ${rule.column} is ${type}`);
  }
  for (const field of LISTS) {
    rule[field]?.forEach((value, i) => {
      const fits = typeof value === 'string' ? type === 'string' : numeric && decimalProblem(type, value) === undefined;
      if (!fits)
        report([...path, field, i], `can't be a value of ${rule.column}, which is ${type}: ${excerptOf(value)}`);
    });
  }
  for (const field of OF_TEXT) {
    if (rule[field] !== undefined && !CHARACTERS.includes(typeName(type))) {
      report([...path, field], `is of texts only; ${rule.column} is ${type}`);
    }
  }
  for (const field of PATTERNS) {
    const problem = re2Mistake(rule[field] ?? '');
    if (problem !== undefined) report([...path, field], problem);
  }
  checkSpans(rule, path, report);
  const all = [...BOUNDS, ...LISTS, ...OF_TEXT];
  if (!rule.required && all.every((field) => rule[field] === undefined)) {
    report(path, 'says nothing: it is not required, and asks nothing of a value');
  }
}

function boundProblem(bound: string | number, type: ColumnType): string | undefined {
  if (type === 'timestamp') {
    const isMoment = typeof bound === 'string' && momentOrDayMs(bound) !== undefined;
    return isMoment ? undefined : `must be a time such as '2001-02-01T00:00:00Z', is ${excerptOf(bound)}`;
  }
  if (!NUMERIC.includes(typeName(type))) return 'is of numbers and timestamps only';
  if (typeof bound !== 'number') return `must be a number, is ${excerptOf(bound)}`;
  const problem = decimalProblem(type, bound);
  return problem === undefined ? undefined : `must be ${problem}, is ${bound}`;
}

/** Bounds that no value can keep. */
function checkSpans(rule: ColumnRule, path: Path, report: Report): void {
  const { min, above, max, below, minLength, maxLength } = rule;
  const valueOf = (bound: string | number) => (typeof bound === 'number' ? bound : momentOrDayMs(bound));
  for (const [low, lowField] of [[min, 'min'] as const, [above, 'above'] as const]) {
    for (const [high, highField] of [[max, 'max'] as const, [below, 'below'] as const]) {
      if (low === undefined || high === undefined) continue;
      const [least, most] = [valueOf(low), valueOf(high)];
      if (least === undefined || most === undefined) continue;
      const both = lowField === 'min' && highField === 'max';
      if (both ? least > most : least >= most) {
        report([...path, lowField], `is ${low}, ${both ? 'above' : 'not below'} ${highField}, which is ${high}`);
      }
    }
  }
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength) {
    report([...path, 'minLength'], `is ${minLength}, above maxLength, which is ${maxLength}`);
  }
}

/** Measures that any column has. */
const OF_ANY: readonly string[] = ['distinct', 'distinctShare', 'missingShare'];

function checkTableRule(rule: TableRule, path: Path, typed: Typed, report: Report): void {
  if ('unique' in rule) {
    rule.unique.forEach((name, i) => typed([...path, 'unique', i], name, ANY, ''));
    checkDistinct(rule.unique, (i) => [...path, 'unique', i], report);
  }
  if ('drift' in rule) {
    typed([...path, 'drift'], rule.drift, VALUES, 'a column that may drift');
  }
  if (!('measure' in rule)) return;
  const { measure, column, min, max } = rule;
  if (measure === 'rows' && column !== undefined) report([...path, 'column'], 'is not of rows');
  if (measure !== 'rows' && column === undefined)
    report([...path, 'column'], `is missing: of which column is the ${measure}?`);
  if (measure !== 'rows' && column !== undefined) {
    typed([...path, 'column'], column, OF_ANY.includes(measure) ? ANY : NUMERIC, `a column that has a ${measure}`);
  }
  if (min === undefined && max === undefined) report(path, 'says nothing: it has no min and no max');
  if (min !== undefined && max !== undefined && min > max) {
    report([...path, 'min'], `is ${min}, above max, which is ${max}`);
  }
}

function checkDependencies(dependencies: Schema['dependencies'] | undefined, typed: Typed, report: Report): void {
  dependencies?.forEach((rule, at) => {
    const path = ['schema', 'dependencies', at];
    rule.determinants.forEach((name, i) => typed([...path, 'determinants', i], name, EXACT, 'a determinant'));
    typed([...path, 'dependent'], rule.dependent, [...EXACT, 'number'], 'a dependent');
    if (rule.determinants.includes(rule.dependent)) report([...path, 'dependent'], 'is one of its own determinants');
    if (new Set(rule.determinants).size < rule.determinants.length)
      report([...path, 'determinants'], 'names one twice');
  });
  checkDistinct(dependencies?.map(dependencyName), (at) => ['schema', 'dependencies', at, 'name'], report);
}
