/**
 * A model's bytes are all of it. ONNX lets a tensor name a file beside the model instead of holding its values: its
 * digest would say nothing of them, and onnxruntime would read a path of the machine that it runs on.
 */
import { MlopsError } from '../../domain/errors';
import { type ModelProto, type TensorProto, TensorProto_DataLocation } from './generated/onnx_pb';

/**
 * Looks at every tensor, wherever it is: initializers, attributes, subgraphs, functions, sparse tensors.
 * @throws MlopsError MLOPS_MODEL_EXTERNAL_DATA
 */
export function refuseExternalData(model: ModelProto): void {
  const names = externalTensors(model);
  if (names.length === 0) return;
  throw new MlopsError(
    'MLOPS_MODEL_EXTERNAL_DATA',
    'The ONNX model keeps values in other files, which its digest does not cover.',
    { tensors: names.slice(0, NAMED).join(' '), count: names.length },
    'Save it as one file: onnx.save(model, path) without save_as_external_data.'
  );
}

const NAMED = 5;

function externalTensors(model: ModelProto): readonly string[] {
  const names: string[] = [];
  // By the messages' own type names, so that no place where a tensor may stand is left out. Without recursion: graphs nest.
  const open: unknown[] = [model];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    if (isTensor(value) && isExternal(value)) names.push(value.name === '' ? '(unnamed)' : value.name);
    // Lists of numbers are values, not messages.
    if (Array.isArray(value) && typeof value[0] !== 'object') continue;
    open.push(...Object.values(value));
  }
  return names.reverse();
}

function isTensor(message: object): message is TensorProto {
  return '$typeName' in message && message.$typeName === 'onnx.TensorProto';
}

function isExternal({ dataLocation, externalData }: TensorProto): boolean {
  return dataLocation === TensorProto_DataLocation.EXTERNAL || externalData.length > 0;
}
