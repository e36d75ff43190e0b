/** A graph as the bytes of an ONNX model, and back to messages. Same graph, same bytes: no version, no date, no map. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { MlopsError } from '../../domain/errors';
import { refuseExternalData } from './external-data';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  type GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './generated/onnx_pb';
import { type Attribute, Graph, type Node, type Value } from './graph';
import { bytesOf, ELEMENT_CODES, type Tensor } from './tensor';

interface Level {
  readonly irVersion: bigint;
  /** Of ONNX's own operators. */
  readonly operatorSet: bigint;
}

/** Widely readable: ONNX 1.13 and later, onnxruntime 1.14 and later. */
const USUAL: Level = { irVersion: 8n, operatorSet: 18n };
/** ONNX 1.15 and later, onnxruntime 1.17 and later; of what else we emit it says the same. */
const WITH_STRINGS: Level = { irVersion: 9n, operatorSet: 20n };
const NEEDS_STRINGS: ReadonlySet<string> = new Set(['StringConcat']);

const OF_ONNX_ML = { domain: 'ai.onnx.ml', version: 3n };
/** Only onnxruntime has it: named where a node needs it. */
const OF_ONNXRUNTIME = { domain: 'com.microsoft', version: 1n };

/** @param metadata names and values that a reader of the file finds; the same graph and metadata give the same bytes. */
export function encodeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const { irVersion, operatorSet } = graph.nodes.some(({ operator }) => NEEDS_STRINGS.has(operator))
    ? WITH_STRINGS
    : USUAL;
  const own = graph.nodes.some(({ domain }) => domain === OF_ONNXRUNTIME.domain);
  const model = create(ModelProtoSchema, {
    irVersion,
    opsetImport: [{ domain: '', version: operatorSet }, OF_ONNX_ML, ...(own ? [OF_ONNXRUNTIME] : [])],
    producerName: 'temporal-mlops',
    graph: graphMessage(graph),
    metadataProps: Object.keys(metadata)
      .sort()
      .map((key) => ({ key, value: metadata[key] })),
  });
  return toBinary(ModelProtoSchema, model);
}

/** @throws MlopsError MLOPS_MODEL_INVALID for bytes that aren't an ONNX model; MLOPS_MODEL_EXTERNAL_DATA */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const model = parse(bytes);
  if (model.graph === undefined || model.graph.node.length === 0) {
    throw new MlopsError('MLOPS_MODEL_INVALID', 'The ONNX model has no graph.', {}, 'Is the file whole?');
  }
  refuseExternalData(model);
  return model;
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new MlopsError('MLOPS_MODEL_INVALID', 'The bytes are not an ONNX model.', {}, 'Is the file whole?', {
      cause,
    });
  }
}

function graphMessage(graph: Graph): MessageInitShape<typeof GraphProtoSchema> {
  return {
    name: graph.name,
    node: graph.nodes.map(nodeMessage),
    initializer: graph.constants.map(({ value, tensor }) => tensorMessage(value.name, tensor)),
    input: graph.inputs.map(valueMessage),
    output: graph.outputs.map(valueMessage),
  };
}

function nodeMessage(node: Node) {
  return {
    opType: node.operator,
    domain: node.domain,
    name: node.outputs[0]?.name ?? '',
    input: node.inputs.map(({ name }) => name),
    output: node.outputs.map(({ name }) => name),
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeMessage(name, value)),
  };
}

function attributeMessage(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const kinds = AttributeProto_AttributeType;
  if (value instanceof Graph) return { name, type: kinds.GRAPH, g: graphMessage(value) };
  if (typeof value === 'number') return { name, type: kinds.INT, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: kinds.STRING, s: Buffer.from(value) };
  if (value instanceof Float32Array) return { name, type: kinds.FLOATS, floats: [...value] };
  if (value.every((item) => typeof item === 'string')) {
    return { name, type: kinds.STRINGS, strings: value.map((item) => Buffer.from(item)) };
  }
  return { name, type: kinds.INTS, ints: value.map((item) => BigInt(item)) };
}

function tensorMessage(name: string, tensor: Tensor): MessageInitShape<typeof TensorProtoSchema> {
  const shape = { name, dims: tensor.dims.map(BigInt), dataType: ELEMENT_CODES[tensor.type] };
  if (tensor.type !== 'string') return { ...shape, rawData: bytesOf(tensor.data) };
  return { ...shape, stringData: (tensor.data as readonly string[]).map((text) => Buffer.from(text)) };
}

function valueMessage(value: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = value.shape.map((size) =>
    typeof size === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(size) } }
      : { value: { case: 'dimParam' as const, value: size } }
  );
  return {
    name: value.name,
    type: {
      value: { case: 'tensorType', value: { elemType: ELEMENT_CODES[value.type], shape: { dim } } },
      ...(value.denotation === undefined ? {} : { denotation: value.denotation }),
    },
  };
}
