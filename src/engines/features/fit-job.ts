/** The job `fit`: the features' statistics from the training rows, and the graph made of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { columnsOfFeatures, type DependencyRule, type FeatureDefinition, needsLabels } from '../../domain/definition';
import type { Job, JobContext, JobFile } from '../../domain/job';
import type { PartRows, Split } from '../../domain/split';
import { learnDependencies } from '../tables/dependencies';
import { type LoadedRows, type LoadRequest, withoutLabels } from '../tables/load';
import { partRows } from '../tables/row-filter';
import { featureGraph } from './feature-graph';
import { fitFeatures } from './fit';
import { denseWidth, type EmbeddingTable, embeddingTables, type FittedFeatures, withMissingKept } from './fitted';
import { loadRows } from './load-rows';

/** The training rows, and the split that they are a part of. Where a feature needs labels, the rows that have one. */
export interface FitJobInput extends LoadRequest {
  readonly split: Split;
  /** None where the model reads columns. */
  readonly features: readonly FeatureDefinition[];
  /** Whether the model takes missing numbers as they are. */
  readonly missing?: 'kept';
  /** Learned from the same rows, and held against what is served later. */
  readonly dependencies: readonly DependencyRule[];
}

export interface FitJobOutput {
  readonly rows: number;
  /** Of all rows of the shards. */
  readonly parts: PartRows;
  readonly denseWidth: number;
  readonly embeddings: readonly EmbeddingTable[];
  /** `dependencies` (JSON); where there are features `fitted` (JSON) and `graph` (ONNX). */
  readonly files: readonly JobFile[];
}

/** @throws MlopsError as `loadColumns` and `fitFeatures` do */
export const fitJob: Job<FitJobInput, FitJobOutput> = async (input, context) => {
  const unlabelled = input.shards.map(withoutLabels);
  const shards = needsLabels(input.features) ? input.shards : unlabelled;
  const { table, labels } = await loadRows(
    { ...input, shards },
    [
      ...columnsOfFeatures(input.features),
      ...input.dependencies.flatMap((rule) => [...rule.determinants, rule.dependent]),
    ],
    context
  );
  const features = input.features.length === 0 ? undefined : await fittedFeatures(input, { table, labels }, context);
  const learned = learnDependencies(table, input.dependencies);
  await writeFile(join(context.folder, 'dependencies.json'), JSON.stringify(learned));
  return {
    rows: table.rows,
    parts: await partRows({ ...input, shards: unlabelled }, input.split, context.folder),
    denseWidth: features === undefined ? 0 : denseWidth(features),
    embeddings: features === undefined ? [] : embeddingTables(features),
    files: [
      ...(features === undefined ? [] : FEATURE_FILES),
      { name: 'dependencies', file: 'dependencies.json', mediaType: 'application/json' },
    ],
  };
};

const FEATURE_FILES: readonly JobFile[] = [
  { name: 'fitted', file: 'fitted.json', mediaType: 'application/json' },
  { name: 'graph', file: 'features.onnx', mediaType: 'application/octet-stream' },
];

/** Into the job's folder. */
async function fittedFeatures(
  { features, missing }: FitJobInput,
  { table, labels }: Pick<LoadedRows, 'table' | 'labels'>,
  context: JobContext
): Promise<FittedFeatures> {
  const filled = fitFeatures(table, features, { ...context, labels });
  const fitted = missing === 'kept' ? withMissingKept(filled) : filled;
  await writeFile(join(context.folder, 'fitted.json'), JSON.stringify(fitted));
  await writeFile(join(context.folder, 'features.onnx'), featureGraph(fitted));
  return fitted;
}
