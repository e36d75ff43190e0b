/**
 * The only importer of onnxruntime-node. Every session runs on one thread, sequentially, at one optimisation level:
 * with more threads MatMul regroups its sums and ScatterND loses updates, and a row's score would depend on its batch.
 * Parallelism is more processes, never more threads in a session.
 */
import '../../runtime/no-telemetry';
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { MlopsError } from '../../domain/errors';
import { decodeModel } from './model';
import type { ElementType, Tensor, TensorData } from './tensor';

export const OPTIMISATION = 'all';
export const ONNXRUNTIME_VERSION = env.versions.node ?? env.versions.common;

export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Blocks this thread until the graph has run. `into`: buffers that outputs are written to, in place of new ones. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    into?: Readonly<Record<string, Tensor>>
  ): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/**
 * Every model that runs comes through here, so none runs whose bytes aren't all of it.
 * @throws MlopsError MLOPS_MODEL_INVALID when onnxruntime refuses the bytes; MLOPS_MODEL_EXTERNAL_DATA
 */
export async function openSession(model: Uint8Array): Promise<Session> {
  decodeModel(model);
  const session = await createSession(model);
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    run: async (feeds, into) => {
      const results =
        into === undefined ? await session.run(toOrt(feeds)) : await session.run(toOrt(feeds), toOrt(into));
      return fromOrt(results);
    },
    close: () => session.release(),
  };
}

/** As onnxruntime writes them: no such operator at all, or none of this operator set. */
const UNKNOWN_OPERATOR = /(\S+) is not a registered function\/op|No Op registered for (\S+)/;

async function createSession(model: Uint8Array): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: OPTIMISATION,
      logSeverityLevel: 3,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const [, first, second] = UNKNOWN_OPERATOR.exec(reason) ?? [];
    const operator = first ?? second;
    if (operator !== undefined)
      throw new MlopsError(
        'MLOPS_MODEL_OPERATOR',
        'The model uses an operator that onnxruntime does not have.',
        { operator, onnxruntime: ONNXRUNTIME_VERSION },
        'Export it with operators of ONNX, at an operator set that this onnxruntime knows.',
        { cause }
      );
    throw new MlopsError('MLOPS_MODEL_INVALID', `onnxruntime refuses the model: ${reason}`, {}, '', { cause });
  }
}

function toOrt(tensors: Readonly<Record<string, Tensor>>): Record<string, OrtTensor> {
  const result: Record<string, OrtTensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(tensors)) {
    // The constructor's overloads pair each type with its array; our Tensor promises the same.
    result[name] = new OrtTensor(type as 'float32', data as Float32Array, dims);
  }
  return result;
}

function fromOrt(tensors: Readonly<Record<string, OrtTensor>>): Record<string, Tensor> {
  const result: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    result[name] = { type: tensor.type as ElementType, dims: tensor.dims, data: tensor.data as TensorData };
  }
  return result;
}
