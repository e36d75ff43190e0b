/** Whether enough rows have a label to learn or to judge from. */
import { MlopsError } from '../../domain/errors';
import type { LoadedRows, LoadRequest } from './load';

/** @throws MlopsError MLOPS_TOO_FEW_ROWS */
export function requireRows(
  { table, unlabelled }: Pick<LoadedRows, 'table' | 'unlabelled'>,
  { minRows, where }: Pick<LoadRequest, 'where'> & { readonly minRows: number }
): void {
  if (table.rows >= minRows) return;
  const { from, to, knownBy } = where;
  // Training has no beginning, test has both ends.
  const [what, setting] = from === undefined ? ['training', 'split.minTrainRows'] : ['test', 'split.minTestRows'];
  throw new MlopsError(
    'MLOPS_TOO_FEW_ROWS',
    `There are too few ${what} rows.`,
    { rows: table.rows, unlabelled, needed: minRows, from, to, knownBy },
    `Wait for more data, or lower ${setting}.`
  );
}
