/** The job `import`: a foreign model is adopted, and tried on the training rows before anybody is asked about it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnType } from '../../domain/definition';
import type { ImportedModel } from '../../domain/imported-model';
import type { Job, JobFile } from '../../domain/job';
import type { Baseline, Target } from '../../domain/task';
import { loadRows } from '../features/load-rows';
import { adopt } from '../onnx/adopt/adopt';
import { batchDependentOperators } from '../onnx/batch-invariant';
import { decodeModel } from '../onnx/model';
import { baselineOf, checkLabels } from '../stats/tasks/task';
import { type LoadRequest, rowName } from '../tables/load';
import { requireRows } from '../tables/require-rows';
import { columnsRead } from './score-rows';
import { paritiesOf, parityOf } from './parity';
import { tryModel } from './try-model';

/** The training rows, with their label shards. Paths are absolute. */
export interface ImportJobInput extends LoadRequest {
  readonly model: string;
  readonly parity?: string;
  readonly order?: ImportedModel['columns'];
  /** Columns that a model of the project may read. */
  readonly readable: Readonly<Record<string, ColumnType>>;
  readonly task: Target;
  readonly minRows: number;
}

export interface ImportJobOutput {
  readonly rows: number;
  readonly unlabelled: number;
  readonly baseline: Baseline;
  readonly tolerance: readonly string[];
  readonly producer: string;
  readonly requires: readonly string[];
  readonly parityDifference?: number;
  /** `model` (ONNX). */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError as `adopt`, `tryModel`, `parityOf` and `loadColumns` do */
export const importJob: Job<ImportJobInput, ImportJobOutput> = async (input, context) => {
  const { task, readable, order } = input;
  const { model, producer, requires } = adopt(await readFile(input.model), {
    columns: readable,
    target: task,
    ...(order === undefined ? {} : { order }),
  });
  const graph = decodeModel(model);
  const read = columnsRead(graph);
  const names = read.map(({ column }) => column);
  const loaded = await loadRows(input, names, context);
  requireRows(loaded, 'training', input);
  const { table, labels = new Float32Array(), unlabelled, places } = loaded;
  checkLabels(task, labels, rowName(places));
  await tryModel(model, table, { target: task, requires }, rowName(places), context);
  const difference =
    input.parity === undefined
      ? undefined
      : await parityOf(model, paritiesOf(await readFile(input.parity, 'utf8'), read, readable, task), context);
  await writeFile(join(context.folder, 'model.onnx'), model);
  return {
    rows: table.rows,
    unlabelled,
    baseline: baselineOf(task, labels),
    tolerance: batchDependentOperators(graph),
    producer,
    requires,
    ...(difference === undefined ? {} : { parityDifference: difference }),
    files: [{ name: 'model', file: 'model.onnx', mediaType: 'application/octet-stream' }],
  };
};
