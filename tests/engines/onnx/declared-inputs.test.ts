import { requireDeclaredInputs } from '../../../src/engines/onnx/declared-inputs';

const declared = [
  { name: 'at', datatype: 'INT64' },
  { name: 'celsius', datatype: 'FP64' },
  { name: 'site', datatype: 'BYTES' },
] as const;

test('a model may read what its version declares, and less', () => {
  expect(() =>
    requireDeclaredInputs(
      [
        { column: 'at', type: 'timestamp' },
        { column: 'celsius', type: 'number' },
      ],
      declared
    )
  ).not.toThrow();
});

test('every input that is not declared, or has another type, is named', () => {
  expect(() =>
    requireDeclaredInputs(
      [
        { column: 'at', type: 'timestamp' },
        { column: 'secret', type: 'number' },
        { column: 'site', type: 'number' },
      ],
      declared
    )
  ).toThrow(/MLOPS_MODEL_INVALID.*inputs=secret \(number\), site \(number\), declared=at \(INT64\).*add a feature/);
});
