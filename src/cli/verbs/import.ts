/** A model's bytes into the artifact store, and the message that has a cycle adopt them. What can be told here is told before. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ProjectDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { IMPORT_BYTES, type ImportedModel, type StoredBytes } from '../../domain/imported-model';
import type { ImportMessage } from '../../domain/messages';
import { readableColumns } from '../../domain/readable-columns';
import { targetOf, taskOf } from '../../domain/task';
import type { MlflowSignature } from '../../engines/onnx/adopt/mlflow-signature';
import { noLifecycle } from '../../runtime/project-errors';
import { withLimits } from '../../runtime/with-limits';
import { storeConfig } from '../../stores/config';
import { connectStores, type Stores } from '../../stores/connect';
import { definitionInForce } from '../../stores/definitions';
import { withClient } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { limitOption, projectName, senderOf, when, withSender, withTaskQueue } from '../options';
import { addVerb, answering, type Outcome } from '../verb';

interface ImportOptions extends OperateOptions {
  readonly asOf: string;
  readonly columns?: readonly string[];
  readonly parity?: string;
  readonly supersede?: true;
  readonly limit: Readonly<Record<string, number>>;
}

export function addImport(program: Command): void {
  const command = addVerb(
    program,
    'import',
    'import iris model.onnx --columns sepal_length,petal_length --as-of 2026-01-01 --by ana'
  )
    .argument('<project>', 'name of the project', projectName)
    .argument('<model>', 'the ONNX file, or a folder that MLflow saved it in')
    .requiredOption('--as-of <when>', 'event time up to which the data are known that it is evaluated on', when)
    .option(
      '--columns <names>',
      'columns that fill its inputs, in its order; default: inputs have names of columns',
      names
    )
    .option('--parity <file>', 'JSON of rows and the scores that its own framework gives them: {columns, data, scores}')
    .option('--supersede', 'close an open approval request in favour of the new cycle')
    .addOption(limitOption('importBytes=2e9'))
    .action(answering(importModel));
  withTaskQueue(withSender(command));
}

const names = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

interface ModelFile {
  readonly path: string;
  /** For people. */
  readonly file: string;
  readonly signature?: MlflowSignature;
}

async function modelFile(given: string): Promise<ModelFile> {
  const info = await stat(given).catch(() => undefined);
  if (info?.isDirectory() !== true) return { path: given, file: basename(given) };
  const { readMlflowFolder } = await import('../mlflow-folder.js');
  const { data, ...model } = await readMlflowFolder(given);
  return { ...model, file: join(basename(resolve(given)), data) };
}

async function importModel(project: string, given: string, options: ImportOptions): Promise<Outcome> {
  const { importBytes } = withLimits({ importBytes: IMPORT_BYTES }, options.limit);
  const found = await modelFile(given);
  const { path, file } = found;
  await requireSize(path, importBytes);
  if (options.parity !== undefined) await requireSize(options.parity, importBytes);
  const { asOf, columns, parity, supersede } = options;
  const model = await withStores(async (stores) => {
    const definition = await definitionOf(stores, project);
    await check(found, definition, columns);
    return {
      model: await put(stores, 'imported', path),
      file,
      ...(columns === undefined ? {} : { columns }),
      ...(parity === undefined ? {} : { parity: await put(stores, 'parity', parity) }),
    } satisfies ImportedModel;
  });
  const message: ImportMessage = { ...senderOf(options), asOf, model, ...(supersede ? { supersede } : {}) };
  return withClient(options, async (client) => answered(project, message, await client.importModel(project, message)));
}

/** Before a byte is read. @throws MlopsError MLOPS_NOT_FOUND, MLOPS_MODEL_TOO_LARGE */
async function requireSize(path: string, limit: number): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true)
    throw new MlopsError(
      'MLOPS_NOT_FOUND',
      'The path names no file.',
      { path },
      'Name an ONNX file, or a folder that MLflow saved one in.'
    );
  if (info.size <= limit) return;
  throw new MlopsError(
    'MLOPS_MODEL_TOO_LARGE',
    'A file of the import is too large.',
    { path, bytes: info.size, limit },
    'Export a smaller model, or raise the limit here and at the workers: --limit importBytes=2e9.'
  );
}

/** The cycle checks it again, and what only a run of the model shows. */
async function check(
  { path, signature }: ModelFile,
  definition: ProjectDefinition,
  order: readonly string[] | undefined
): Promise<void> {
  const { adopt } = await import('../../engines/onnx/adopt/adopt.js');
  const bytes = await readFile(path);
  if (signature !== undefined) {
    const { requireSignature } = await import('../../engines/onnx/adopt/mlflow-signature.js');
    requireSignature(bytes, signature);
  }
  adopt(bytes, {
    columns: readableColumns(definition),
    target: targetOf(taskOf(definition.objective)),
    ...(order === undefined ? {} : { order }),
  });
}

async function definitionOf(stores: Stores, project: string): Promise<ProjectDefinition> {
  const inForce = await definitionInForce(stores, project);
  if (inForce === null) throw noLifecycle(project, new Error('no definition is in force'));
  return (await stores.facts.get(inForce.definition)).body.definition;
}

async function put(stores: Stores, name: string, path: string): Promise<StoredBytes> {
  const { digest, bytes } = await stores.artifacts.put({ name, path, mediaType: 'application/octet-stream' });
  return { digest, bytes };
}

async function withStores<T>(use: (stores: Stores) => Promise<T>): Promise<T> {
  const stores = await connectStores(storeConfig());
  try {
    return await use(stores);
  } finally {
    await stores.close();
  }
}
