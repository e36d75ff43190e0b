/** Rules about columns: every one that is named exists, has a type that fits, and doesn't give the answer away. */
import { type ColumnType, typeName } from '../domain/definition';
import { momentOrDayMs } from '../domain/moment';
import { BETWEEN_LABELS } from '../domain/task';
import {
  CHARACTERS,
  checkDistinct,
  COMPARED,
  decimalProblem,
  EXACT,
  NUMERIC,
  type Report,
  type Typed,
  typedBy,
} from './check-parts';
import { checkFeatures } from './check-features';
import { checkRules } from './check-rules';
import { checkSource } from './check-source';
import { checkSources } from './check-sources';
import { checkSplit } from './check-split';
import { checkViews } from './check-views';
import { excerptOf, type Path } from './mistakes';
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
  checkLabel(parsed, columns, typed, report);
  checkFeatures(parsed, columns, report);
  checkSplit(parsed, typed, report);
  checkSlices(parsed, typed, report);
}

/** Records of evaluations hold the values of these columns. */
function checkSlices({ source, slices, gates }: Parsed, typed: Typed, report: Report): void {
  const check = (path: Path, name: string): void => {
    typed(path, name, EXACT, 'a slice');
    if (source?.columns[name]?.privacy === true) report(path, `can't be ${name}: its values are private`);
  };
  slices?.forEach((name, at) => check(['slices', at], name));
  checkDistinct(slices, (at) => ['slices', at], report);
  gates?.forEach((gate, at) => {
    if (gate?.slice !== undefined) check(['gates', at, 'slice', 'column'], gate.slice.column);
  });
}

type Columns = ReadonlyMap<string, ColumnType>;

function checkLabel(parsed: Parsed, columns: Columns, typed: Typed, report: Report): void {
  const { label, objective } = parsed;
  if (objective?.task === 'classes') checkDistinct(objective.classes, (at) => ['objective', 'classes', at], report);
  if (objective?.task === 'labels') checkDistinct(objective.labels, (at) => ['objective', 'labels', at], report);
  if (label === undefined || 'registered' in label.labeler) return;
  if (objective?.task === 'labels') {
    checkListed(parsed, label.labeler, objective.labels, typed, report);
    return;
  }
  if ('column' in label.labeler && label.labeler.separator !== undefined && objective !== undefined)
    report(['label', 'labeler', 'separator'], `is of the task labels, and the task is ${objective.task}; leave it out`);
  if (objective?.task === 'classes') {
    if ('rule' in label.labeler)
      report(['label', 'labeler'], 'makes labels 0 and 1, and the task is classes: write { column: … }');
    else typed(['label', 'labeler', 'column'], label.labeler.column, EXACT, 'a label that is a class');
    return;
  }
  if ('column' in label.labeler) {
    typed(['label', 'labeler', 'column'], label.labeler.column, NUMERIC, 'a label that is a number');
    if (objective?.task === 'binary')
      report(['label', 'labeler'], "makes labels that are numbers: write a rule, or objective: { task: 'number' }");
    return;
  }
  if (objective?.task === 'number')
    report(['label', 'labeler'], 'makes labels 0 and 1, and the task is number: write { column: … }');
  const { column, op, value } = label.labeler.rule;
  const path = ['label', 'labeler', 'rule'];
  typed([...path, 'column'], column, COMPARED, 'what a label is made of');
  const type = columns.get(column);
  const wrong = (what: string) =>
    report([...path, 'value'], `must be ${what}, as ${column} is ${type}; is ${excerptOf(value)}`);
  if (type !== undefined && NUMERIC.includes(typeName(type)) && typeof value !== 'number') wrong('a number');
  const decimals = type === undefined ? undefined : decimalProblem(type, value);
  if (decimals !== undefined) wrong(decimals);
  if (type !== undefined && CHARACTERS.includes(typeName(type)) && typeof value !== 'string') wrong('a text');
  if (type === 'timestamp' && !(typeof value === 'string' && momentOrDayMs(value) !== undefined)) {
    wrong("a time such as '2001-02-01T00:00:00Z'");
  }
  if (type === 'boolean' && value !== 'true' && value !== 'false') wrong("'true' or 'false'");
  if (type === 'boolean' && op !== '=') report([...path, 'op'], `must be =, as ${column} is boolean; is ${op}`);
}

/** A text lists the labels that hold. Where the empty text is a missing value, no row could say that none does. */
function checkListed(
  { source }: Parsed,
  labeler: Exclude<NonNullable<Parsed['label']>['labeler'], { readonly registered: string }>,
  labels: readonly string[],
  typed: Typed,
  report: Report
): void {
  if ('rule' in labeler) {
    report(['label', 'labeler'], 'makes labels 0 and 1, and the task is labels: write { column: … }');
    return;
  }
  const { column, separator = BETWEEN_LABELS } = labeler;
  typed(['label', 'labeler', 'column'], column, CHARACTERS, 'a list of labels');
  labels.forEach((name, at) => {
    if (name.includes(separator))
      report(['objective', 'labels', at], `has the separator ${excerptOf(separator)} in it; choose another separator`);
  });
  const definition = source?.columns[column];
  if (definition !== undefined && definition.missing === undefined)
    report(
      ['source', 'columns', column, 'missing'],
      "is missing: say whether the empty text lists no label (missing: []) or stands for a row whose labels nobody knows (missing: [''])"
    );
}
