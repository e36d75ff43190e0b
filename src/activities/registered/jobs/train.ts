/** A trainer of the user's own: it gets the training rows and a folder, and leaves an ONNX model in it. */
import { lstat, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { ModelInput } from '../../../domain/endpoint';
import { MlopsError } from '../../../domain/errors';
import type { Job } from '../../../domain/job';
import type { EpochMetrics } from '../../../domain/records';
import type { Baseline, Target } from '../../../domain/task';
import { batchDependentOperators } from '../../../engines/onnx/batch-invariant';
import { requireDeclaredInputs } from '../../../engines/onnx/declared-inputs';
import { decodeModel } from '../../../engines/onnx/model';
import { baselineOf } from '../../../engines/stats/tasks/task';
import { type LoadRequest, loadColumns } from '../../../engines/tables/load';
import { requireRows } from '../../../engines/tables/require-rows';
import { columnsRead, requireTask } from '../../../engines/train/score-rows';
import type { TrainedModel } from '../../../project/registry';
import { asUsers, codeOf, type UsedCode } from './code';
import { rowsOf } from './rows';

const BATCH = 10_000;
const MAX_EPOCHS = 10_000;

export interface TrainCodeInput {
  readonly use: UsedCode;
  readonly rows: LoadRequest;
  readonly minRows: number;
  readonly task: Target;
  /** What a version declares: the columns that requests bring. */
  readonly inputs: readonly ModelInput[];
}

export interface TrainCodeOutput {
  /** In the job's folder. */
  readonly model: string;
  readonly rows: number;
  readonly unlabelled: number;
  /** Operators of the model whose result may depend on the batch. */
  readonly tolerance: readonly string[];
  readonly baseline: Baseline;
  readonly epochs: readonly EpochMetrics[];
}

/** @throws MlopsError MLOPS_MODEL_INVALID, and as `loadColumns`, `codeOf` and `asUsers` do */
export const trainCode: Job<TrainCodeInput, TrainCodeOutput> = async (
  { use, rows, minRows, task, inputs },
  { folder, progress }
) => {
  const trainer = await codeOf('trainer', use);
  const loaded = await loadColumns(rows, folder);
  requireRows(loaded, 'training', { ...rows, minRows });
  const { table, unlabelled, labels = new Float32Array() } = loaded;
  const batches = async function* () {
    for (let from = 0; from < table.rows; from += BATCH) {
      const to = Math.min(table.rows, from + BATCH);
      yield {
        rows: rowsOf(table, rows.columns, from, to),
        labels: [...labels.subarray(from, to)],
      };
      progress({ done: to, total: table.rows, note: 'rows given' });
    }
  };
  const seed = typeof use.params.seed === 'number' ? use.params.seed : 0;
  const trained = await asUsers(use, async () => {
    const answer = await trainer.train({
      params: use.params,
      seed,
      rows: batches(),
      folder,
      progress: (done, total, note) => progress({ done, total, note: String(note).slice(0, 200) }),
    });
    return { model: String(answer.model), epochs: epochsOf(answer) };
  });
  const file = await checked(trained.model, folder, use.name);
  const model = decodeModel(await readFile(join(folder, file)));
  requireDeclaredInputs(columnsRead(model), inputs);
  requireTask(model, task);
  return {
    model: file,
    rows: table.rows,
    unlabelled,
    tolerance: batchDependentOperators(model),
    baseline: baselineOf(task, labels),
    epochs: trained.epochs,
  };
};

function epochsOf({ epochs = [] }: TrainedModel): readonly EpochMetrics[] {
  if (epochs.length > MAX_EPOCHS)
    throw new Error(`it returned ${epochs.length} epochs; at most ${MAX_EPOCHS} are kept`);
  return epochs.map(({ epoch, rows, loss }) => {
    if ([epoch, rows, loss].every(Number.isFinite)) return { epoch, rows, loss };
    throw new Error('an epoch that it returned lacks a finite epoch, rows or loss');
  });
}

/** The model is a file in the attempt's folder. */
async function checked(model: string, folder: string, trainer: string): Promise<string> {
  const path = resolve(folder, model);
  const inside = relative(folder, path);
  if (inside.startsWith('..'))
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      'The trainer wrote its model outside its folder.',
      { trainer, model: model.slice(0, 200) },
      'Write it into the folder that train() is given.'
    );
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true)
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      'The trainer left no model.',
      { trainer, model: model.slice(0, 200) },
      'Return the path of the file that was written.'
    );
  return inside;
}
