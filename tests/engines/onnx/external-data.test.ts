import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation,
  type TensorProtoSchema,
} from '../../../src/engines/onnx/generated/onnx_pb';
import { decodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';

type Tensor = MessageInitShape<typeof TensorProtoSchema>;
type Graph = MessageInitShape<typeof GraphProtoSchema>;

const FLOAT = 1;
const inside: Tensor = { name: 'w', dims: [1n], dataType: FLOAT, floatData: [2] };
const outside: Tensor = {
  name: 'w',
  dims: [1n],
  dataType: FLOAT,
  dataLocation: TensorProto_DataLocation.EXTERNAL,
  externalData: [{ key: 'location', value: '/etc/hostname' }],
};
const kinds = AttributeProto_AttributeType;
const add = { opType: 'Add', input: ['x', 'w'], output: ['y'] };
const float = (name: string) => ({
  name,
  type: {
    value: {
      case: 'tensorType' as const,
      value: { elemType: FLOAT, shape: { dim: [{ value: { case: 'dimValue' as const, value: 1n } }] } },
    },
  },
});

/** Where ONNX lets a tensor stand. */
const PLACES: Readonly<Record<string, (tensor: Tensor) => { graph: Graph; rest?: object }>> = {
  'an initializer': (tensor) => ({ graph: { node: [add], initializer: [tensor] } }),
  'a constant': (tensor) => ({
    graph: {
      node: [{ opType: 'Constant', output: ['w'], attribute: [{ name: 'value', type: kinds.TENSOR, t: tensor }] }, add],
    },
  }),
  'a list of tensors': (tensor) => ({
    graph: { node: [{ ...add, attribute: [{ name: 'values', type: kinds.TENSORS, tensors: [inside, tensor] }] }] },
  }),
  'a subgraph': (tensor) => ({
    graph: {
      node: [
        {
          ...add,
          attribute: [{ name: 'body', type: kinds.GRAPH, g: { node: [add], initializer: [tensor] } }],
        },
      ],
    },
  }),
  'the values of a sparse tensor': (tensor) => ({
    graph: { node: [add], sparseInitializer: [{ values: tensor, dims: [1n] }] },
  }),
  'a function': (tensor) => ({
    graph: { node: [add] },
    rest: {
      functions: [
        {
          name: 'f',
          node: [{ opType: 'Constant', attribute: [{ name: 'value', type: kinds.TENSOR, t: tensor }] }],
        },
      ],
    },
  }),
  "a training step's graph": (tensor) => ({
    graph: { node: [add] },
    rest: { trainingInfo: [{ initialization: { node: [add], initializer: [tensor] } }] },
  }),
};

function bytesWith(place: string, tensor: Tensor): Uint8Array {
  const { graph, rest } = PLACES[place]!(tensor);
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 18n }],
      graph: { name: 'g', input: [float('x')], output: [float('y')], ...graph },
      ...rest,
    })
  );
}

test.each(Object.keys(PLACES))('values of %s that are in another file are refused', async (place) => {
  const bytes = bytesWith(place, outside);
  expect(() => decodeModel(bytes)).toThrow(/MLOPS_MODEL_EXTERNAL_DATA.*\[tensors=w, count=1\].*Save it as one file/);
  await expect(openSession(bytes)).rejects.toMatchObject({ code: 'MLOPS_MODEL_EXTERNAL_DATA' });
  expect(() => decodeModel(bytesWith(place, inside))).not.toThrow();
});

test('a location without the mark is refused too', () => {
  const { dataLocation: _, ...unmarked } = outside;
  expect(() => decodeModel(bytesWith('an initializer', unmarked))).toThrow(/MLOPS_MODEL_EXTERNAL_DATA/);
});

test('the same model with its values inside runs', async () => {
  const session = await openSession(bytesWith('an initializer', inside));
  const { y } = await session.run({ x: { type: 'float32', data: Float32Array.of(1), dims: [1] } });
  expect([...(y!.data as Float32Array)]).toEqual([3]);
  await session.close();
});

test('what is not ONNX does not reach onnxruntime, whose other formats it would read', async () => {
  const ort = Uint8Array.from(Buffer.from('\x18\0\0\0ORTM and so on', 'latin1'));
  await expect(openSession(ort)).rejects.toMatchObject({ code: 'MLOPS_MODEL_INVALID' });
});
