/** What an MLflow signature says of a model, held against the model's own graph: another model's folder is found before its scores are. */
import { MlopsError } from '../../../domain/errors';
import { type GraphProto, TensorProto_DataType } from '../generated/onnx_pb';
import { decodeModel } from '../model';
import { type ForeignValue, foreignInputs } from './foreign';

const T = TensorProto_DataType;

/** By numpy's names, as MLflow writes them. */
const TYPES: Readonly<Record<string, TensorProto_DataType>> = {
  float16: T.FLOAT16,
  float32: T.FLOAT,
  float64: T.DOUBLE,
  int8: T.INT8,
  int16: T.INT16,
  int32: T.INT32,
  int64: T.INT64,
  uint8: T.UINT8,
  uint16: T.UINT16,
  uint32: T.UINT32,
  uint64: T.UINT64,
  bool: T.BOOL,
  object: T.STRING,
  str: T.STRING,
};

/** `signature` of an MLmodel file: lists as JSON. */
export interface MlflowSignature {
  readonly inputs?: string | null;
  readonly outputs?: string | null;
}

interface Tensor {
  readonly name?: string;
  readonly dtype: string;
  /** The rows' axis first; −1: any. */
  readonly shape: readonly number[];
}

/**
 * Tensors by number, name, type and sizes; columns by their number, or by their names where the graph's inputs have some of them. What
 * either leaves open fits.
 * @throws MlopsError MLOPS_MODEL_FOLDER; as `decodeModel` and `foreignInputs` do
 */
export function requireSignature(bytes: Uint8Array, { inputs, outputs }: MlflowSignature): void {
  const graph = decodeModel(bytes).graph!;
  if (typeof inputs === 'string') requireInputs(foreignInputs(graph), entriesOf(inputs));
  if (typeof outputs === 'string') requireOutputs(graph, entriesOf(outputs));
}

type Entry = Readonly<Record<string, unknown>>;

function entriesOf(text: string): readonly Entry[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    entries = undefined;
  }
  const read = (entry: unknown) => typeof entry === 'object' && entry !== null && 'type' in entry;
  if (Array.isArray(entries) && entries.every(read)) return entries as readonly Entry[];
  throw new MlopsError(
    'MLOPS_MODEL_FOLDER',
    'The signature of the MLflow folder can not be read.',
    { signature: text.slice(0, 500) },
    'Save the model again with a signature as mlflow.models.infer_signature gives it, or without one.'
  );
}

function requireInputs(inputs: readonly ForeignValue[], entries: readonly Entry[]): void {
  if (entries.some(({ type }) => type === 'any')) return;
  const tensors = entries.flatMap(tensorIn);
  const fits =
    tensors.length === entries.length
      ? tensors.length === inputs.length && tensors.every((tensor, at) => fitsInput(tensor, inputs, at))
      : fitsColumns(entries, inputs);
  if (!fits) throw otherModel(entries, inputs.map(words));
}

function requireOutputs({ output }: GraphProto, entries: readonly Entry[]): void {
  const names = output.map(({ name }) => name);
  const named = entries.flatMap((entry) => tensorIn(entry).flatMap(({ name }) => name ?? []));
  if (!named.every((name) => names.includes(name))) throw otherModel(entries, names);
}

function tensorIn(entry: Entry): readonly Tensor[] {
  const spec = entry['tensor-spec'] as Partial<Tensor> | undefined;
  if (entry['type'] !== 'tensor' || typeof spec?.dtype !== 'string' || !Array.isArray(spec.shape)) return [];
  const { name } = entry;
  return [{ dtype: spec.dtype, shape: spec.shape, ...(typeof name === 'string' ? { name } : {}) }];
}

function fitsInput({ name, dtype, shape }: Tensor, inputs: readonly ForeignValue[], at: number): boolean {
  const input = name === undefined ? inputs[at] : inputs.find((each) => each.name === name);
  if (input === undefined || (TYPES[dtype] !== undefined && TYPES[dtype] !== input.type)) return false;
  const { dims } = input;
  if (dims === undefined) return true;
  const sizes = shape.slice(1);
  return (
    sizes.length === dims.length &&
    sizes.every((size, axis) => size < 0 || dims[axis] === undefined || dims[axis] === size)
  );
}

function fitsColumns(entries: readonly Entry[], inputs: readonly ForeignValue[]): boolean {
  const names = entries.map(({ name }) => name);
  if (inputs.some(({ name }) => names.includes(name))) return inputs.every(({ name }) => names.includes(name));
  const widths = inputs.map(({ dims }) => dims?.reduce<number | undefined>((all, size) => product(all, size), 1));
  const width = widths.reduce((all, each) => (all === undefined || each === undefined ? undefined : all + each), 0);
  return width === undefined || width === entries.length;
}

const product = (all: number | undefined, size: number | undefined) =>
  all === undefined || size === undefined ? undefined : all * size;

function words({ name, type, dims }: ForeignValue): string {
  const shape = dims === undefined ? '' : ` [${['N', ...dims.map((size) => size ?? '?')].join(', ')}]`;
  return `${name} ${(T[type] ?? String(type)).toLowerCase()}${shape}`;
}

function otherModel(entries: readonly Entry[], graph: readonly string[]): MlopsError {
  return new MlopsError(
    'MLOPS_MODEL_FOLDER',
    'The signature of the MLflow folder is of another model than its ONNX file.',
    { signature: JSON.stringify(entries).slice(0, 500), graph: graph.join(', ').slice(0, 500) },
    'Save the model again with the signature that mlflow.models.infer_signature gives for it, or without one.'
  );
}
