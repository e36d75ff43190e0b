/** A graph that another program wrote: what it takes and gives, as far as it says so. */
import { MlopsError } from '../../../domain/errors';
import {
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  TensorProto_DataType,
  type TypeProto,
} from '../generated/onnx_pb';

export interface ForeignValue {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly type: TensorProto_DataType;
  /** Beyond the rows' axis; undefined: not said. An absent list: not even how many there are. */
  readonly dims?: readonly (number | undefined)[];
}

export interface ForeignOutput extends ForeignValue {
  /** Names of a row's numbers, where a node of the graph says them. */
  readonly classes?: readonly string[];
  /** What the graph calls it: a `ZipMap` is taken away, and its output is not the value's name. */
  readonly shown: string;
}

const NUMBERS: ReadonlySet<TensorProto_DataType> = new Set([
  TensorProto_DataType.FLOAT,
  TensorProto_DataType.DOUBLE,
  TensorProto_DataType.FLOAT16,
]);

/**
 * Inputs that a caller feeds: an old exporter lists constants among them.
 * @throws MlopsError MLOPS_MODEL_NO_BATCH: an input has a fixed number of rows; MLOPS_MODEL_COLUMNS: an input is not a tensor
 */
export function foreignInputs(graph: GraphProto): readonly ForeignValue[] {
  const constants = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ''),
  ]);
  return graph.input
    .filter(({ name }) => !constants.has(name))
    .map(({ name, type }) => {
      const tensor = tensorOf(type);
      if (tensor === undefined)
        throw new MlopsError(
          'MLOPS_MODEL_COLUMNS',
          'An input of the model is not a tensor.',
          { input: name, is: type?.value.case ?? 'nothing' },
          'Export the model with tensors as inputs.'
        );
      const [rows] = tensor.all ?? [];
      if (rows !== undefined) throw noBatch(name, tensor.all!);
      return { name, type: tensor.type, ...(tensor.all === undefined ? {} : { dims: tensor.all.slice(1) }) };
    });
}

/** Outputs of numbers, each a row's; a `ZipMap` before one is passed over. */
export function foreignOutputs(graph: GraphProto): readonly ForeignOutput[] {
  const classes = classesIn(graph.node);
  return graph.output.flatMap(({ name, type }): ForeignOutput[] => {
    const maker = graph.node.find(({ output }) => output.includes(name));
    if (maker?.opType === 'ZipMap') {
      const names = namesIn(maker) ?? classes;
      const of = { name: maker.input[0]!, type: TensorProto_DataType.FLOAT, shown: name };
      return [names === undefined ? of : { ...of, classes: names, dims: [names.length] }];
    }
    const tensor = tensorOf(type);
    if (tensor === undefined || !NUMBERS.has(tensor.type)) return [];
    return [
      {
        name,
        shown: name,
        type: tensor.type,
        ...(tensor.all === undefined ? {} : { dims: tensor.all.slice(1) }),
        ...(classes === undefined ? {} : { classes }),
      },
    ];
  });
}

function noBatch(input: string, dims: readonly (number | undefined)[]): MlopsError {
  return new MlopsError(
    'MLOPS_MODEL_NO_BATCH',
    'The model takes a fixed number of rows.',
    { input, shape: `[${dims.map((size) => size ?? 'N').join(', ')}]` },
    'Export it with a free first axis: dynamic_axes or dynamic_shapes in PyTorch, None as the first size of an input elsewhere.'
  );
}

function tensorOf(
  type: TypeProto | undefined
): { readonly type: TensorProto_DataType; readonly all?: readonly (number | undefined)[] } | undefined {
  if (type?.value.case !== 'tensorType') return undefined;
  const { elemType, shape } = type.value.value;
  if (shape === undefined) return { type: elemType };
  // A size of 0 says as little as none.
  const all = shape.dim.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) || undefined : undefined));
  return { type: elemType, all };
}

/** The one list of classes that nodes name; undefined where they name none, or several. */
function classesIn(nodes: readonly NodeProto[]): readonly string[] | undefined {
  const lists = nodes.flatMap((node) => {
    const names = namesIn(node);
    return names === undefined ? [] : [names];
  });
  return new Set(lists.map((names) => JSON.stringify(names))).size === 1 ? lists[0] : undefined;
}

/** `classlabels_ints` and `classlabels_int64s` are one thing under two names. */
function namesIn({ attribute }: NodeProto): readonly string[] | undefined {
  const lists = attribute
    .filter(({ name }) => name.startsWith('classlabels_'))
    .map(({ ints, strings }: AttributeProto) => [
      ...ints.map(String),
      ...strings.map((text) => Buffer.from(text).toString('utf8')),
    ])
    .filter((names) => names.length > 0);
  return lists[0];
}

/** What the file says wrote it: `skl2onnx 1.20.0`. */
export function producerOf({ producerName, producerVersion }: ModelProto): string {
  return `${producerName} ${producerVersion}`.trim().slice(0, 100) || 'unknown';
}
