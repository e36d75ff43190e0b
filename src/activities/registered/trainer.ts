/** A trainer of the user's own: it gets the training rows and a folder, and leaves an ONNX model in it. */

import { readFile, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { heartbeat } from '@temporalio/activity';
import type { RegisteredUse } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { batchDependentOperators } from '../../engines/onnx/batch-invariant';
import { requireDeclaredInputs } from '../../engines/onnx/declared-inputs';
import { decodeModel } from '../../engines/onnx/model';
import { loadColumns } from '../../engines/tables/load';
import { requireRows } from '../../engines/tables/require-rows';
import { columnsRead } from '../../engines/train/score-rows';
import { withHeartbeat } from '../step/heartbeat';
import type { ActivityDeps } from '../deps';
import { labelledShards, loadRequest } from '../step/inputs';
import { rowsOf } from './rows';
import type { Attempt, StepOutcome } from '../step/step';
import { type Train, trainingRows } from '../training';
import { registered, runUserCode } from './user-code';

const BATCH = 10_000;

export async function trainRegistered(
  deps: ActivityDeps,
  { stores, folder }: Attempt,
  train: Train,
  use: RegisteredUse
): Promise<StepOutcome<'run'>> {
  const trainer = registered(deps, 'trainer', use.registered);
  const [data, labels] = await Promise.all([stores.facts.get(train.snapshot), stores.facts.get(train.labelSet)]);
  const request = loadRequest(data.body, await labelledShards(deps, stores, data, labels), trainingRows(train.split));
  const loaded = await loadColumns(request);
  requireRows(loaded, { ...request, minRows: train.minTrainRows });
  const all = loaded.labels ?? new Float32Array();
  const trainRate = all.reduce((sum, label) => sum + label, 0) / Math.max(1, all.length);
  const batches = async function* () {
    for (let from = 0; from < loaded.table.rows; from += BATCH) {
      const to = Math.min(loaded.table.rows, from + BATCH);
      yield {
        rows: rowsOf(loaded.table, data.body.columns, from, to),
        labels: [...all.subarray(from, to)].map((label) => (label > 0.5 ? 1 : 0) as 0 | 1),
      };
    }
  };
  const seed = typeof use.params.seed === 'number' ? use.params.seed : 0;
  const trained = await runUserCode(deps, 'trainer', use.registered, () =>
    withHeartbeat(use.registered, (signal) =>
      trainer.train({
        params: use.params,
        seed,
        rows: batches(),
        folder,
        signal,
        progress: (done, total, note) => heartbeat({ done, total, note }),
      })
    )
  );
  const path = await checked(trained.model, folder, use.registered);
  const model = decodeModel(await readFile(path));
  requireDeclaredInputs(columnsRead(model), train.inputs);
  const epochs = trained.epochs ?? [];
  return {
    files: [{ name: 'model', path, mediaType: 'application/octet-stream' }],
    body: (artifacts) => ({
      trainer: `${use.registered} ${trainer.version}`,
      parameters: use.params,
      split: train.split,
      rows: loaded.table.rows,
      unlabelled: loaded.unlabelled,
      epochs,
      model: artifacts.get('model')!.digest,
      trainRate,
      tolerance: batchDependentOperators(model),
      numerics: 'exact',
    }),
  };
}

/** The model is a file in the attempt's folder. */
async function checked(model: string, folder: string, trainer: string): Promise<string> {
  const path = resolve(folder, model);
  if (relative(folder, path).startsWith('..'))
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      'The trainer wrote its model outside its folder.',
      { trainer, model },
      'Write it into the folder that train() is given.'
    );
  if (
    !(await stat(path).then(
      (info) => info.isFile(),
      () => false
    ))
  )
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      'The trainer left no model.',
      { trainer, model },
      'Answer the path of the file that was written.'
    );
  return path;
}
