/** Inputs as a person writes them, `name=value`, as tensors of one row. */
import type { ModelInput } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import { isWhen } from '../domain/operator-messages';

/** An input as the endpoint describes it: [-1], or [-1, width] for a vector. */
export type DescribedInput = Pick<ModelInput, 'name' | 'datatype'> & { readonly shape: readonly number[] };

type Value = string | number | boolean | null;

export interface InputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: ModelInput['datatype'];
  readonly data: readonly (Value | readonly unknown[])[];
}

const UNKNOWN: Omit<DescribedInput, 'name'> = { datatype: 'BYTES', shape: [-1] };

/** @throws MlopsError MLOPS_USAGE: a value that is not of its input's type */
export function inputsOf(
  values: readonly (readonly [name: string, text: string])[],
  described: readonly DescribedInput[]
): InputTensor[] {
  return values.map(([name, text]) => {
    // An input that the model doesn't have is refused by the endpoint, which names those that it has.
    const { datatype, shape } = described.find((input) => input.name === name) ?? UNKNOWN;
    const width = shape[1];
    if (width !== undefined) return { name, shape: [1, width], datatype, data: [vectorOf(name, text)] };
    return { name, shape: [1], datatype, data: [valueOf(name, text, datatype)] };
  });
}

/** @throws MlopsError MLOPS_USAGE */
export function splitInput(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new MlopsError('MLOPS_USAGE', `--input ${text} has no value.`, {}, 'Write --input name=value.');
}

/** A JSON array. */
function vectorOf(name: string, text: string): readonly unknown[] | null {
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Refused below, as every other text that is not an array.
  }
  const fix = `Write --input ${name}='[0.1, 0.2, …]'.`;
  throw new MlopsError('MLOPS_USAGE', `--input ${name} is not an array of numbers.`, {}, fix);
}

/** Nothing after the `=` is a missing value. */
function valueOf(name: string, text: string, datatype: ModelInput['datatype']): Value {
  if (text === '') return null;
  if (datatype === 'BYTES') return text;
  if (datatype === 'BOOL' && (text === 'true' || text === 'false')) return text === 'true';
  // Times are microseconds since 1970 in UTC.
  if (datatype === 'INT64' && isWhen(text)) return Date.parse(text) * 1000;
  const number = Number(text);
  if (datatype !== 'BOOL' && text.trim() !== '' && Number.isFinite(number)) return number;
  throw new MlopsError('MLOPS_USAGE', `--input ${name}=${text} is not ${datatype}.`, {}, 'Send what the model takes.');
}
