/** Whether enough rows have a label to learn or to judge from. */
import { MlopsError } from '../../domain/errors';
import { filterWords } from '../../domain/split';
import type { LoadedRows, LoadRequest } from './load';

/** @throws MlopsError MLOPS_TOO_FEW_ROWS */
export function requireRows(
  { table, unlabelled }: Pick<LoadedRows, 'table' | 'unlabelled'>,
  part: 'training' | 'test',
  { minRows, where }: Pick<LoadRequest, 'where'> & { readonly minRows: number }
): void {
  if (table.rows >= minRows) return;
  const setting = part === 'training' ? 'split.minTrainRows' : 'split.minTestRows';
  throw new MlopsError(
    'MLOPS_TOO_FEW_ROWS',
    `There are too few ${part} rows.`,
    { rows: table.rows, unlabelled, needed: minRows, of: filterWords(where), knownBy: where.knownBy },
    `Wait for more data, or lower ${setting}.`
  );
}
