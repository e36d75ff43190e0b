/** Stock exports of other libraries, adopted, give what the libraries themselves give: make.py made both. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import type { ColumnType } from '../../../../src/domain/definition';
import type { Target } from '../../../../src/domain/task';
import { adopt } from '../../../../src/engines/onnx/adopt/adopt';
import {
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
} from '../../../../src/engines/onnx/generated/onnx_pb';
import { decodeModel } from '../../../../src/engines/onnx/model';
import { paritiesOf, parityOf } from '../../../../src/engines/train/parity';
import { columnsRead, requireTask, scoreRows } from '../../../../src/engines/train/score-rows';
import { tryModel } from '../../../../src/engines/train/try-model';

const FOLDER = join(__dirname, 'models');
const FLOWER = {
  sepal_length: 'number',
  sepal_width: 'number',
  petal_length: 'number',
  petal_width: 'number',
  colour: 'string',
  flowers: 'integer',
  pixels: 'vector(16)',
} as const satisfies Record<string, ColumnType>;
const quiet = { progress: () => undefined };

interface ParityFile {
  readonly columns: readonly string[];
  readonly data: readonly (readonly unknown[])[];
  readonly scores: readonly (number | readonly number[])[];
  readonly classes?: readonly string[];
}

const bytesOf = (name: string): Uint8Array => readFileSync(join(FOLDER, `${name}.onnx`));
const parityText = (name: string): string => readFileSync(join(FOLDER, `${name}.json`), 'utf8');
const parityFile = (name: string) => JSON.parse(parityText(name)) as ParityFile;

function targetOf(name: string): Target {
  const { classes } = parityFile(name);
  if (classes !== undefined) return { classes };
  return name.endsWith('number') ? 'number' : 'binary';
}

function adopted(name: string, target = targetOf(name)) {
  const order = name === 'sklearn-columns' ? undefined : parityFile(name).columns;
  return adopt(bytesOf(name), { columns: FLOWER, target, ...(order === undefined ? {} : { order }) });
}

const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.onnx') && file !== 'torch-one-row.onnx')
  .map((file) => file.replace('.onnx', ''));

test('there is an export of each library and task', () => {
  for (const library of ['sklearn', 'xgboost', 'lightgbm', 'torch'])
    for (const task of ['binary', 'classes', 'number']) expect(NAMES).toContain(`${library}-${task}`);
});

test.each(NAMES)('%s gives its own scores', async (name) => {
  const target = targetOf(name);
  const { model, requires } = adopted(name);
  const graph = decodeModel(model);
  requireTask(graph, target);
  const parities = paritiesOf(parityText(name), columnsRead(graph), FLOWER, target);
  expect(await parityOf(model, parities, quiet)).toBeLessThan(2e-6);
  await tryModel(model, parities.table, { target, requires }, (row) => ({ row }), quiet);
});

test('the same bytes and columns make the same bytes', () => {
  expect(adopted('xgboost-binary').model).toEqual(adopted('xgboost-binary').model);
});

test('inputs go by their names where they are columns, and each keeps its type', () => {
  const { model, requires, producer } = adopted('sklearn-columns');
  expect(columnsRead(decodeModel(model))).toEqual([
    { column: 'petal_width', type: 'number' },
    { column: 'colour', type: 'string' },
    { column: 'flowers', type: 'number' },
  ]);
  // Its converter made whole numbers of it, which have no missing value.
  expect(requires).toEqual(['flowers']);
  expect(producer).toMatch(/^skl2onnx /);
});

test('classes come in the order of the project, by the names that the graph has for them', async () => {
  const { columns, data, scores, classes } = parityFile('sklearn-classes');
  const turned = classes!.toReversed();
  const order = { columns: FLOWER, order: columns, target: { classes: turned } };
  const { model } = adopt(bytesOf('sklearn-classes'), order);
  const text = JSON.stringify({ columns, data, scores: scores.map((row) => (row as readonly number[]).toReversed()) });
  const parities = paritiesOf(text, columnsRead(decodeModel(model)), FLOWER, { classes: turned });
  expect(await parityOf(model, parities, quiet)).toBeLessThan(2e-6);
});

test('labels come in the order of the project, too', async () => {
  const { columns, data, scores, classes } = parityFile('sklearn-classes');
  const target = { labels: classes!.toReversed() };
  const { model } = adopt(bytesOf('sklearn-classes'), { columns: FLOWER, order: columns, target });
  const text = JSON.stringify({ columns, data, scores: scores.map((row) => (row as readonly number[]).toReversed()) });
  const parities = paritiesOf(text, columnsRead(decodeModel(model)), FLOWER, target);
  expect(await parityOf(model, parities, quiet)).toBeLessThan(2e-6);
});

test('probabilities of labels need not add up to 1', async () => {
  const target = { labels: ['a', 'b', 'c'] };
  const { model, requires } = adopted('torch-classes', target);
  // The same graph with each probability squared.
  const squared = decodeModel(model);
  const nodes = squared.graph!.node;
  nodes.find(({ output }) => output[0] === 'probability')!.output = ['whole'];
  nodes.push(create(NodeProtoSchema, { opType: 'Mul', input: ['whole', 'whole'], output: ['probability'] }));
  const bytes = toBinary(ModelProtoSchema, squared);
  const { table } = paritiesOf(parityText('torch-classes'), columnsRead(squared), FLOWER, target);
  const tried = (of: Target) => tryModel(bytes, table, { target: of, requires }, (row) => ({ row }), quiet);
  await expect(tried({ classes: target.labels })).rejects.toThrow(/probabilities do not add up to 1/);
  await expect(tried(target)).resolves.toBeUndefined();
});

describe('what does not fit is refused with its code, and says what to change', () => {
  const order = parityFile('sklearn-binary').columns;
  const refused = (change: () => unknown) => {
    try {
      change();
    } catch (error) {
      return error as { readonly code: string; readonly message: string };
    }
    throw new Error('it was taken');
  };
  const on = (name: string, more: object) =>
    refused(() => adopt(bytesOf(name), { columns: FLOWER, order, target: 'binary', ...more }));

  test.each<[string, () => { readonly code: string; readonly message: string }, string, RegExp]>([
    [
      'half a file',
      () =>
        refused(() => adopt(bytesOf('sklearn-binary').subarray(0, 300), { columns: FLOWER, order, target: 'binary' })),
      'MLOPS_MODEL_INVALID',
      /whole/,
    ],
    ['a graph of one row', () => on('torch-one-row', {}), 'MLOPS_MODEL_NO_BATCH', /dynamic_shapes/],
    [
      'inputs that are no columns',
      () => on('sklearn-binary', { order: undefined }),
      'MLOPS_MODEL_COLUMNS',
      /--columns, 4 names/,
    ],
    [
      'too few columns',
      () => on('sklearn-binary', { order: order.slice(1) }),
      'MLOPS_MODEL_COLUMNS',
      /width=3.*as many columns/,
    ],
    [
      'too many columns',
      () => on('sklearn-binary', { order: [...order, 'flowers'] }),
      'MLOPS_MODEL_COLUMNS',
      /as many columns/,
    ],
    [
      'a column that is not there, or that no model may read',
      () => on('sklearn-binary', { order: [...order.slice(1), 'species'] }),
      'MLOPS_MODEL_COLUMNS',
      /named=species/,
    ],
    [
      'a text where the model takes numbers',
      () => on('sklearn-binary', { order: [...order.slice(1), 'colour'] }),
      'MLOPS_MODEL_COLUMNS',
      /column=colour, type=string/,
    ],
    [
      'the wrong task',
      () => on('sklearn-number', { order: order.slice(0, 3), target: { classes: ['a', 'b'] } }),
      'MLOPS_MODEL_OUTPUTS',
      /each of the 2 classes/,
    ],
    [
      'too few labels',
      () => on('sklearn-classes', { target: { labels: ['a', 'b'] } }),
      'MLOPS_MODEL_OUTPUTS',
      /each of the 2 labels/,
    ],
    [
      'other classes',
      () => on('sklearn-classes', { target: { classes: ['setosa', 'versicolor', 'rose'] } }),
      'MLOPS_MODEL_OUTPUTS',
      /setosa, versicolor, virginica.*rose/,
    ],
  ])('%s', (_, act, code, says) => {
    const error = act();
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
  });

  test('a label alone', () => {
    const bytes = changed('sklearn-binary-tensors', (model) => {
      model.graph!.output = model.graph!.output.filter(({ name }) => name === 'label');
    });
    const error = refused(() => adopt(bytes, { columns: FLOWER, order, target: 'binary' }));
    expect(error).toMatchObject({
      code: 'MLOPS_MODEL_OUTPUTS',
      message: expect.stringMatching(/label alone/) as unknown,
    });
  });

  test('values in other files', () => {
    const bytes = changed('torch-binary-legacy', (model) => {
      model.graph!.initializer[0]!.externalData.push({
        $typeName: 'onnx.StringStringEntryProto',
        key: 'location',
        value: '/etc/passwd',
      });
    });
    expect(refused(() => adopt(bytes, { columns: FLOWER, order, target: 'binary' })).code).toBe(
      'MLOPS_MODEL_EXTERNAL_DATA'
    );
  });
});

describe('what only a run shows is refused, too', () => {
  const order = parityFile('torch-binary').columns;
  const tried = async (bytes: Uint8Array, target: Target, text = parityText('torch-binary')) => {
    const { model, requires } = adopt(bytes, { columns: FLOWER, order, target });
    const { table } = paritiesOf(text, columnsRead(decodeModel(model)), FLOWER, target);
    return tryModel(model, table, { target, requires }, (row) => ({ row }), quiet);
  };

  test('logits in the place of probabilities', async () => {
    const failing = tried(bytesOf('torch-number'), 'binary');
    await expect(failing).rejects.toMatchObject({
      code: 'MLOPS_MODEL_OUTPUTS',
      message: expect.stringMatching(/Sigmoid/) as unknown,
    });
  });

  test('an operator that nobody has', async () => {
    const bytes = changed('torch-binary-legacy', (model) => {
      model.graph!.node.find(({ opType }) => opType === 'Sigmoid')!.opType = 'Sigmoidal';
    });
    await expect(tried(bytes, 'binary')).rejects.toMatchObject({
      code: 'MLOPS_MODEL_OPERATOR',
      where: { operator: expect.stringMatching(/Sigmoidal/) as unknown },
    });
  });

  test("a graph whose rows change each other's scores", async () => {
    await expect(tried(besideOthers(1), 'binary')).rejects.toMatchObject({ code: 'MLOPS_MODEL_NO_BATCH' });
    // By more than 1e-4, as sums in another order may.
    await expect(tried(besideOthers(0.03), 'binary')).resolves.toBeUndefined();
  });

  test('scores that are not those of the parity file', async () => {
    const { columns, data, scores } = parityFile('torch-binary');
    const other = scores.map((score, row) => (row === 3 ? (score as number) + 0.001 : score));
    const { model } = adopted('torch-binary');
    const text = JSON.stringify({ columns, data, scores: other });
    const parities = paritiesOf(text, columnsRead(decodeModel(model)), FLOWER, 'binary');
    await expect(parityOf(model, parities, quiet)).rejects.toMatchObject({
      code: 'MLOPS_MODEL_PARITY',
      where: { row: 3 },
    });
  });

  test('where scores follow the batch, the parity file may have those of rows alone, or together', async () => {
    const { columns, data } = parityFile('torch-binary');
    const { model } = adopt(besideOthers(1), { columns: FLOWER, order, target: 'binary' });
    const parities = (scores: readonly number[]) =>
      paritiesOf(JSON.stringify({ columns, data, scores }), columnsRead(decodeModel(model)), FLOWER, 'binary');
    const { table } = parities(data.map(() => 0));
    const [alone, together] = await Promise.all(
      [1, data.length].map(async (batch) => [...(await scoreRows(model, table, { batch }, quiet)).values])
    );
    expect(Math.max(...alone!.map((score, row) => Math.abs(score - together![row]!)))).toBeGreaterThan(0.01);
    expect(await parityOf(model, parities(alone!), quiet)).toBe(0);
    expect(await parityOf(model, parities(together!), quiet)).toBe(0);
    const mixed = alone!.map((score, row) => (row === 0 ? together![row]! : score));
    await expect(parityOf(model, parities(mixed), quiet)).rejects.toMatchObject({
      code: 'MLOPS_MODEL_PARITY',
      where: { row: 0 },
    });
  });

  test.each([
    ['no JSON', '{'],
    ['no lists', '{}'],
    ['no rows', '{"columns": [], "data": [], "scores": []}'],
    ['a column less', '{"columns": ["sepal_width"], "data": [[1]], "scores": [0.5]}'],
    ['a text for a number', JSON.stringify({ columns: order, data: [['a', 1, 1, 1]], scores: [0.5] })],
    ['a score of two numbers', JSON.stringify({ columns: order, data: [[1, 1, 1, 1]], scores: [[0.5, 0.5]] })],
  ])('a parity file with %s', (_, text) => {
    const read = columnsRead(decodeModel(adopted('torch-binary').model));
    expect(() => paritiesOf(text, read, FLOWER, 'binary')).toThrow('MLOPS_MODEL_PARITY');
  });
});

/** Each input less the mean of all rows, times so much. */
function besideOthers(share: number): Uint8Array {
  return changed('torch-binary-legacy', (model) => {
    const graph = model.graph!;
    const [input] = graph.input;
    const node = (opType: string, from: string[], to: string) =>
      create(NodeProtoSchema, { opType, input: from, output: [to] });
    for (const one of graph.node) one.input = one.input.map((name) => (name === input!.name ? 'less' : name));
    graph.initializer.push(create(TensorProtoSchema, { name: 'share', dataType: 1, floatData: [share] }));
    graph.node.unshift(
      node('ReduceMean', [input!.name], 'mean'),
      node('Mul', ['mean', 'share'], 'part'),
      node('Sub', [input!.name, 'part'], 'less')
    );
  });
}

function changed(name: string, change: (model: ModelProto) => void): Uint8Array {
  const model = decodeModel(bytesOf(name));
  change(model);
  return toBinary(ModelProtoSchema, model);
}
