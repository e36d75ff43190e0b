/** A model of vectors: what a request may hold, and the same score at the endpoint as in a batch of a table. */
import type { FeatureDefinition } from '../../src/domain/definition';
import { modelInputs } from '../../src/domain/endpoint';
import { fitFeatures } from '../../src/engines/features/fit';
import { denseWidth, embeddingTables } from '../../src/engines/features/fitted';
import { inferenceGraph } from '../../src/engines/train/inference-graph';
import { initialParameters, parameterShapes } from '../../src/engines/train/network';
import { randomStream } from '../../src/engines/train/random';
import { scoreRows } from '../../src/engines/train/score-rows';
import { parseInferRequest } from '../../src/serve/infer-request';
import { DEFAULT_LIMITS } from '../../src/serve/limits';
import { loadModel } from '../../src/serve/loaded-model';
import { numberColumn, SILENT, table, vectorColumn } from '../engines/features/tables';
import { servedVersion } from './flights-model';

const WIDTH = 3;
const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'standardize', column: 'x' },
  { transform: 'components', column: 'face', scale: 'standardize' },
  { transform: 'isMissing', column: 'face' },
];
const INPUTS = modelInputs({
  features: FEATURES,
  source: { columns: { x: { type: 'number' }, face: { type: `vector(${WIDTH})` } } },
  schema: { columns: [] },
} as never);

test('an input says how wide it is', () => {
  expect(INPUTS).toEqual([
    { name: 'x', datatype: 'FP64' },
    { name: 'face', datatype: 'FP64', width: WIDTH },
  ]);
});

const request = (tensor: object, rows = 2, required = false) =>
  parseInferRequest(
    {
      inputs: [
        { name: 'x', shape: [rows], datatype: 'FP64', data: new Array<number>(rows).fill(1) },
        { name: 'face', datatype: 'FP64', ...tensor },
      ],
    },
    INPUTS.map((input) => ({ ...input, ...(required ? { required: true as const } : {}), optional: false })),
    DEFAULT_LIMITS,
    new Date(),
    'binary'
  ).columns.get('face');

test('a tensor [rows, width], flat or nested; a missing vector is null, or all its numbers are', () => {
  const two = [
    [1, 2, 3],
    [0.1, -2, 1e30],
  ];
  expect(request({ shape: [2, 3], data: two.flat() })).toEqual(two);
  expect(request({ shape: [2, 3], data: two })).toEqual(two);
  expect(request({ shape: [2, 3], datatype: 'FP32', data: two })).toEqual(two);
  expect(request({ shape: [2, 3], data: [null, two[0]] })).toEqual([null, two[0]]);
  expect(request({ shape: [2, 3], data: [null, null, null, 1, 2, 3] })).toEqual([null, two[0]]);
  expect(request({ shape: [2, 3], data: [null, null] })).toEqual([null, null]);
  expect(request({ shape: [1, 3], data: [null] }, 1)).toEqual([null]);
});

test('a vector of one number, flat and nested', () => {
  const parse = (data: readonly unknown[]) => {
    const body = { inputs: [{ name: 'one', shape: [2, 1], datatype: 'FP64', data }] };
    const input = { name: 'one', datatype: 'FP64', width: 1, optional: false } as const;
    return parseInferRequest(body, [input], DEFAULT_LIMITS, new Date(), 'binary').columns.get('one');
  };
  expect(parse([5, null])).toEqual([[5], null]);
  expect(parse([[5], null])).toEqual([[5], null]);
  expect(parse([[5], [null]])).toEqual([[5], null]);
});

test.each([
  ['another width', { shape: [2, 2], data: [1, 2, 3, 4] }, /shape that isn't \[rows, 3\]/],
  ['no width', { shape: [2], data: [1, 2] }, /shape that isn't \[rows, 3\]/],
  ['a number for each row', { shape: [2, 3], data: [1, 2] }, /doesn't fill its shape/],
  ['too few numbers', { shape: [2, 3], data: [1, 2, 3, 4, 5] }, /doesn't fill its shape/],
  [
    'rows of several lengths',
    {
      shape: [2, 3],
      data: [
        [1, 2],
        [3, 4, 5, 6],
      ],
    },
    /doesn't fill its shape/,
  ],
  ['a gap', { shape: [2, 3], data: [1, null, 3, 4, 5, 6] }, /lacks some of its numbers/],
  ['a text', { shape: [2, 3], data: [1, '2', 3, 4, 5, 6] }, /is not a finite number/],
  [
    'a deeper array',
    {
      shape: [2, 3],
      data: [
        [[1], 2, 3],
        [4, 5, 6],
      ],
    },
    /is not a finite number/,
  ],
  ['a number that no float holds', { shape: [2, 3], data: [1, 1e39, 3, 4, 5, 6] }, /is beyond/],
  ['texts', { shape: [2, 3], datatype: 'BYTES', data: [1, 2, 3, 4, 5, 6] }, /has datatype "BYTES"/],
])('%s is refused', (_, tensor, problem) => {
  expect(() => request(tensor)).toThrow(problem);
});

test('an array in the place of a number is refused, and so is a missing vector that the model needs', () => {
  const tensor = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
  const inputs = INPUTS.map((input) => ({ ...input, optional: false }));
  const body = {
    inputs: [
      { name: 'x', shape: [2], datatype: 'FP64', data: [[1, 2, 3], 1] },
      { name: 'face', datatype: 'FP64', ...tensor },
    ],
  };
  expect(() => parseInferRequest(body, inputs, DEFAULT_LIMITS, new Date(), 'binary')).toThrow(
    /Input x is not a finite number/
  );
  expect(() => request({ shape: [2, 3], data: [null, [1, 2, 3]] }, 2, true)).toThrow(/may not be missing/);
});

test('the same bits at the endpoint as in a batch, alone and beside others', async () => {
  const random = randomStream(3, 8, 0);
  const share = () => random() / 2 ** 32 - 0.5;
  const faces = Array.from({ length: 301 }, () => (share() < -0.4 ? null : [share(), 1e3 * share(), 1e-3 * share()]));
  const xs = faces.map(() => share());
  const rows = table({ x: numberColumn(xs), face: vectorColumn(WIDTH, faces) });
  const fitted = fitFeatures(rows, FEATURES);
  const shape = { dense: denseWidth(fitted), tables: embeddingTables(fitted), hidden: [16], outputs: 1 };
  const bytes = inferenceGraph(fitted, {
    shape,
    head: { task: 'binary' },
    parameters: initialParameters(parameterShapes(shape), 4),
  });
  const scores = await scoreRows(bytes, rows, {}, SILENT);
  expect(new Set(scores.values).size).toBeGreaterThan(200);
  const model = await loadModel({ ...servedVersion(1, bytes), inputs: INPUTS }, bytes);
  const columns = (from: number, to: number) =>
    new Map<string, readonly (number | readonly number[] | null)[]>([
      ['face', faces.slice(from, to)],
      ['x', xs.slice(from, to)],
    ]);
  expect(await model.score(columns(0, 301), 301)).toEqual(scores);
  // Of one turn of the event loop: they share a run.
  const alone = await Promise.all(faces.map((_, row) => model.score(columns(row, row + 1), 1)));
  expect(Float32Array.from(alone.map(({ values: [score] }) => score!))).toEqual(scores.values);
  await model.close();
});

test('a version that declares another width does not load', async () => {
  const rows = table({
    x: numberColumn([1, 2]),
    face: vectorColumn(2, [
      [1, 2],
      [3, 4],
    ]),
  });
  const fitted = fitFeatures(rows, FEATURES);
  const shape = { dense: denseWidth(fitted), tables: embeddingTables(fitted), hidden: [4], outputs: 1 };
  const bytes = inferenceGraph(fitted, {
    shape,
    head: { task: 'binary' },
    parameters: initialParameters(parameterShapes(shape), 4),
  });
  await expect(loadModel({ ...servedVersion(1, bytes), inputs: INPUTS }, bytes)).rejects.toThrow(
    /MLOPS_MODEL_INVALID.*face \(vector × 2\)/
  );
});
