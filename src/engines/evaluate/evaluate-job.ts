/** The job `evaluate`: a model's scores of later rows, the champion's beside them, and what windows are compared with. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster, Objective, Period, WindowsOfRows } from '../../domain/definition';
import type { Evaluation } from '../../domain/evaluation';
import type { Job, JobContext, JobFile } from '../../domain/job';
import type { RowFilter } from '../../domain/split';
import { loadRows } from '../features/load-rows';
import { decodeModel } from '../onnx/model';
import { bytesOf } from '../onnx/tensor';
import { type ReferenceInput, referenceOf } from '../stats/reference';
import { evaluateScores } from '../stats/evaluate';
import { clustersOf } from '../stats/clusters';
import { type LoadRequest, rowName, withoutLabels } from '../tables/load';
import { requireRows } from '../tables/require-rows';
import { columnsRead, scoreRows } from '../train/score-rows';

/** The test rows, with their label shards. Paths are absolute. */
export interface EvaluateJobInput extends LoadRequest {
  readonly model: string;
  readonly champion?: string;
  /** The rows that the candidate was trained on: where they have times they show how much a window varies by itself. */
  readonly trained: RowFilter;
  readonly cluster: Cluster;
  readonly windows: Period | WindowsOfRows;
  /** The label's mean over the candidate's training rows. */
  readonly trainRate: number;
  readonly objective: Pick<Objective, 'decisionThreshold' | 'utility'>;
  readonly minRows: number;
}

export interface EvaluateJobOutput {
  readonly evaluation: Evaluation;
  /** `scores` and, with a champion, `champion-scores` (float32 little-endian, in `loadColumns`' order); `reference` (JSON). */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError as `loadColumns`, `scoreRows` and `evaluateScores` do */
export const evaluateJob: Job<EvaluateJobInput, EvaluateJobOutput> = async (input, context) => {
  const model = await readFile(input.model);
  const champion = input.champion === undefined ? undefined : await readFile(input.champion);
  const watched = columnsRead(decodeModel(model)).map(({ column }) => column);
  const names = new Set([
    ...watched,
    ...(champion === undefined ? [] : columnsRead(decodeModel(champion)).map(({ column }) => column)),
    ...(typeof input.cluster === 'string' ? [] : [input.cluster.column]),
  ]);
  const rows = await loadRows(input, [...names], context);
  requireRows(rows, 'test', input);
  const { table, labels = new Float32Array(), unlabelled, places } = rows;
  const candidateScores = await scoreRows(model, table, {}, context);
  const championScores = champion === undefined ? undefined : await scoreRows(champion, table, {}, context);
  const evaluation = evaluateScores({
    candidate: candidateScores,
    ...(championScores === undefined ? {} : { champion: championScores }),
    labels,
    unlabelled,
    rowName: rowName(places),
    blocks: clustersOf(rows, input.cluster),
    trainRate: input.trainRate,
    objective: input.objective,
  });
  const history = await historyOf(input, watched, context);
  await writeFile(join(context.folder, 'scores.f32'), bytesOf(candidateScores));
  if (championScores !== undefined) await writeFile(join(context.folder, 'champion.f32'), bytesOf(championScores));
  await writeFile(
    join(context.folder, 'reference.json'),
    JSON.stringify(
      referenceOf({ watched, table, scores: candidateScores, ...(history === undefined ? {} : { history }) })
    )
  );
  return {
    evaluation,
    files: [
      { name: 'scores', file: 'scores.f32', mediaType: 'application/octet-stream' },
      ...(championScores === undefined
        ? []
        : [{ name: 'champion-scores', file: 'champion.f32', mediaType: 'application/octet-stream' }]),
      { name: 'reference', file: 'reference.json', mediaType: 'application/json' },
    ],
  };
};

async function historyOf(
  { eventTime: timed, trained, windows, ...input }: EvaluateJobInput,
  watched: readonly string[],
  context: JobContext
): Promise<ReferenceInput['history']> {
  if (timed === undefined) return undefined;
  const { knownBy } = input.where;
  const where = { ...trained, ...(knownBy === undefined ? {} : { knownBy }) };
  const shards = input.shards.map(withoutLabels);
  const { table, eventTime } = await loadRows({ ...input, eventTime: timed, shards, where }, watched, context);
  return { table, eventTime: eventTime!, windows };
}
