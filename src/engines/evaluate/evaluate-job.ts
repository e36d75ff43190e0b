/** The job `evaluate`: a model's scores of later rows, the champion's beside them, and what windows are compared with. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnType, Cluster, GateDefinition, Period, WindowsOfRows } from '../../domain/definition';
import type { Evaluation } from '../../domain/evaluation';
import type { Job, JobContext, JobFile } from '../../domain/job';
import type { RowFilter } from '../../domain/split';
import type { Baseline } from '../../domain/task';
import { eachStretch, loadRows } from '../features/load-rows';
import { decodeModel } from '../onnx/model';
import { bytesOf } from '../onnx/tensor';
import { type Reference, referenceOf, withVariation } from '../stats/reference';
import { evaluateScores } from '../stats/evaluate';
import { clustersOf, codesOf } from '../stats/clusters';
import type { SliceColumn } from '../stats/column-slices';
import { type MeasuredObjective, statisticsOf } from '../stats/tasks/task';
import { variationOf } from '../stats/variation';
import { type WatchedColumn, watchedColumns } from '../stats/watched-columns';
import { worstSlices } from '../stats/worst-slices';
import type { DataShard } from '../tables/live-rows';
import { type LoadRequest, rowName } from '../tables/load';
import { requireRows } from '../tables/require-rows';
import type { Column, TableColumns } from '../tables/columns';
import { importanceOf } from './importance';
import { columnsRead, scoreRows } from '../train/score-rows';

/** The test rows, with their label shards. Paths are absolute. */
export interface EvaluateJobInput extends LoadRequest {
  readonly model: string;
  readonly champion?: string;
  /** The rows that the candidate was trained on: where they have times they show how much a window varies by itself. */
  readonly trained: { readonly where: RowFilter; readonly shards: readonly DataShard[] };
  readonly cluster: Cluster;
  /** Columns whose values nothing shows. */
  readonly privacy: readonly string[];
  readonly windows: Period | WindowsOfRows;
  /** Of the candidate's training rows. */
  readonly baseline: Baseline;
  readonly objective: MeasuredObjective;
  readonly minRows: number;
  /** Columns by whose values metrics are shown, beside those that gates name. */
  readonly slices: readonly string[];
  readonly gates: readonly GateDefinition[];
}

export interface EvaluateJobOutput {
  readonly evaluation: Evaluation;
  /** `scores` and, with a champion, `champion-scores` (float32 little-endian [rows, width], in `loadColumns`' order); `reference` (JSON). */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError as `loadColumns`, `scoreRows` and `evaluateScores` do */
export const evaluateJob: Job<EvaluateJobInput, EvaluateJobOutput> = async (input, context) => {
  const model = await readFile(input.model);
  const champion = input.champion === undefined ? undefined : await readFile(input.champion);
  const watched = columnsRead(decodeModel(model)).map(({ column }) => column);
  const slices = [...new Set([...input.slices, ...input.gates.flatMap(({ slice }) => slice?.column ?? [])])];
  const names = new Set([
    ...watched,
    ...(champion === undefined ? [] : columnsRead(decodeModel(champion)).map(({ column }) => column)),
    ...(typeof input.cluster === 'string' ? [] : [input.cluster.column]),
    ...slices,
  ]);
  const rows = await loadRows(input, [...names], context);
  requireRows(rows, 'test', input);
  const { table, labels = new Float32Array(), unlabelled, places } = rows;
  const candidateScores = await scoreRows(model, table, {}, context);
  const championScores = champion === undefined ? undefined : await scoreRows(champion, table, {}, context);
  const blocks = clustersOf(rows, input.cluster, input.privacy);
  const measured = evaluateScores({
    candidate: candidateScores,
    ...(championScores === undefined ? {} : { champion: championScores }),
    labels,
    unlabelled,
    rowName: rowName(places),
    blocks,
    baseline: input.baseline,
    objective: input.objective,
    slices: {
      columns: slices.map((name) => sliceColumn(name, table.columns[name]!, input.columns[name]!)),
      minRows: input.minRows,
      gates: input.gates,
    },
  });
  const { loss } = statisticsOf(input.objective);
  const losses = Float64Array.from(labels, (label, row) =>
    loss.of(candidateScores.values, row * candidateScores.width, label)
  );
  const importance = await importanceOf(
    { model, columns: watched, table, scores: candidateScores, labels, loss },
    context
  );
  const byImportance = [...new Set([...importance.map(({ column }) => column), ...slices])];
  const worst = worstSlices(
    byImportance
      .filter((name) => !input.privacy.includes(name))
      .flatMap((name) => looked(name, table, input.columns[name])),
    { losses, blocks },
    () => context.progress({ done: table.rows, total: table.rows, note: 'slices' })
  );
  const evaluation: Evaluation = { ...measured, importance, ...(worst.length === 0 ? {} : { worstSlices: worst }) };
  const reference = referenceOf({ watched, table, scores: statisticsOf(input.objective).watched(candidateScores) });
  const varied = await variedBy(input, reference, context);
  await writeFile(join(context.folder, 'scores.f32'), bytesOf(candidateScores.values));
  if (championScores !== undefined)
    await writeFile(join(context.folder, 'champion.f32'), bytesOf(championScores.values));
  await writeFile(join(context.folder, 'reference.json'), JSON.stringify(varied));
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

/** A boolean is a number in memory. */
function sliceColumn(name: string, column: Column, type: ColumnType): SliceColumn {
  const { codes, nameOf } = codesOf(column);
  if (type !== 'boolean') return { name, codes, nameOf };
  const words = new Map([
    ['0', 'false'],
    ['1', 'true'],
  ]);
  return { name, codes, nameOf: (code) => words.get(nameOf(code)) ?? nameOf(code) };
}

/** As drift looks at it, but a boolean by its words. */
function looked(name: string, table: TableColumns, type: ColumnType | undefined): readonly WatchedColumn[] {
  const watched = watchedColumns(table, [name]);
  if (type !== 'boolean') return watched;
  return watched.map(({ values }) => {
    if (values.kind !== 'number') throw new TypeError(`${name} is a boolean and not numbers`);
    const codes = Int32Array.from(values.values, (value) => (Number.isNaN(value) ? -1 : value));
    return { name, values: { kind: 'category', dictionary: ['false', 'true'], codes } };
  });
}

/** With what the training rows show by themselves, where rows have times; they are counted, not kept. */
async function variedBy(
  { eventTime, columns, where, trained, windows }: EvaluateJobInput,
  reference: Reference,
  context: JobContext
): Promise<Reference> {
  if (eventTime === undefined) return reference;
  const known = where.knownBy === undefined ? trained.where : { ...trained.where, knownBy: where.knownBy };
  const variation = variationOf(reference, windows);
  const rows = { columns, eventTime, shards: trained.shards, where: known };
  await eachStretch(rows, reference.watched, context, (stretch) => variation.add(stretch));
  return withVariation(reference, variation.end());
}
