/** A cycle's model version: one for each cycle, made from records that belong together. */
import { isDeepStrictEqual } from 'node:util';
import type { Cycle } from '../domain/ids';
import { cycleRecordId, versionCounter, versionLabel } from '../domain/ids';
import { MlopsError } from '../domain/errors';
import type { CycleDocument, Fact, Origin } from '../domain/records';
import type { ArtifactRef, Ref } from '../domain/refs';
import { taskOf } from '../domain/task';
import { decodeModel } from '../engines/onnx/model';
import { signatureOf } from '../engines/train/signature';
import { crashPoint } from '../runtime/crash-points';
import type { Stores } from '../stores/connect';
import { findCycle } from '../stores/cycles';
import { refOf } from '../stores/facts';
import { requireAsAsked } from './as-asked';
import { notAuthorized } from './caller';
import { definitionOf } from './definitions';
import { artifactNamed } from './step/inputs';
import { winnerOf } from './study-records';

export interface RegisterVersion {
  readonly project: string;
  readonly cycle: Cycle;
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly run: Ref<'run'>;
  /** Of a study: the phase's attempt that chose the run. */
  readonly attempt?: string;
}

/**
 * `_id` is the cycle's, so two attempts, and a retry of the cycle, make one version.
 * @param bytesOf an artifact
 * @throws MlopsError MLOPS_VERSION_CONFLICT: the cycle has a version of another run
 * @throws MlopsError MLOPS_NOT_AUTHORIZED: no open cycle goes by this definition, a record is not what it asks for as of
 *   the cycle's moment, the run was made from other data, or is of another model than the cycle imports
 */
export async function registerVersion(
  stores: Stores,
  register: RegisterVersion,
  bytesOf: (artifact: ArtifactRef) => Promise<Uint8Array>
): Promise<Fact<'version'>> {
  const { project, cycle, definition, snapshot, labelSet, features } = register;
  const _id = cycleRecordId(project, cycle);
  const run = await stores.facts.get(register.run);
  const there = await stores.facts.find('version', _id);
  if (there !== null) return ofRun(there, run);
  const opened = await findCycle(stores, _id);
  if (opened === null || opened.state === 'finished' || !same(opened.definition, definition))
    throw notAuthorized('No open cycle of this number goes by this definition.', { cycle: _id });
  const madeFrom = [snapshot, labelSet, features];
  if (run.inputs.length !== madeFrom.length || !madeFrom.every((ref, index) => same(run.inputs[index], ref)))
    throw notAuthorized('The run was made from other data than the version names.', { cycle: _id, run: run._id });
  for (const { kind, id, digest } of madeFrom)
    if ((await stores.facts.findHead(kind, id, []))?.digest !== digest)
      throw notAuthorized('The version names a record that is not there.', { cycle: _id, kind, id });
  const origin = originOf(opened, run);
  const defined = await definitionOf(stores, definition);
  await requireAsAsked(stores, defined, opened.asOf, { snapshot, labelSet, features, run, origin });
  if (origin.kind === 'run' && 'study' in defined.model) await requireWinner(stores, register, opened.asOf);
  const model = artifactNamed(run, 'model');
  const { tolerance, imported } = run.body;
  const requires = imported?.requires ?? [];
  const signature = signatureOf(decodeModel(await bytesOf(model)), defined, { tolerance, requires });
  const { fact } = await stores.facts.commitNumbered<'version'>(versionCounter(project), (number) => ({
    fact: {
      _id,
      kind: 'version',
      digest: model.digest,
      inputs: [refOf(run), features, snapshot, labelSet, definition],
      artifacts: [model],
      body: {
        project,
        number,
        cycle,
        run: refOf(run),
        features,
        snapshot,
        labelSet,
        definition,
        model,
        split: run.body.split,
        trainRows: run.body.rows,
        unlabelledRows: run.body.unlabelled,
        tolerance,
        task: taskOf(defined.objective),
        origin,
        signature,
      },
    },
    audit: {
      id: `version ${_id}`,
      project,
      what: 'version registered',
      by: 'temporal-mlops',
      detail: {
        version: versionLabel(project, number),
        model: model.digest,
        run: run._id,
        ...(origin.kind === 'import' ? { imported: origin } : {}),
      },
    },
  }));
  crashPoint('version:registered');
  return ofRun(fact, run);
}

/** By the records of the study's trials: another model of its design is another choice. */
async function requireWinner(stores: Stores, register: RegisterVersion, asOf: string): Promise<void> {
  const { attempt = '', run, ...study } = register;
  const winner = await winnerOf(stores, { ...study, asOf, attempt });
  if (!same(winner.run, run))
    throw notAuthorized('The run is not the one that the study chose.', { run: run.id, chosen: winner.run.id });
}

/** A cycle that imports a model registers that one, and every other cycle one that was trained. */
function originOf({ _id, imports, causes }: CycleDocument, run: Fact<'run'>): Origin {
  const { imported } = run.body;
  const digest = imported?.model.digest;
  const asked = (one: typeof imports | typeof imported) => [one?.model.digest, one?.parity?.digest, one?.columns];
  if (!isDeepStrictEqual(asked(imported), asked(imports)))
    throw notAuthorized('The run is of another model than the cycle’s.', { cycle: _id, run: run._id });
  if (imports === undefined || digest === undefined) return { kind: 'run' };
  return { kind: 'import', file: imports.file, digest, by: causes[0]?.by ?? 'unknown' };
}

/** Another attempt's version is this one's only if it is of the same run. */
function ofRun(version: Fact<'version'>, run: Fact<'run'>): Fact<'version'> {
  if (version.body.run.digest === run.digest) return version;
  throw new MlopsError(
    'MLOPS_VERSION_CONFLICT',
    'The cycle has a version of another run.',
    { version: version._id, kept: version.body.run.id, trained: run._id },
    'Skip the cycle and retrain: the next one has a version of its own.'
  );
}

/** By content: a step is keyed by its inputs' digests, so that a run may have been made for a record of another id. */
function same(one: Ref | undefined, other: Ref): boolean {
  return one?.kind === other.kind && one.digest === other.digest;
}
