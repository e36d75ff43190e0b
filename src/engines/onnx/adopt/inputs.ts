/** Which columns feed which inputs of a foreign graph, and the nodes between: casts, places, shapes. */
import { MlopsError } from '../../../domain/errors';
import { type ColumnType, typeName, widthOfVector } from '../../../domain/definition';
import { TensorProto_DataType } from '../generated/onnx_pb';
import type { ForeignValue } from './foreign';
import { renamed } from './renamed';
import type { Wrapper } from './wrapper';

const T = TensorProto_DataType;

/** In which missing numbers stay what they are. */
const FLOATS: ReadonlySet<TensorProto_DataType> = new Set([T.FLOAT, T.DOUBLE, T.FLOAT16]);
const WHOLE: ReadonlySet<TensorProto_DataType> = new Set([
  ...[T.INT8, T.INT16, T.INT32, T.INT64, T.UINT8, T.UINT16, T.UINT32, T.UINT64],
  T.BOOL,
]);
/** In which microseconds since 1970 keep their digits. */
const TIMES: ReadonlySet<TensorProto_DataType> = new Set([T.INT64, T.DOUBLE]);

export interface FedInput {
  readonly input: ForeignValue;
  readonly columns: readonly string[];
}

/**
 * @param order columns that fill the inputs one after the other; without it each input has a column's name
 * @throws MlopsError MLOPS_MODEL_COLUMNS
 */
export function feedsOfInputs(
  inputs: readonly ForeignValue[],
  columns: Readonly<Record<string, ColumnType>>,
  order: readonly string[] | undefined
): readonly FedInput[] {
  const fed = order === undefined ? byName(inputs, columns) : inOrder(inputs, columns, order);
  for (const { input, columns: names } of fed) for (const name of names) requireType(input, name, columns[name]!);
  return fed;
}

function byName(inputs: readonly ForeignValue[], columns: Readonly<Record<string, ColumnType>>): readonly FedInput[] {
  const unknown = inputs.filter(({ name }) => columns[name] === undefined);
  if (unknown.length > 0) {
    const takes = inputs.map((input) => `${input.name} ${shapeWords(input)}`).join(', ');
    const many = inputs.length === 1 ? (widthIn(inputs[0]!) ?? 'its') : 'their';
    throw new MlopsError(
      'MLOPS_MODEL_COLUMNS',
      'Inputs of the model have names that no column has.',
      { inputs: takes.slice(0, 500), columns: Object.keys(columns).join(', ').slice(0, 500) },
      `Name the columns in the order in which the model takes them: --columns, ${many} names with commas between.`
    );
  }
  return inputs.map((input) => {
    const width = widthIn(input);
    const own = widthOfColumn(columns[input.name]!);
    if (width !== undefined && width !== own) throw otherWidth(input, [input.name], own);
    return { input, columns: [input.name] };
  });
}

function inOrder(
  inputs: readonly ForeignValue[],
  columns: Readonly<Record<string, ColumnType>>,
  order: readonly string[]
): readonly FedInput[] {
  const unknown = order.filter((name) => columns[name] === undefined);
  if (unknown.length > 0)
    throw new MlopsError(
      'MLOPS_MODEL_COLUMNS',
      'Columns of the import are not columns that a model of this project may read.',
      { named: unknown.join(', ').slice(0, 500), columns: Object.keys(columns).join(', ').slice(0, 500) },
      'Name columns that source.columns declares, and neither the label nor what is known only later.'
    );
  const left = [...order];
  const fed = inputs.map((input, at) => {
    // One whose width isn't said takes what is there; where others follow it, one column.
    const width = widthIn(input) ?? (inputs.length === 1 ? undefined : 1);
    const names: string[] = [];
    for (let taken = 0; left.length > 0 && (width === undefined || taken < width); ) {
      const name = left.shift()!;
      names.push(name);
      taken += widthOfColumn(columns[name]!);
    }
    const found = names.reduce((sum, name) => sum + widthOfColumn(columns[name]!), 0);
    if (names.length === 0 || (width !== undefined && found !== width)) throw otherWidth(input, names, found);
    if (at === inputs.length - 1 && left.length > 0) throw otherWidth(input, [...names, ...left], found + left.length);
    return { input, columns: names };
  });
  return fed;
}

function otherWidth(input: ForeignValue, names: readonly string[], found: number): MlopsError {
  return new MlopsError(
    'MLOPS_MODEL_COLUMNS',
    'An input of the model has another width than the columns that feed it.',
    { input: input.name, takes: shapeWords(input), columns: names.join(', ').slice(0, 500), width: found },
    'Name as many columns as the model takes, in its order: --columns.'
  );
}

function requireType(input: ForeignValue, name: string, type: ColumnType): void {
  const kind = typeName(type);
  const { type: wanted } = input;
  const fits =
    kind === 'string' || kind === 'text'
      ? wanted === T.STRING
      : kind === 'timestamp'
        ? TIMES.has(wanted)
        : FLOATS.has(wanted) || WHOLE.has(wanted);
  if (fits) return;
  throw new MlopsError(
    'MLOPS_MODEL_COLUMNS',
    'An input of the model has a type that its column can not be cast to.',
    { input: input.name, takes: T[wanted] ?? String(wanted), column: name, type },
    'Declare the column with another type in source.columns, or export the model for this one.'
  );
}

/** Adds the nodes that make the foreign input of the columns' values, which have the forms of feature-graph.ts. */
export function feed(
  wrapper: Wrapper,
  { input, columns: names }: FedInput,
  columns: Readonly<Record<string, ColumnType>>
): void {
  const parts = names.map((name) => {
    const vector = widthOfVector(columns[name]!) !== undefined;
    const cast = input.type === T.STRING ? name : wrapper.cast(name, input.type, 'before');
    return vector ? cast : wrapper.reshape(cast, [-1, 1], 'before');
  });
  const beside = wrapper.concat(parts);
  const { dims } = input;
  const to = renamed(input.name);
  if (dims !== undefined && dims.length !== 1)
    wrapper.reshape(beside, [-1, ...dims.map((size) => size!)], 'before', to);
  else wrapper.name(beside, to, 'before');
}

/** Columns that the graph casts to whole numbers or truth values. */
export function wholeColumns(fed: readonly FedInput[]): readonly string[] {
  return [...new Set(fed.filter(({ input }) => WHOLE.has(input.type)).flatMap(({ columns }) => columns))];
}

function widthOfColumn(type: ColumnType): number {
  return widthOfVector(type) ?? 1;
}

/** Numbers of a row; undefined where the graph doesn't say. */
function widthIn({ name, dims }: ForeignValue): number | undefined {
  if (dims === undefined) return undefined;
  if (dims.length < 2) return dims.length === 0 ? 1 : dims[0];
  if (dims.every((size) => size !== undefined)) return dims.reduce((product, size) => product * size!, 1);
  throw new MlopsError(
    'MLOPS_MODEL_COLUMNS',
    'An input of the model has several sizes, and one beside the rows is free.',
    { input: name, shape: `[N, ${dims.map((size) => size ?? '?').join(', ')}]` },
    'Export it with fixed sizes but for the rows.'
  );
}

function shapeWords({ type, dims }: ForeignValue): string {
  const name = (T[type] ?? String(type)).toLowerCase();
  return dims === undefined ? name : `${name} [${['N', ...dims.map((size) => size ?? '?')].join(', ')}]`;
}
