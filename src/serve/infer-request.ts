/**
 * A request of the Open Inference Protocol, V2, REST and JSON:
 * {id?, parameters?: {eventTime, key, synthetic}, inputs: [{name, shape, datatype, data}], outputs?: [{name}]}.
 */
import type { ModelInput } from '../domain/endpoint';
import type { MlopsError } from '../domain/errors';
import { CLIENT_ID } from '../domain/ids';
import { type Output, TASKS, type TaskKind } from '../domain/task';
import { checkedValues, type InputValue } from './input-values';
import type { ServeLimits } from './limits';
import type { RequestInput } from './request-inputs';
import { invalid, isObject, type JsonObject, excerptOf, timeOf, tooLarge } from './request-fields';

export interface InferRequest {
  readonly id?: string;
  readonly eventTime: Date;
  /** The client gave the event time; else it is that of receipt. */
  readonly timed: boolean;
  readonly key?: string;
  readonly synthetic: boolean;
  readonly rows: number;
  /** Input name → values [rows], sorted by name. */
  readonly columns: ReadonlyMap<string, readonly InputValue[]>;
  /** The outputs that were asked for. */
  readonly outputs: readonly Output[];
}

const MAX_KEY = 512;

/**
 * @param inputs what the served models take, sorted by name
 * @param task the served models'
 * @throws MlopsError MLOPS_REQUEST_INVALID, naming the field; MLOPS_REQUEST_TOO_LARGE
 */
export function parseInferRequest(
  body: unknown,
  inputs: readonly RequestInput[],
  limits: ServeLimits,
  receivedAt: Date,
  task: TaskKind
): InferRequest {
  if (!isObject(body)) throw invalid('The body is not a JSON object.', {});
  const parameters = body.parameters ?? {};
  if (!isObject(parameters)) throw invalid('parameters is not an object.', { field: 'parameters' });
  if (parameters.binary_data_output === true) throw binary('parameters.binary_data_output');
  const { rows, columns } = parseInputs(body.inputs, inputs, limits);
  return {
    ...idOf(body.id),
    eventTime: timeOf(parameters.eventTime, 'parameters.eventTime', receivedAt),
    timed: (parameters.eventTime ?? undefined) !== undefined,
    ...keyOf(parameters.key),
    synthetic: syntheticOf(parameters.synthetic),
    rows,
    columns,
    outputs: outputsOf(body.outputs, TASKS[task].outputs),
  };
}

function parseInputs(given: unknown, inputs: readonly RequestInput[], limits: ServeLimits) {
  if (!Array.isArray(given)) throw invalid('inputs is not an array.', { field: 'inputs' });
  const known = new Set(inputs.map(({ name }) => name));
  const byName = new Map<string, JsonObject>();
  for (const [position, input] of given.entries()) {
    const name = isObject(input) ? input.name : undefined;
    if (typeof name !== 'string') throw invalid(`inputs[${position}] has no name.`, { field: `inputs[${position}]` });
    if (byName.has(name)) throw invalid(`Input ${excerptOf(name)} is there twice.`, { input: excerptOf(name) });
    if (!known.has(name)) {
      const where = { input: excerptOf(name) };
      throw invalid(`The model has no input ${excerptOf(name)}.`, where, `It takes ${[...known].join(', ')}.`);
    }
    byName.set(name, input as JsonObject);
  }
  const columns = new Map<string, readonly InputValue[]>();
  let rows: number | undefined;
  for (const input of inputs) {
    const tensor = byName.get(input.name);
    if (tensor === undefined) {
      if (input.optional) continue;
      throw invalid(
        `Input ${input.name} is missing.`,
        { input: input.name, datatype: input.datatype },
        input.required === true ? 'Send it.' : 'Send it; null in its data is a missing value.'
      );
    }
    const values = checkedValues(input, dataOf(tensor, input, limits), limits);
    rows ??= values.length;
    if (values.length !== rows) {
      throw invalid(`Input ${input.name} has another number of rows.`, {
        input: input.name,
        rows: values.length,
        others: rows,
      });
    }
    columns.set(input.name, values);
  }
  if (rows === undefined) throw invalid('inputs is empty.', { field: 'inputs' });
  return { rows, columns };
}

/**
 * The values of a tensor [rows] or [rows, 1], of vectors [rows, width]; its data may be nested as its shape says. A vector all of
 * whose numbers are null is missing, and so is a row that is null.
 */
function dataOf(tensor: JsonObject, { name, datatype, width }: RequestInput, limits: ServeLimits): readonly unknown[] {
  const { shape, data } = tensor;
  if (tensor.datatype !== datatype && !widens(tensor.datatype, datatype)) {
    throw invalid(`Input ${name} has datatype ${excerptOf(tensor.datatype)}.`, { input: name }, `Send ${datatype}.`);
  }
  if (data === undefined && isObject(tensor.parameters) && 'binary_data_size' in tensor.parameters) {
    throw binary(`input ${name}`);
  }
  const rows = rowsOf(shape, width);
  if (!Number.isSafeInteger(rows) || (rows as number) < 1) {
    const shapes = width === undefined ? '[rows] or [rows, 1]' : `[rows, ${width}]`;
    throw invalid(`Input ${name} has a shape that isn't ${shapes}.`, { input: name, field: 'shape' });
  }
  if ((rows as number) > limits.rows) {
    throw tooLarge(`Input ${name} has too many rows.`, { input: name, rows: rows as number, limit: limits.rows });
  }
  if (!Array.isArray(data)) throw invalid(`Input ${name} has no data.`, { input: name, field: 'data' });
  // Of vectors that are all missing no row is an array, but there are as many as rows.
  const nested =
    (shape as unknown[]).length === 2 &&
    (data.some((row) => Array.isArray(row)) || (width !== undefined && data.length === rows));
  const flat: readonly unknown[] = nested ? data.flatMap((row: unknown) => rowOf(row, width)) : data;
  const fills = width === undefined || !nested || data.every((row) => rowOf(row, width).length === width);
  if (!fills || flat.length !== (rows as number) * (width ?? 1)) {
    throw invalid(`Input ${name} has data that doesn't fill its shape.`, {
      input: name,
      shape: width === undefined ? `[${rows as number}]` : `[${rows as number}, ${width}]`,
      found: flat.length,
    });
  }
  return width === undefined ? flat : vectorsOf(flat, rows as number, width);
}

function rowsOf(shape: unknown, width: number | undefined): unknown {
  if (!Array.isArray(shape)) return undefined;
  if (width === undefined) return shape.length === 1 || (shape.length === 2 && shape[1] === 1) ? shape[0] : undefined;
  return shape.length === 2 && shape[1] === width ? shape[0] : undefined;
}

function rowOf(row: unknown, width: number | undefined): readonly unknown[] {
  if (row === null && width !== undefined) return new Array<null>(width).fill(null);
  return Array.isArray(row) ? row : [row];
}

function vectorsOf(flat: readonly unknown[], rows: number, width: number): readonly unknown[] {
  return Array.from({ length: rows }, (_, row) => {
    const components = flat.slice(row * width, (row + 1) * width);
    return components.every((component) => component === null) ? null : components;
  });
}

const INTEGERS: readonly unknown[] = ['INT8', 'INT16', 'INT32', 'UINT8', 'UINT16', 'UINT32'];

/** Whether every number of the one datatype is one of the other. */
function widens(from: unknown, to: ModelInput['datatype']): boolean {
  switch (to) {
    case 'INT64':
      return INTEGERS.includes(from);
    case 'FP64':
      return from === 'FP32' || from === 'FP16' || INTEGERS.includes(from);
    case 'FP32':
      return from === 'FP16';
    case 'BOOL':
    case 'BYTES':
      return false;
  }
}

function binary(field: string): MlopsError {
  return invalid('Binary tensor data is not taken.', { field }, 'Send and expect JSON: numbers and strings in `data`.');
}

function idOf(id: unknown): { id?: string } {
  if (id === undefined || id === null) return {};
  if (typeof id === 'string' && CLIENT_ID.test(id)) return { id };
  throw invalid(
    'id is not an id.',
    { field: 'id' },
    'Send at most 128 letters, digits or ._:- and begin with a letter or digit.'
  );
}

function keyOf(key: unknown): { key?: string } {
  if (key === undefined || key === null) return {};
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY) return { key };
  throw invalid(
    'parameters.key is not a key.',
    { field: 'parameters.key' },
    `Send a string of 1 to ${MAX_KEY} characters.`
  );
}

function syntheticOf(synthetic: unknown): boolean {
  if (synthetic === undefined || synthetic === null) return false;
  if (typeof synthetic === 'boolean') return synthetic;
  throw invalid('parameters.synthetic is not true or false.', { field: 'parameters.synthetic' });
}

function outputsOf(outputs: unknown, all: readonly Output[]): readonly Output[] {
  if (outputs === undefined || outputs === null) return all;
  if (!Array.isArray(outputs)) throw invalid('outputs is not an array.', { field: 'outputs' });
  if (outputs.length > all.length) throw invalid('outputs has more than the model has.', { field: 'outputs' });
  return outputs.map((output: unknown) => {
    const name = isObject(output) ? output.name : undefined;
    const known = all.find((each) => each.name === name);
    if (known !== undefined) return known;
    const names = all.map((each) => each.name).join(', ');
    throw invalid(`The model has no output ${excerptOf(name)}.`, { field: 'outputs' }, `It has ${names}.`);
  });
}
