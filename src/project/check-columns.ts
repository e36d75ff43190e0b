/** Rules about columns: every one that is named exists, has a type that fits, and doesn't give the answer away. */
import { type ColumnType, typeName } from '../domain/definition';
import { momentOrDayMs } from '../domain/moment';
import { ANY, decimalProblem, NUMERIC, type Report, type Typed, typedBy } from './check-parts';
import { checkFeatures } from './check-features';
import { checkRules } from './check-rules';
import { checkSource } from './check-source';
import { checkSources } from './check-sources';
import { checkSplit } from './check-split';
import { checkViews } from './check-views';
import { excerptOf } from './mistakes';
import type { Parsed } from './project-schema';

export function checkColumns(parsed: Parsed, report: Report): void {
  const { source, sources } = parsed;
  if (sources !== undefined) checkSources(parsed, report);
  checkViews(parsed, report);
  if (source === undefined) return;
  const columns = new Map(Object.entries(source.columns).map(([name, { type }]) => [name, type]));
  const typed = typedBy(source, 'source', report);
  checkSource(source, typed, report);
  checkRules(parsed, typed, report);
  checkLabel(parsed.label, columns, typed, report);
  checkFeatures(parsed, columns, report);
  checkSplit(parsed, typed, report);
}

type Columns = ReadonlyMap<string, ColumnType>;

function checkLabel(label: Parsed['label'], columns: Columns, typed: Typed, report: Report): void {
  if (label === undefined || 'registered' in label.labeler) return;
  const { column, op, value } = label.labeler.rule;
  const path = ['label', 'labeler', 'rule'];
  typed([...path, 'column'], column, ANY, '');
  const type = columns.get(column);
  const wrong = (what: string) =>
    report([...path, 'value'], `must be ${what}, as ${column} is ${type}; is ${excerptOf(value)}`);
  if (type !== undefined && NUMERIC.includes(typeName(type)) && typeof value !== 'number') wrong('a number');
  const decimals = type === undefined ? undefined : decimalProblem(type, value);
  if (decimals !== undefined) wrong(decimals);
  if (type === 'string' && typeof value !== 'string') wrong('a text');
  if (type === 'timestamp' && !(typeof value === 'string' && momentOrDayMs(value) !== undefined)) {
    wrong("a time such as '2001-02-01T00:00:00Z'");
  }
  if (type === 'boolean' && value !== 'true' && value !== 'false') wrong("'true' or 'false'");
  if (type === 'boolean' && op !== '=') report([...path, 'op'], `must be =, as ${column} is boolean; is ${op}`);
}
