/** Values of one input as they come in JSON: checked here, kept as they are for the record, made tensors for the graph. */
import { isDecimalOf } from '../domain/definition';
import type { ModelInput, RecordedInput } from '../domain/endpoint';
import type { MlopsError } from '../domain/errors';
import type { FeatureInput } from '../engines/features/fitted';
import { normalText } from '../engines/features/normal-text';
import { MISSING_TIMESTAMP } from '../engines/tables/columns';
import { float64, int64, strings, type Tensor } from '../engines/onnx/tensor';
import type { ServeLimits } from './limits';
import { invalid, tooLarge } from './request-fields';

/** As in a record of a prediction. */
export type InputValue = RecordedInput;

/** A NUL would cut the string at the native border, a lone surrogate would become another character there. */
const UNFIT_TEXT = /[\0\p{Surrogate}]/u;

/** The input's values, each fit for its datatype. */
export function checkedValues(input: ModelInput, data: readonly unknown[], limits: ServeLimits): readonly InputValue[] {
  for (let row = 0; row < data.length; row += 1) {
    const value = data[row];
    const problem =
      value === null
        ? missing(input)
        : input.width === undefined
          ? unfit(input, value)
          : unfitVector(input, value as readonly unknown[]);
    if (problem !== undefined) throw invalid(`Input ${input.name} ${problem}.`, { input: input.name, row });
    if (input.unit === 'us' && isCoarser(value, input)) throw coarser(input, row, value as number);
    if (typeof value === 'string' && value.length > limits.stringLength) {
      const where = { input: input.name, row, length: value.length, limit: limits.stringLength };
      throw tooLarge(`Input ${input.name} has a string that is too long.`, where);
    }
  }
  return data.map(kept);
}

/** Minus zero is zero, as in the rows of a snapshot. */
function kept(value: unknown): InputValue {
  if (Array.isArray(value)) return value.map((component: number) => component + 0);
  return value === 0 ? 0 : (value as InputValue);
}

function missing(input: ModelInput): string | undefined {
  return input.required === true ? 'may not be missing' : undefined;
}

const SECOND_US = 1_000_000;
const FEBRUARY_1970_US = 31 * 86_400 * SECOND_US;
/** 1971 in seconds. */
const YEAR_S = 365 * 86_400;

/**
 * Whether it must be milliseconds or seconds: as µs it lies in January 1970, where the training data have nothing, and in
 * another unit after 1970. Half a minute at the beginning of 1970 stays open.
 */
function isCoarser(value: unknown, { since }: ModelInput): boolean {
  if (typeof value !== 'number' || value < YEAR_S || value >= FEBRUARY_1970_US) return false;
  return since === undefined || Date.parse(since) * 1_000 >= FEBRUARY_1970_US;
}

function coarser(input: ModelInput, row: number, value: number): MlopsError {
  const unit = value >= 1_000 * YEAR_S ? 'milliseconds' : 'seconds';
  const factor = unit === 'seconds' ? '1,000,000' : '1,000';
  return invalid(
    `Input ${input.name} is in microseconds since 1970; ${value} looks like ${unit}.`,
    { input: input.name, row },
    `Multiply it by ${factor}.`
  );
}

/** Features are float32 inside the graph. */
const LARGEST = 3.4028234663852886e38;

function unfitVector(input: ModelInput, components: readonly unknown[]): string | undefined {
  if (components.includes(null)) return 'lacks some of its numbers';
  return components.map((component) => unfit(input, component)).find((problem) => problem !== undefined);
}

function unfit({ datatype, digits }: ModelInput, value: unknown): string | undefined {
  switch (datatype) {
    case 'INT64':
      return Number.isSafeInteger(value) ? undefined : 'is not an integer within ±2^53';
    case 'FP64':
    case 'FP32':
      if (!Number.isFinite(value)) return 'is not a finite number';
      if (digits !== undefined && !isDecimalOf(digits, value as number)) {
        return `has more digits than decimal(${digits.precision},${digits.scale})`;
      }
      return Math.abs(value as number) <= LARGEST ? undefined : 'is beyond ±3.4e38';
    case 'BOOL':
      return typeof value === 'boolean' ? undefined : 'is not true or false';
    case 'BYTES':
      if (typeof value !== 'string') return 'is not a string';
      return UNFIT_TEXT.test(value) ? 'has a NUL or half a character' : undefined;
  }
}

/** As the graph takes them, [rows]: times int64 µs, everything numeric float64, strings; vectors float64 [rows, width]. */
export function tensorOf({ type, width }: Omit<FeatureInput, 'column'>, values: readonly InputValue[]): Tensor {
  switch (type) {
    case 'timestamp': {
      const times = new BigInt64Array(values.length);
      for (let row = 0; row < times.length; row += 1) {
        const value = values[row];
        times[row] = value === null ? MISSING_TIMESTAMP : BigInt(value as number);
      }
      return int64(times);
    }
    case 'number': {
      const numbers = new Float64Array(values.length);
      for (let row = 0; row < numbers.length; row += 1)
        numbers[row] = values[row] === null ? Number.NaN : Number(values[row]);
      return float64(numbers);
    }
    case 'vector': {
      const numbers = new Float64Array(values.length * width!).fill(Number.NaN);
      values.forEach((value, row) => {
        if (value !== null) numbers.set(value as readonly number[], row * width!);
      });
      return float64(numbers, [values.length, width!]);
    }
    case 'string':
      return strings(values.map((value) => (value === null ? '' : String(value))));
    case 'text':
      return strings(values.map((value) => (value === null ? '' : normalText(String(value)))));
  }
}
