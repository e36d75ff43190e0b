/** The job `score`: a model's probability for each row of a period. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job, JobFile } from '../../domain/job';
import { loadRows } from '../features/load-rows';
import { decodeModel } from '../onnx/model';
import { bytesOf } from '../onnx/tensor';
import type { LoadRequest } from '../tables/load';
import { columnsRead, scoreRows } from './score-rows';

export interface ScoreJobInput extends LoadRequest {
  /** Absolute path of the model. */
  readonly model: string;
}

export interface ScoreJobOutput {
  readonly rows: number;
  /** `scores`: float32 little-endian, [rows] in `loadColumns`' order. */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError as `loadColumns` and `scoreRows` do */
export const scoreJob: Job<ScoreJobInput, ScoreJobOutput> = async (input, context) => {
  const model = await readFile(input.model);
  const shards = input.shards.map(({ data }) => ({ data }));
  const names = columnsRead(decodeModel(model)).map(({ column }) => column);
  const { table } = await loadRows({ ...input, shards }, names, context);
  await writeFile(join(context.folder, 'scores.f32'), bytesOf(await scoreRows(model, table, {}, context)));
  return { rows: table.rows, files: [{ name: 'scores', file: 'scores.f32', mediaType: 'application/octet-stream' }] };
};
