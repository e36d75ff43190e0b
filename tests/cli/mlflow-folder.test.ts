/** Folders that MLflow saved (tests/engines/onnx/adopt/make_mlflow.py), and others that look like one. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMlflowFolder } from '../../src/cli/mlflow-folder';
import { decodeModel } from '../../src/engines/onnx/model';
import { requireSignature } from '../../src/engines/onnx/adopt/mlflow-signature';
import { modelFile, mlflowFolder } from '../support/iris';

const SAVED = mlflowFolder('mlflow-classes');
let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlflow-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The saved folder with another MLmodel. */
function changed(mlmodel: string): string {
  const copy = join(folder, `copy-${(count += 1)}`);
  cpSync(SAVED, copy, { recursive: true });
  writeFileSync(join(copy, 'MLmodel'), mlmodel);
  return copy;
}
const onnx = (data: string) => `flavors:\n  onnx:\n    data: ${data}\n`;
const refused = (message: RegExp) => ({
  code: 'MLOPS_MODEL_FOLDER',
  message: expect.stringMatching(message) as unknown,
});

test('a folder that MLflow saved names its ONNX file and its signature, which is its graph’s', async () => {
  const { path, data, signature } = await readMlflowFolder(SAVED);
  expect(data).toBe('model.onnx');
  const bytes = readFileSync(path);
  expect(decodeModel(bytes).producerName).toBe('skl2onnx');
  expect(JSON.parse(signature!.inputs!)).toEqual([
    { type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 4] } },
  ]);
  expect(() => requireSignature(bytes, signature!)).not.toThrow();
});

test.each([
  ['above', onnx('../above.onnx')],
  ['above and back', onnx(`../copy-1/../above.onnx`)],
  ['by its whole path', onnx('/etc/hosts')],
])('a file outside it is not read: %s', async (_what, mlmodel) => {
  writeFileSync(join(folder, 'above.onnx'), '');
  await expect(readMlflowFolder(changed(mlmodel))).rejects.toMatchObject(refused(/names a file outside itself/));
});

test('nor by links, of the file or of a folder on its way; a link within the folder is followed', async () => {
  writeFileSync(join(folder, 'above.onnx'), '');
  const link = changed(onnx('link.onnx'));
  symlinkSync(join(folder, 'above.onnx'), join(link, 'link.onnx'));
  await expect(readMlflowFolder(link)).rejects.toMatchObject(refused(/names a file outside itself/));
  const way = changed(onnx('way/above.onnx'));
  symlinkSync(folder, join(way, 'way'));
  await expect(readMlflowFolder(way)).rejects.toMatchObject(refused(/names a file outside itself/));
  const inside = changed(onnx('inside.onnx'));
  symlinkSync('model.onnx', join(inside, 'inside.onnx'));
  expect((await readMlflowFolder(inside)).data).toBe('inside.onnx');
});

test.each([
  [
    'no flavor onnx',
    'flavors:\n  sklearn: {pickled_model: model.pkl}\n',
    /has no ONNX model.*flavors=sklearn.*Convert/,
  ],
  ['no flavors', 'mlflow_version: 3.0.0\n', /has no ONNX model.*flavors=none/],
  ['no data', 'flavors: {onnx: {}}\n', /names no data file/],
  ['a file that is not there', onnx('other.onnx'), /has no file other.onnx/],
  ['no YAML', 'flavors: [', /is not YAML/],
  ['a list', '- a\n', /has no ONNX model/],
])('what is wrong is said: %s', async (_what, mlmodel, message) => {
  await expect(readMlflowFolder(changed(mlmodel))).rejects.toMatchObject(refused(message));
});

test('a folder without MLmodel', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await expect(readMlflowFolder(empty)).rejects.toMatchObject(refused(/has no file MLmodel.*mlflow.onnx.save_model/));
});

const tensor = (spec: object, more: object = {}) => ({ type: 'tensor', 'tensor-spec': spec, ...more });
const FLOATS = { dtype: 'float32', shape: [-1, 4] };
const COLUMNS = ['a', 'b', 'c', 'd'].map((name) => ({ type: 'double', name, required: true }));

test.each([
  ['its tensor', [tensor(FLOATS)], true],
  ['of any size', [tensor({ ...FLOATS, shape: [-1, -1] })], true],
  ['another size', [tensor({ ...FLOATS, shape: [-1, 5] })], false],
  ['another type', [tensor({ ...FLOATS, dtype: 'int64' })], false],
  ['another name', [tensor(FLOATS, { name: 'other' })], false],
  ['two', [tensor(FLOATS), tensor(FLOATS)], false],
  ['anything', [{ type: 'any', required: true }], true],
  ['as many columns', COLUMNS, true],
  ['fewer columns', COLUMNS.slice(1), false],
])('a signature is held against the graph: %s', (_what, inputs, fits) => {
  const bytes = readFileSync(modelFile('sklearn-classes'));
  let why = 'it fits';
  try {
    requireSignature(bytes, { inputs: JSON.stringify(inputs) });
  } catch (error) {
    why = (error as Error).message;
  }
  expect(why).toMatch(fits ? /^it fits$/ : /signature of the MLflow folder is of another model/);
});

test('of outputs the names, and a signature that can’t be read is refused', () => {
  const bytes = readFileSync(modelFile('sklearn-classes'));
  const named = JSON.stringify([tensor({ dtype: 'float32', shape: [-1, 3] }, { name: 'nothing' })]);
  expect(() => requireSignature(bytes, { outputs: named })).toThrow(/is of another model/);
  expect(() => requireSignature(bytes, { inputs: 'half [' })).toThrow(/can not be read/);
});
