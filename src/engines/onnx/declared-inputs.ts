/** Whether what a model's graph reads is what its version declares: requests bring nothing else. */
import type { ModelInput } from '../../domain/endpoint';
import { MlopsError } from '../../domain/errors';
import type { FeatureInput, InputType } from '../features/fitted';

/** @throws MlopsError MLOPS_MODEL_INVALID, which names every input that isn't declared or has another type */
export function requireDeclaredInputs(
  read: readonly FeatureInput[],
  declared: readonly Pick<ModelInput, 'name' | 'datatype'>[]
): void {
  const unfit = read.filter(({ column, type }) => {
    const input = declared.find(({ name }) => name === column);
    return input === undefined || !feeds(input.datatype, type);
  });
  if (unfit.length === 0) return;
  throw new MlopsError(
    'MLOPS_MODEL_INVALID',
    'The model reads inputs that its version does not declare.',
    {
      inputs: unfit.map(({ column, type }) => `${column} (${type})`).join(', '),
      declared: declared.map(({ name, datatype }) => `${name} (${datatype})`).join(', '),
    },
    'A version declares the columns that features read: add a feature that reads the column, or train without it.'
  );
}

/** Whether a graph's input can be fed with this datatype. */
function feeds(datatype: ModelInput['datatype'], type: InputType): boolean {
  switch (datatype) {
    case 'INT64':
      return type === 'timestamp' || type === 'number';
    case 'FP64':
    case 'FP32':
    case 'BOOL':
      return type === 'number';
    case 'BYTES':
      return type === 'string';
  }
}
