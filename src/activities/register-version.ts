/** A cycle's model version: one for each cycle, made from records that belong together. */
import type { Cycle } from '../domain/ids';
import { cycleRecordId, versionCounter, versionLabel } from '../domain/ids';
import { MlopsError } from '../domain/errors';
import type { Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import { crashPoint } from '../runtime/crash-points';
import type { Stores } from '../stores/connect';
import { findCycle } from '../stores/cycles';
import { refOf } from '../stores/facts';
import { notAuthorized } from './caller';
import { definitionOf } from './definitions';
import { artifactNamed } from './step/inputs';

export interface RegisterVersion {
  readonly project: string;
  readonly cycle: Cycle;
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly run: Ref<'run'>;
}

/**
 * `_id` is the cycle's, so two attempts, and a retry of the cycle, make one version.
 * @throws MlopsError MLOPS_VERSION_CONFLICT: the cycle has a version of another run
 * @throws MlopsError MLOPS_NOT_AUTHORIZED: no open cycle goes by this definition, or the run was made from other data
 */
export async function registerVersion(stores: Stores, register: RegisterVersion): Promise<Fact<'version'>> {
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
  const { objective } = await definitionOf(stores, definition);
  const model = artifactNamed(run, 'model');
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
        tolerance: run.body.tolerance,
        decisionThreshold: objective.decisionThreshold,
      },
    },
    audit: {
      id: `version ${_id}`,
      project,
      what: 'version registered',
      by: 'temporal-mlops',
      detail: { version: versionLabel(project, number), model: model.digest, run: run._id },
    },
  }));
  crashPoint('version:registered');
  return ofRun(fact, run);
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
