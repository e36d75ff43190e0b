import type { Evaluation } from '../../../domain/evaluation';
import { TASKS } from '../../../domain/task';

/** By name: blocks, such as days, and values of columns, with the mean loss of their rows. */
export function sliceRows(
  evaluation: Evaluation
): ReadonlyMap<string, { readonly rows: number; readonly loss: number }> {
  const { primary } = TASKS[evaluation.task];
  const blocks = evaluation.slices.map(({ name, rows, loss }) => [name, { rows, loss }] as const);
  const values = (evaluation.columnSlices ?? []).flatMap(({ column, value, rows, candidate }) => {
    const loss = candidate?.[primary]?.estimate;
    return loss === undefined ? [] : [[`${column} ${value}`, { rows, loss }] as const];
  });
  return new Map([...blocks, ...values]);
}
