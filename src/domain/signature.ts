/** What a version takes and gives, read from its graph when it is registered: endpoint, validation and clients go by it. */
import type { ModelInput } from './endpoint';

export interface SignatureInput extends ModelInput {
  /** The source's column that it is fed from. */
  readonly column: string;
  /** −1: rows. */
  readonly shape: readonly number[];
}

export interface SignatureOutput {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT64' | 'BYTES';
  readonly shape: readonly number[];
}

export interface ModelSignature {
  readonly inputs: readonly SignatureInput[];
  readonly outputs: readonly SignatureOutput[];
  /** `tolerance`: with operators whose result may depend on the batch, scores are equal within rounding. */
  readonly determinism: 'exact' | 'tolerance';
}

export function inputNames({ inputs }: ModelSignature): readonly string[] {
  return inputs.map(({ name }) => name);
}

/** As endpoints have it, in whose records inputs are known by their names. */
export function modelInputOf({ name, datatype, required, unit, digits, width }: SignatureInput): ModelInput {
  return {
    name,
    datatype,
    ...(required === undefined ? {} : { required }),
    ...(unit === undefined ? {} : { unit }),
    ...(digits === undefined ? {} : { digits }),
    ...(width === undefined ? {} : { width }),
  };
}
