/** Features of small tables, row by row. */
import type { FeatureDefinition } from '../../../src/domain/definition';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { fitFeatures } from '../../../src/engines/features/fit';
import { makeFeatures } from '../../../src/engines/features/make-features';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { SILENT } from './tables';

/** @param training what is fitted on; `rows` are what features are made of */
export async function denseRows(
  features: readonly FeatureDefinition[],
  training: TableColumns,
  rows = training,
  labels?: Float32Array
): Promise<number[][]> {
  const fitted = fitFeatures(training, features, { labels });
  const { dense, width } = await makeFeatures(featureGraph(fitted), fitted, rows, SILENT);
  return Array.from({ length: rows.rows }, (_, row) => [...dense.subarray(row * width, (row + 1) * width)]);
}
