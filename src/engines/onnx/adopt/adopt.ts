/**
 * A model that another program wrote, made into one of ours by nodes around its graph: it reads columns as they stand in a
 * snapshot's rows and in requests, and gives the task's scores under our names. Its own nodes stay as they are, at their own
 * operator set.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import type { ColumnType } from '../../../domain/definition';
import { typeName, widthOfVector } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import { kindOf, scoreOutput, type Target, widthOf } from '../../../domain/task';
import {
  type ModelProto,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../generated/onnx_pb';
import { decodeModel } from '../model';
import { ELEMENT_CODES, type ElementType } from '../tensor';
import { foreignInputs, foreignOutputs, producerOf } from './foreign';
import { feed, feedsOfInputs, wholeColumns } from './inputs';
import { give, scoresIn } from './outputs';
import { rename } from './renamed';
import { Wrapper } from './wrapper';

export interface Adopt {
  /** Columns that a model of the project may read. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Those that fill the graph's inputs, one after the other; without it each input has a column's name. */
  readonly order?: readonly string[];
  readonly target: Target;
}

export interface Adopted {
  readonly model: Uint8Array;
  readonly producer: string;
  /** Columns whose missing values the graph can not take. */
  readonly requires: readonly string[];
}

/** Before it Cast named its type by a text. */
const LEAST_OPSET = 6n;
/** Where the file names no operator set of ONNX's own: that of models that we emit. */
const OPSET = 18n;
/** From 4 on constants need not be listed among the inputs. */
const IR_VERSION = 8n;

/**
 * The same bytes and columns give the same bytes.
 * @throws MlopsError MLOPS_MODEL_INVALID, MLOPS_MODEL_EXTERNAL_DATA, MLOPS_MODEL_NO_BATCH, MLOPS_MODEL_COLUMNS,
 *   MLOPS_MODEL_OUTPUTS
 */
export function adopt(bytes: Uint8Array, { columns, order, target }: Adopt): Adopted {
  const model = decodeModel(bytes);
  requireOpset(model);
  const graph = model.graph!;
  const fed = feedsOfInputs(foreignInputs(graph), columns, order);
  if (fed.length === 0)
    throw new MlopsError('MLOPS_MODEL_COLUMNS', 'The model has no inputs.', {}, 'Export it with inputs.');
  const scores = scoresIn(
    foreignOutputs(graph),
    target,
    graph.output.map(({ name }) => name)
  );
  const shown = new Set(graph.output.map(({ name }) => name));
  graph.node = graph.node.filter(
    ({ opType, output }) => opType !== 'ZipMap' || !output.some((name) => shown.has(name))
  );
  rename(graph);
  const wrapper = new Wrapper(graph);
  for (const each of fed) feed(wrapper, each, columns);
  give(wrapper, scores, target);
  wrapper.close();
  const read = [...new Set(fed.flatMap((each) => each.columns))];
  graph.input = read.map((name) => inputInfo(name, columns[name]!));
  graph.output = [info(scoreOutput(kindOf(target)), 'float32', widthOf(target) === 1 ? [] : [widthOf(target)])];
  model.irVersion = model.irVersion > IR_VERSION ? model.irVersion : IR_VERSION;
  return { model: toBinary(ModelProtoSchema, model), producer: producerOf(model), requires: wholeColumns(fed) };
}

function requireOpset(model: ModelProto): void {
  const own = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (own === undefined) {
    model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: '', version: OPSET }));
    return;
  }
  if (own.version >= LEAST_OPSET) return;
  throw new MlopsError(
    'MLOPS_MODEL_INVALID',
    'The model is of an operator set that is too old.',
    { opset: String(own.version), least: String(LEAST_OPSET) },
    'Convert it: onnx.version_converter.convert_version(model, 13).'
  );
}

/** As feature-graph.ts has them. */
function inputInfo(name: string, type: ColumnType): ValueInfoProto {
  switch (typeName(type)) {
    case 'timestamp':
      return info(name, 'int64', []);
    case 'string':
      return info(name, 'string', []);
    case 'text':
      return info(name, 'string', [], 'TEXT');
    case 'vector':
      return info(name, 'float64', [widthOfVector(type)!]);
    case 'integer':
    case 'number':
    case 'decimal':
    case 'boolean':
      return info(name, 'float64', []);
  }
}

function info(name: string, type: ElementType, dims: readonly number[], denotation = ''): ValueInfoProto {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'N' } },
    ...dims.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } })),
  ];
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: ELEMENT_CODES[type], shape: { dim } } }, denotation },
  });
}
