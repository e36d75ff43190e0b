/**
 * The training rows' features: what the graph makes of them, but for target means. There each row gets a mean that its own
 * label is no part of; evaluation and the endpoint have the graph's.
 */
import type { JobContext } from '../../domain/job';
import type { TableColumns } from '../tables/columns';
import { denseOrder } from './feature-graph';
import { type FittedFeatures, widthOf } from './fitted';
import { type Features, makeFeatures } from './make-features';
import { withNamed } from './named-columns';
import { outOfOwn, type TrainingRows } from './target-mean';

/**
 * @param graph the bytes of `featureGraph(fitted)`
 * @param table the rows that `fitted` was fitted on, in their order
 */
export async function trainingFeatures(
  graph: Uint8Array,
  fitted: FittedFeatures,
  table: TableColumns,
  rows: TrainingRows,
  context: Pick<JobContext, 'progress'>
): Promise<Features> {
  const features = await makeFeatures(graph, fitted, table, context);
  const columns = withNamed(table.columns, fitted.transforms);
  let start = 0;
  for (const feature of denseOrder(fitted)) {
    if (feature.transform === 'targetMean') {
      outOfOwn(feature, columns[feature.column]!, rows).forEach((value, row) => {
        features.dense[row * features.width + start] = value;
      });
    }
    start += widthOf(feature);
  }
  return features;
}
