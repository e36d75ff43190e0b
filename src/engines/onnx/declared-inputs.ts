/** Whether what a model's graph reads is what its version declares: requests bring nothing else. */
import type { ModelInput } from '../../domain/endpoint';
import { MlopsError } from '../../domain/errors';
import type { FeatureInput, InputType } from '../features/fitted';

/** @throws MlopsError MLOPS_MODEL_INVALID, which names every input that isn't declared or has another type */
export function requireDeclaredInputs(
  read: readonly FeatureInput[],
  declared: readonly Pick<ModelInput, 'name' | 'datatype' | 'width'>[]
): void {
  const unfit = read.filter(({ column, type, width }) => {
    const input = declared.find(({ name }) => name === column);
    return input === undefined || input.width !== width || !feeds(input.datatype, type);
  });
  if (unfit.length === 0) return;
  throw new MlopsError(
    'MLOPS_MODEL_INVALID',
    'The model reads inputs that its version does not declare.',
    {
      inputs: unfit.map(({ column, type, width }) => `${column} (${type}${of(width)})`).join(', '),
      declared: declared.map(({ name, datatype, width }) => `${name} (${datatype}${of(width)})`).join(', '),
    },
    'A version declares the columns that features read, or, where there are no features, those of source.columns but for the label’s: add a feature that reads the column, or train without it.'
  );
}

const of = (width: number | undefined) => (width === undefined ? '' : ` × ${width}`);

/** Whether a graph's input can be fed with this datatype. */
function feeds(datatype: ModelInput['datatype'], type: InputType): boolean {
  switch (datatype) {
    case 'INT64':
      return type === 'timestamp' || type === 'number';
    case 'FP64':
    case 'FP32':
      return type === 'number' || type === 'vector';
    case 'BOOL':
      return type === 'number';
    case 'BYTES':
      return type === 'string' || type === 'text';
  }
}
