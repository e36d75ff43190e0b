/** A stored record as statistics take it. One that is broken is set aside, and its window is judged without it. */
import { type ColumnType, typeInWords, typeName, widthOfVector } from '../../domain/definition';
import { numbersOf } from '../../domain/scores';
import { kindOf, labelWords, recordReader, type Target, TASKS, widthOf } from '../../domain/task';
import type { WindowRow } from '../../engines/monitor/window-table';
import type { JoinedRow } from '../../stores/predictions';

/** `why`: what is wrong with it. Where a row's truth alone is wrong, the rest is used. */
export interface CheckedRow {
  readonly row?: WindowRow;
  readonly why?: string;
}

export function checkedRow(
  { version, inputs, score, eventTime, truth }: JoinedRow,
  columns: Readonly<Record<string, ColumnType>>,
  task: Target
): CheckedRow {
  const { isScore, scoreWords } = TASKS[kindOf(task)];
  const numbers = numbersOf(score);
  if (!Number.isInteger(version)) return { why: 'its version is not a number' };
  if (numbers.length !== widthOf(task) || !numbers.every(isScore)) return { why: `its score is not ${scoreWords}` };
  if (typeof inputs !== 'object' || inputs === null) return { why: 'it has no inputs' };
  for (const [name, type] of Object.entries(columns)) {
    if (!fits(type, inputs[name])) return { why: `its input ${name} is not ${typeInWords(type)}` };
  }
  const row: WindowRow = { inputs, score, at: eventTime.getTime() };
  if (truth === undefined) return { row };
  const label = recordReader(task)(truth.value);
  return label === undefined ? { row, why: `its truth is not ${labelWords(task)}` } : { row: { ...row, truth: label } };
}

/** Missing values fit everywhere. */
function fits(type: ColumnType, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  switch (typeName(type)) {
    case 'string':
    case 'text':
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    case 'vector':
      return Array.isArray(value) && value.length === widthOfVector(type) && value.every(Number.isFinite);
    case 'timestamp':
      return Number.isSafeInteger(value);
    case 'integer':
    case 'number':
    case 'decimal':
    case 'boolean':
      return typeof value === 'boolean' || Number.isFinite(value);
  }
}
