/** A model that MLflow has saved: a folder whose file MLmodel names the ONNX file, by the flavor `onnx`. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { parse } from 'yaml';
import { MlopsError } from '../domain/errors';
import type { MlflowSignature } from '../engines/onnx/adopt/mlflow-signature';

const MLMODEL = 'MLmodel';
const MOST_BYTES = 1 << 20;

export interface MlflowModel {
  /** The ONNX file, links followed. */
  readonly path: string;
  /** As MLmodel names it. */
  readonly data: string;
  readonly signature?: MlflowSignature;
}

/** @throws MlopsError MLOPS_MODEL_FOLDER: not such a folder, without the flavor `onnx`, or one that names a file outside itself */
export async function readMlflowFolder(folder: string): Promise<MlflowModel> {
  const file = await within(folder, MLMODEL);
  if ((await stat(file)).size > MOST_BYTES)
    throw unfit(folder, 'The file MLmodel of the MLflow folder is larger than 1 MiB.');
  const { flavors, signature } = fieldsOf(await parsed(folder, await readFile(file, 'utf8')));
  const flavor = fieldsOf(flavors)['onnx'];
  if (flavor === undefined) throw withoutOnnx(folder, Object.keys(fieldsOf(flavors)));
  const { data } = fieldsOf(flavor);
  if (typeof data !== 'string' || data === '')
    throw unfit(folder, 'The flavor onnx of the MLflow folder names no data file.');
  const path = await within(folder, data);
  return { path, data, ...(signature === undefined || signature === null ? {} : { signature: fieldsOf(signature) }) };
}

async function parsed(folder: string, text: string): Promise<unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw unfit(folder, 'The file MLmodel of the MLflow folder is not YAML.', {
      mistake: (error as Error).message.slice(0, 300),
    });
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** A file of the folder: whatever links it goes by, its bytes lie there. */
async function within(folder: string, name: string): Promise<string> {
  const path = await realpath(join(folder, name)).catch(() => undefined);
  const outside = (to: string) => isAbsolute(to) || to.split(/[\\/]/)[0] === '..';
  const leaves = isAbsolute(name) || outside(relative('.', name));
  if (!leaves && (path === undefined || !(await stat(path)).isFile()))
    throw unfit(folder, `The folder has no file ${name.slice(0, 200)}.`);
  if (!leaves && !outside(relative(await realpath(folder), path!))) return path!;
  throw new MlopsError(
    'MLOPS_MODEL_FOLDER',
    'The MLflow folder names a file outside itself.',
    { folder, file: name.slice(0, 500) },
    'Save the model again with mlflow.onnx.save_model, and import that folder as it is.'
  );
}

function withoutOnnx(folder: string, flavors: readonly string[]): MlopsError {
  return new MlopsError(
    'MLOPS_MODEL_FOLDER',
    'The MLflow folder has no ONNX model.',
    { folder, flavors: flavors.join(', ').slice(0, 500) || 'none' },
    'Convert the model to ONNX (skl2onnx, onnxmltools, torch.onnx.export), and save it with mlflow.onnx.save_model.'
  );
}

function unfit(folder: string, what: string, more: Readonly<Record<string, string>> = {}): MlopsError {
  const fix = 'Name a folder as mlflow.onnx.save_model writes it, or an ONNX file.';
  return new MlopsError('MLOPS_MODEL_FOLDER', what, { folder, ...more }, fix);
}
