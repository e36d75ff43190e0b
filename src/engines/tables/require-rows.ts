/** Whether enough rows have a label to learn or to judge from. */
import { MlopsError } from '../../domain/errors';
import { filterWords } from '../../domain/split';
import type { LoadedRows, LoadRequest } from './load';

const FIXES = {
  training: 'Wait for more data, or lower split.minTrainRows.',
  validation: 'Wait for more data, or let the split set no validation part aside.',
  test: 'Wait for more data, or lower split.minTestRows.',
};

/** @throws MlopsError MLOPS_TOO_FEW_ROWS */
export function requireRows(
  { table, unlabelled }: Pick<LoadedRows, 'table' | 'unlabelled'>,
  part: keyof typeof FIXES,
  { minRows, where }: Pick<LoadRequest, 'where'> & { readonly minRows: number }
): void {
  if (table.rows >= minRows) return;
  throw new MlopsError(
    'MLOPS_TOO_FEW_ROWS',
    `There are too few ${part} rows.`,
    { rows: table.rows, unlabelled, needed: minRows, of: filterWords(where), knownBy: where.knownBy },
    FIXES[part]
  );
}
