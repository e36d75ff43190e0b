/** The job `validate`: a trial's loss, by its model's scores of the validation rows. No other row is read. */
import { readFile } from 'node:fs/promises';
import type { Job } from '../../domain/job';
import { TASKS } from '../../domain/task';
import { loadRows } from '../features/load-rows';
import { decodeModel } from '../onnx/model';
import { clustersOf } from '../stats/clusters';
import { evaluateScores } from '../stats/evaluate';
import type { MeasuredObjective } from '../stats/tasks/task';
import { type LoadRequest, rowName } from '../tables/load';
import { requireRows } from '../tables/require-rows';
import { columnsRead, scoreRows } from '../train/score-rows';

/** The validation rows, with their label shards. Paths are absolute. */
export interface ValidateJobInput extends LoadRequest {
  readonly model: string;
  readonly objective: MeasuredObjective;
  /** Fewer rows with a label than this are refused. */
  readonly minRows: number;
}

export interface ValidateJobOutput {
  /** The task's primary metric, of which smaller is better; absent where it is undefined on these rows. */
  readonly loss?: number;
  readonly rows: number;
}

/** @throws MlopsError MLOPS_TOO_FEW_ROWS; as `loadColumns`, `scoreRows` and `evaluateScores` do */
export const validateJob: Job<ValidateJobInput, ValidateJobOutput> = async (input, context) => {
  const model = await readFile(input.model);
  const columns = columnsRead(decodeModel(model)).map(({ column }) => column);
  const rows = await loadRows(input, columns, context);
  requireRows(rows, 'validation', input);
  const { table, labels = new Float32Array(), unlabelled, places } = rows;
  const evaluation = evaluateScores({
    candidate: await scoreRows(model, table, {}, context),
    labels,
    unlabelled,
    rowName: rowName(places),
    blocks: clustersOf(rows, 'row', []),
    objective: input.objective,
  });
  const loss = evaluation.candidate[TASKS[evaluation.task].primary]?.estimate;
  return { ...(loss === undefined ? {} : { loss }), rows: evaluation.rows };
};
