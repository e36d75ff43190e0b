/** Rules about columns: every one that is named exists, has a type that fits, and doesn't give the answer away. */
import type { ColumnType } from '../domain/definition';
import { momentOrDayMs } from '../domain/moment';
import { ANY, checkDistinct, NUMERIC, type Report, type Typed } from './check-parts';
import { checkFeatures } from './check-features';
import { checkSource } from './check-source';
import { dependencyName } from './default-names';
import { didYouMean } from '../domain/did-you-mean';
import { listed, type Path, excerptOf } from './mistakes';
import type { Parsed } from './project-schema';

export function checkColumns(parsed: Parsed, report: Report): void {
  const { source } = parsed;
  if (source === undefined) return;
  const columns = new Map(Object.entries(source.columns).map(([name, { type }]) => [name, type]));
  const typed = (path: Path, name: string, types: readonly ColumnType[], what: string): void => {
    const type = columns.get(name);
    if (type === undefined) {
      report(path, `source.columns has no column ${name}.${didYouMean(name, columns.keys())}`);
    } else if (!types.includes(type)) {
      report(path, `${what} must be a column of type ${listed(types)}; ${name} is ${type}`);
    }
  };
  checkSource(source, typed, report);
  checkSchema(parsed.schema, typed, report);
  checkLabel(parsed.label, columns, typed, report);
  checkFeatures(parsed, columns, report);
}

type Columns = ReadonlyMap<string, ColumnType>;

function checkSchema(schema: Parsed['schema'], typed: Typed, report: Report): void {
  schema?.columns.forEach((rule, at) => {
    const path = ['schema', 'columns', at];
    typed([...path, 'column'], rule.column, ANY, '');
    if (rule.min !== undefined) typed([...path, 'min'], rule.column, NUMERIC, 'a column with a least value');
    if (rule.max !== undefined) typed([...path, 'max'], rule.column, NUMERIC, 'a column with a greatest value');
    if (rule.oneOf !== undefined) typed([...path, 'oneOf'], rule.column, ['string'], 'a column with listed values');
    if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max) {
      report([...path, 'min'], `is ${rule.min}, above max, which is ${rule.max}`);
    }
    if (!rule.required && rule.min === undefined && rule.max === undefined && rule.oneOf === undefined) {
      report(path, 'says nothing: it is not required, and has no min, max or oneOf');
    }
  });
  schema?.dependencies.forEach((rule, at) => {
    const path = ['schema', 'dependencies', at];
    const exact: readonly ColumnType[] = ['string', 'integer', 'boolean'];
    rule.determinants.forEach((name, i) => typed([...path, 'determinants', i], name, exact, 'a determinant'));
    typed([...path, 'dependent'], rule.dependent, [...exact, 'number'], 'a dependent');
    if (rule.determinants.includes(rule.dependent)) report([...path, 'dependent'], 'is one of its own determinants');
    if (new Set(rule.determinants).size < rule.determinants.length)
      report([...path, 'determinants'], 'names one twice');
  });
  checkDistinct(schema?.dependencies.map(dependencyName), (at) => ['schema', 'dependencies', at, 'name'], report);
}

function checkLabel(label: Parsed['label'], columns: Columns, typed: Typed, report: Report): void {
  if (label === undefined || 'registered' in label.labeler) return;
  const { column, op, value } = label.labeler.rule;
  const path = ['label', 'labeler', 'rule'];
  typed([...path, 'column'], column, ANY, '');
  const type = columns.get(column);
  const wrong = (what: string) =>
    report([...path, 'value'], `must be ${what}, as ${column} is ${type}; is ${excerptOf(value)}`);
  if (type !== undefined && NUMERIC.includes(type) && typeof value !== 'number') wrong('a number');
  if (type === 'string' && typeof value !== 'string') wrong('a text');
  if (type === 'timestamp' && !(typeof value === 'string' && momentOrDayMs(value) !== undefined)) {
    wrong("a time such as '2001-02-01T00:00:00Z'");
  }
  if (type === 'boolean' && value !== 'true' && value !== 'false') wrong("'true' or 'false'");
  if (type === 'boolean' && op !== '=') report([...path, 'op'], `must be =, as ${column} is boolean; is ${op}`);
}
