/** A stored record as statistics take it. One that is broken is set aside, and its window is judged without it. */
import { type ColumnType, typeInWords, typeName } from '../../domain/definition';
import { LABEL_VALUES } from '../../domain/endpoint';
import type { WindowRow } from '../../engines/monitor/window-table';
import type { JoinedRow } from '../../stores/predictions';

/** `why`: what is wrong with it. Where a row's truth alone is wrong, the rest is used. */
export interface CheckedRow {
  readonly row?: WindowRow;
  readonly why?: string;
}

export function checkedRow(
  { version, inputs, score, eventTime, truth }: JoinedRow,
  columns: Readonly<Record<string, ColumnType>>
): CheckedRow {
  if (!Number.isInteger(version)) return { why: 'its version is not a number' };
  if (!(score >= 0 && score <= 1)) return { why: 'its score is not within 0 and 1' };
  if (typeof inputs !== 'object' || inputs === null) return { why: 'it has no inputs' };
  for (const [name, type] of Object.entries(columns)) {
    if (!fits(type, inputs[name])) return { why: `its input ${name} is not ${typeInWords(type)}` };
  }
  const row: WindowRow = { inputs, score, at: eventTime.getTime() };
  if (truth === undefined) return { row };
  if (LABEL_VALUES.includes(truth.value)) return { row: { ...row, truth: truth.value } };
  return { row, why: `its truth is not ${LABEL_VALUES.join(' or ')}` };
}

/** Missing values fit everywhere. */
function fits(type: ColumnType, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  switch (typeName(type)) {
    case 'string':
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    case 'timestamp':
      return Number.isSafeInteger(value);
    case 'integer':
    case 'number':
    case 'decimal':
    case 'boolean':
      return typeof value === 'boolean' || Number.isFinite(value);
  }
}
