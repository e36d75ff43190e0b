/** Which columns a model may read: those that a request has, before its answer is known. */
import type { ColumnType, LabelDefinition, ProjectDefinition, SourceDefinition } from './definition';
import { isPredictionField } from './definition';
import { RESERVED_COLUMNS } from './ids';

/** As far as a definition, or a draft of one, says it. */
interface Declared {
  readonly label?: Pick<LabelDefinition, 'labeler'> | undefined;
  readonly source?: Pick<SourceDefinition, 'reader' | 'columns' | 'knownAt' | 'eventTime'> | undefined;
}

/** The column that labels are made of, which no model may read. */
export function labelColumnOf(label: Declared['label']): string | undefined {
  if (label === undefined) return undefined;
  const { labeler } = label;
  if ('rule' in labeler) return labeler.rule.column;
  return 'column' in labeler ? labeler.column : undefined;
}

/** Why a model may not read the column, each after its name; none where it may. */
export function whyNotReadable(name: string, { label, source }: Declared): readonly string[] {
  const labelColumn = labelColumnOf(label);
  const clock = source?.knownAt;
  const knownAt = clock !== undefined && 'column' in clock ? clock.column : undefined;
  const why: string[] = [];
  if (name === labelColumn) why.push('is what the label is made of: the model would read the answer');
  else if (name === knownAt && name !== source?.eventTime)
    why.push('is not known before the row is: at serving time there is no such value');
  const from = source !== undefined && 'predictions' in source.reader ? source.columns[name]?.from : undefined;
  if (typeof from === 'string' && isPredictionField(from) && name !== labelColumn && name !== knownAt)
    why.push(`is ${from}, which no request has`);
  if (RESERVED_COLUMNS.includes(name)) why.push("is a name of the model's own; rename the column");
  return why;
}

/** The source's columns that a model may read, with their types. */
export function readableColumns(
  definition: Pick<ProjectDefinition, 'label' | 'source'>
): Readonly<Record<string, ColumnType>> {
  return Object.fromEntries(
    Object.entries(definition.source.columns)
      .filter(([name]) => whyNotReadable(name, definition).length === 0)
      .map(([name, { type }]) => [name, type])
  );
}
