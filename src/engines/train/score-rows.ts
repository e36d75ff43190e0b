/** Scores of a table's rows by a model's bytes: the same bytes, and the same bits, as at the endpoint. */
import { MlopsError } from '../../domain/errors';
import type { JobContext } from '../../domain/job';
import { feedsOf } from '../features/feeds';
import type { FeatureInput, InputType } from '../features/fitted';
import type { ModelProto } from '../onnx/generated/onnx_pb';
import { decodeModel } from '../onnx/model';
import { openSession } from '../onnx/session';
import { ELEMENT_CODES, float32 } from '../onnx/tensor';
import type { TableColumns } from '../tables/columns';
import { PROBABILITY } from './inference-graph';

const DEFAULT_BATCH = 4096;

/**
 * @returns the probability of each row, [rows]; it doesn't depend on `batch`
 * @throws MlopsError MLOPS_MODEL_INVALID; MLOPS_FEATURE_INVALID when the table lacks a column of the model
 */
export async function scoreRows(
  model: Uint8Array,
  table: TableColumns,
  { batch = DEFAULT_BATCH }: { readonly batch?: number },
  { progress }: Pick<JobContext, 'progress'>
): Promise<Float32Array> {
  const inputs = columnsRead(decodeModel(model));
  const scores = new Float32Array(table.rows);
  const session = await openSession(model);
  try {
    for (let from = 0; from < table.rows; from += batch) {
      const to = Math.min(table.rows, from + batch);
      await session.run(feedsOf(table, inputs, from, to), { [PROBABILITY]: float32(scores.subarray(from, to)) });
      progress({ done: to, total: table.rows, note: 'scores' });
    }
  } finally {
    await session.close();
  }
  return scores;
}

/**
 * The columns that a model reads.
 * @throws MlopsError MLOPS_MODEL_INVALID for a model that wasn't made by `inferenceGraph`
 */
export function columnsRead(model: ModelProto): readonly FeatureInput[] {
  const types = new Map<number, InputType>([
    [ELEMENT_CODES.int64, 'timestamp'],
    [ELEMENT_CODES.float64, 'number'],
    [ELEMENT_CODES.string, 'string'],
  ]);
  const { input = [], output = [] } = model.graph ?? {};
  if (!output.some(({ name }) => name === PROBABILITY)) {
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      `The model has no output '${PROBABILITY}'.`,
      {},
      'Use a model of a run.'
    );
  }
  return input.map(({ name, type }) => {
    const code = type?.value.case === 'tensorType' ? type.value.value.elemType : 0;
    const known = types.get(code);
    if (known !== undefined) return { column: name, type: known };
    const where = { input: name, elementType: code };
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      'An input has a type that no column has.',
      where,
      'Use a model of a run.'
    );
  });
}
