/** What a version takes and gives, read from its graph; of its columns what the definition says beside. */
import type { ProjectDefinition } from '../../domain/definition';
import { modelInput } from '../../domain/endpoint';
import type { ModelSignature } from '../../domain/signature';
import { scoreOutput } from '../../domain/task';
import type { ModelProto } from '../onnx/generated/onnx_pb';
import { columnsRead, outputShape, taskIn } from './score-rows';

/**
 * @param requires columns whose missing values the graph can't take
 * @param tolerance operators whose result may depend on the batch
 * @throws MlopsError MLOPS_MODEL_INVALID: the graph gives no task's scores, or reads what no column feeds
 */
export function signatureOf(
  model: ModelProto,
  definition: Pick<ProjectDefinition, 'source' | 'schema'>,
  { requires = [], tolerance }: { readonly requires?: readonly string[]; readonly tolerance: readonly string[] }
): ModelSignature {
  const name = scoreOutput(taskIn(model));
  const { dims } = outputShape(model, name);
  return {
    inputs: columnsRead(model).map(({ column, width }) => ({
      ...modelInput(definition, column),
      ...(requires.includes(column) ? { required: true } : {}),
      column,
      shape: width === undefined ? [-1] : [-1, width],
    })),
    outputs: [{ name, datatype: 'FP32', shape: [-1, ...dims] }],
    determinism: tolerance.length === 0 ? 'exact' : 'tolerance',
  };
}
