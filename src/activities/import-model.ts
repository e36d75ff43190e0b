/** A model that was made elsewhere: adopted, tried, and kept as what a training would have made. */
import { MlopsError } from '../domain/errors';
import { type Cycle, cycleRecordId, lifecycleId, phaseId } from '../domain/ids';
import { digestsOfImport, type ImportedModel, type StoredBytes } from '../domain/imported-model';
import type { ArtifactRef, Ref } from '../domain/refs';
import { readableColumns } from '../domain/readable-columns';
import { partOf, splitAt } from '../domain/split';
import { targetOf, taskOf } from '../domain/task';
import type { ImportJobInput, ImportJobOutput } from '../engines/train/import-job';
import type { Stores } from '../stores/connect';
import { findCycle } from '../stores/cycles';
import { notAuthorized } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { requireChild } from './history';
import { localCopies } from './step/artifact-cache';
import { numericEnvironment, runWithHeartbeat, stepFiles } from './step/compute-job';
import { labelledRequest } from './step/inputs';
import { runStep, type Step } from './step/step';
import { stepVersion } from './step/step-version';
import type { TrainOn } from './train';

export interface ImportModel extends TrainOn {
  readonly project: string;
  readonly cycle: Cycle;
}

export function importActivities(deps: ActivityDeps) {
  return {
    /** Which model, the cycle's document says: it was opened for a message that its lifecycle's history shows. */
    async mlopsImportModel({ project, cycle, ...on }: ImportModel): Promise<Ref<'run'>> {
      await requireChild(phaseId(project, cycle, 'train'), lifecycleId(project));
      const id = cycleRecordId(project, cycle);
      const imports = (await findCycle(await deps.stores(), id))?.imports;
      if (imports === undefined) throw notAuthorized('This cycle imports no model.', { cycle: id });
      const { request, run } = await importStep(deps, on, imports);
      return runStep(deps, request, run);
    },
  };
}

export async function importStep(
  deps: ActivityDeps,
  { definition, snapshot, labelSet, features, asOf }: TrainOn,
  imports: Omit<ImportedModel, 'file'>
): Promise<Step<'run'>> {
  const stores = await deps.stores();
  const defined = await definitionOf(stores, definition);
  const split = splitAt(defined, asOf);
  const task = targetOf(taskOf(defined.objective));
  const readable = readableColumns(defined);
  const { minTrainRows } = defined.split;
  const { model, columns, parity } = imports;
  const request = {
    kind: 'run',
    name: 'import',
    version: stepVersion('importModel'),
    params: { split, task, readable, columns: columns ?? null, minTrainRows },
    inputs: [snapshot, labelSet, features],
    reads: digestsOfImport(imports),
    environment: numericEnvironment(),
  } as const;
  const run: Step<'run'>['run'] = async ({ folder }) => {
    const imported = await storedFile(deps, stores, 'imported', model);
    const beside = parity === undefined ? undefined : await storedFile(deps, stores, 'parity', parity);
    const files = [imported, ...(beside === undefined ? [] : [beside])];
    const [path, parityPath] = await localCopies(deps, stores, files);
    const [data, labels] = await Promise.all([stores.facts.get(snapshot), stores.facts.get(labelSet)]);
    const input: ImportJobInput = {
      ...(await labelledRequest(deps, stores, data, labels, partOf(split, 'train'))),
      model: path as string,
      ...(parityPath === undefined ? {} : { parity: parityPath }),
      ...(columns === undefined ? {} : { order: columns }),
      readable,
      task,
      minRows: minTrainRows,
    };
    const output = await runWithHeartbeat<ImportJobInput, ImportJobOutput>(deps, 'importModel', input, { folder });
    const { producer, requires, parityDifference } = output;
    return {
      files: stepFiles(folder, output.files),
      refersTo: files,
      body: (artifacts) => ({
        trainer: 'import',
        parameters: { producer, ...(columns === undefined ? {} : { columns }) },
        split,
        rows: output.rows,
        unlabelled: output.unlabelled,
        epochs: [],
        model: artifacts.get('model')!.digest,
        baseline: output.baseline,
        tolerance: output.tolerance,
        numerics: 'exact',
        imported: {
          model: { digest: imported.digest, bytes: imported.bytes },
          ...(columns === undefined ? {} : { columns }),
          ...(beside === undefined ? {} : { parity: { digest: beside.digest, bytes: beside.bytes } }),
          producer,
          requires,
          ...(parityDifference === undefined ? {} : { parityDifference }),
        },
      }),
    };
  };
  return { request, run };
}

/** As the store has it: how large it is, no message decides. */
async function storedFile(
  deps: ActivityDeps,
  stores: Stores,
  name: string,
  { digest }: StoredBytes
): Promise<ArtifactRef> {
  const document = await stores.artifacts.find(digest);
  if (document === null)
    throw new MlopsError(
      'MLOPS_ARTIFACT_CORRUPT',
      'A file of the import is not in the object store.',
      { file: name, digest },
      'Import it again: `mlops import` stores it first.'
    );
  await stores.artifacts.requireNotTaken([digest]);
  const limit = deps.limits.importBytes;
  if (document.bytes > limit)
    throw new MlopsError(
      'MLOPS_MODEL_TOO_LARGE',
      'A file of the import is too large.',
      { file: name, bytes: document.bytes, limit },
      'Raise the worker’s limit importBytes, or export a smaller model.'
    );
  return { name, digest, bytes: document.bytes, mediaType: 'application/octet-stream' };
}
