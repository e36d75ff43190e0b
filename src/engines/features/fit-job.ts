/** The job `fit`: the features' statistics from the training rows, and the graph made of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { columnsOfFeatures, type DependencyRule, type FeatureDefinition, needsLabels } from '../../domain/definition';
import type { Job, JobFile } from '../../domain/job';
import type { PartRows, Split } from '../../domain/split';
import { learnDependencies } from '../tables/dependencies';
import { type LoadRequest, withoutLabels } from '../tables/load';
import { partRows } from '../tables/row-filter';
import { featureGraph } from './feature-graph';
import { fitFeatures } from './fit';
import { denseWidth, type EmbeddingTable, embeddingTables, withMissingKept } from './fitted';
import { loadRows } from './load-rows';

/** The training rows, and the split that they are a part of. Where a feature needs labels, the rows that have one. */
export interface FitJobInput extends LoadRequest {
  readonly split: Split;
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
  /** `fitted` (JSON), `graph` (ONNX) and `dependencies` (JSON). */
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
  const filled = fitFeatures(table, input.features, { ...context, labels });
  const fitted = input.missing === 'kept' ? withMissingKept(filled) : filled;
  await writeFile(join(context.folder, 'fitted.json'), JSON.stringify(fitted));
  await writeFile(join(context.folder, 'features.onnx'), featureGraph(fitted));
  const learned = learnDependencies(table, input.dependencies);
  await writeFile(join(context.folder, 'dependencies.json'), JSON.stringify(learned));
  return {
    rows: table.rows,
    parts: await partRows({ ...input, shards: unlabelled }, input.split, context.folder),
    denseWidth: denseWidth(fitted),
    embeddings: embeddingTables(fitted),
    files: [
      { name: 'fitted', file: 'fitted.json', mediaType: 'application/json' },
      { name: 'graph', file: 'features.onnx', mediaType: 'application/octet-stream' },
      { name: 'dependencies', file: 'dependencies.json', mediaType: 'application/json' },
    ],
  };
};
