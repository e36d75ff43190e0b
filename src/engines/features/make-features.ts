/** Training features: the feature graph run over a table, batch after batch. */
import type { JobContext } from '../../domain/job';
import { openSession } from '../onnx/session';
import { float32, int64, type Tensor } from '../onnx/tensor';
import type { TableColumns } from '../tables/columns';
import { DENSE, indexName } from './feature-graph';
import { feedsOf, tableBatches } from './feeds';
import { denseWidth, embeddingTables, type FittedFeatures } from './fitted';

/** Small enough to stay in the processor's caches, large enough to hide the cost of a call. */
const BATCH = 4096;

export interface Features {
  readonly rows: number;
  /** Columns of `dense`. */
  readonly width: number;
  /** [rows, width], row-major. */
  readonly dense: Float32Array;
  /** One [rows] for each embedding, in the features' order. */
  readonly indices: readonly BigInt64Array[];
}

/** @param graph the bytes of `featureGraph(fitted)` */
export async function makeFeatures(
  graph: Uint8Array,
  fitted: FittedFeatures,
  table: TableColumns,
  { progress }: Pick<JobContext, 'progress'>
): Promise<Features> {
  const { rows } = table;
  const width = denseWidth(fitted);
  const tables = embeddingTables(fitted);
  const dense = new Float32Array(rows * width);
  const indices = tables.map(() => new BigInt64Array(rows));
  const session = await openSession(graph);
  try {
    for (const { from, to } of tableBatches(table, fitted.inputs, BATCH)) {
      // The graph writes straight into the whole arrays.
      const into: Record<string, Tensor> = {};
      if (width > 0) into[DENSE] = float32(dense.subarray(from * width, to * width), [to - from, width]);
      tables.forEach(({ column }, i) => {
        into[indexName(column)] = int64(indices[i]!.subarray(from, to));
      });
      await session.run(feedsOf(table, fitted.inputs, from, to), into);
      progress({ done: to, total: rows, note: 'features' });
    }
  } finally {
    await session.close();
  }
  return { rows, width, dense, indices };
}
