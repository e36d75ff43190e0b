/** A version is made once more from its records: each step that made it runs again, and its bytes are compared. */
import { MlopsError } from '../domain/errors';
import { recordName, versionLabel } from '../domain/ids';
import { planOf } from '../domain/plan';
import type { Fact, VersionBody } from '../domain/records';
import type { ArtifactRef, FactKind, Ref } from '../domain/refs';
import type { MissingBytes, PlannedReproduction, ReproducedAs, ReproducedStep } from '../domain/reproduce';
import { digestOf } from '../runtime/digest';
import type { Stores } from '../stores/connect';
import { versionNumbered } from '../stores/versions';
import { callingWorkflow, requireProject } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { labelStep } from './label';
import { changedSince, runAgain } from './step/again';
import { forgetCheckpoint } from './step/checkpoints';
import type { Step } from './step/step';
import { importStep } from './import-model';
import { type FitParams, fitStep, type TrainParams, trainStep } from './train';

export interface Reproduce {
  readonly project: string;
  readonly version: number;
}

export interface ReproduceStep extends Reproduce {
  readonly step: ReproducedStep;
}

export function reproduceActivities(deps: ActivityDeps) {
  return {
    async mlopsPlanReproduction(reproduce: Reproduce): Promise<PlannedReproduction> {
      const stores = await deps.stores();
      const { body } = await versionOf(stores, reproduce);
      return { plan: planOf(await definitionOf(stores, body.definition)), searchAttributes: deps.searchAttributes };
    },

    /** Reads records and bytes alone; it writes nothing but checkpoints, and an audit event where the same step made other bytes. */
    async mlopsReproduceStep({ step, ...reproduce }: ReproduceStep): Promise<ReproducedAs> {
      const stores = await deps.stores();
      const { body } = await versionOf(stores, reproduce);
      switch (step) {
        case 'label':
          return again(deps, body, step, body.labelSet, (made) => labelStep(deps, made));
        case 'fit':
          return again(deps, body, step, body.features, (made, { step: recorded }) => {
            const { definition, snapshot, labelSet, asOf } = made;
            const { missing = 'replaced', features } = recorded!.params as FitParams;
            return fitStep(deps, {
              definition,
              snapshot,
              labelSet,
              asOf,
              missing,
              ...(features.length === 0 ? { features: 'none' } : {}),
            });
          });
        case 'train': {
          const { model } = await definitionOf(stores, body.definition);
          return again(deps, body, step, body.run, (made, { step: recorded, body: { imported } }) =>
            imported === undefined
              ? trainStep(deps, made, { model: 'study' in model ? (recorded!.params as TrainParams).model : model })
              : importStep(deps, made, imported)
          );
        }
      }
    },
  };
}

type Made = Pick<VersionBody, 'definition' | 'snapshot' | 'labelSet' | 'features'> & { readonly asOf: string };

async function again<K extends FactKind>(
  deps: ActivityDeps,
  version: VersionBody,
  step: ReproducedStep,
  ref: Ref<K>,
  stepOf: (made: Made, recorded: Fact<K>) => Promise<Step<K>>
): Promise<ReproducedAs> {
  const startedAt = Date.now();
  const stores = await deps.stores();
  const { definition, snapshot, labelSet, features, split } = version;
  const recorded = await stores.facts.get(ref);
  const again = await stepOf({ definition, snapshot, labelSet, features, asOf: split.knownBy }, recorded);
  const found = { step, record: recorded._id, changed: changedSince(recorded, again.request) };
  const gone = await missingBytes(stores, again.request.inputs);
  const seconds = () => Math.round((Date.now() - startedAt) / 100) / 10;
  if (gone.length > 0) {
    const { first, more } = listed(gone);
    return { ...found, outcome: 'gone', artifacts: [], gone: first, more, seconds: seconds() };
  }
  const { workflowId, runId } = callingWorkflow();
  const attempt = digestOf({ again: recorded._id, workflowId, runId });
  const { identical, artifacts } = await runAgain(deps, again, recorded, attempt);
  await forgetCheckpoint(stores, attempt);
  const outcome = identical ? 'identical' : 'differs';
  const { first, more } = listed(artifacts);
  return { ...found, outcome, artifacts: first, gone: [], more, seconds: seconds() };
}

/** A snapshot may have thousands of shards. */
const LISTED = 50;

const listed = <T>(all: readonly T[]) => ({ first: all.slice(0, LISTED), more: Math.max(0, all.length - LISTED) });

/** What of the records' bytes is not there; what is there stays while the step reads it. */
async function missingBytes(stores: Stores, inputs: readonly Ref[]): Promise<MissingBytes[]> {
  const missing: MissingBytes[] = [];
  for (const ref of inputs) {
    const fact = await stores.facts.get(ref);
    const needed = readBytes(fact);
    await stores.artifacts.renew(needed.map(({ digest }) => digest));
    const dead = await stores.artifacts.notLive(needed.map(({ digest }) => digest));
    for (const { name, digest } of needed)
      if (dead.has(digest) || !(await stores.artifacts.hasObject(digest)))
        missing.push({ record: recordName(fact.kind, fact._id), name, digest });
  }
  return missing;
}

/** Quarantined rows are an artifact of a snapshot that no step reads. */
function readBytes({ kind, body, artifacts }: Fact): readonly ArtifactRef[] {
  if (kind !== 'snapshot') return artifacts;
  const { shards, removed } = body as Fact<'snapshot'>['body'];
  const names = new Set([...shards, ...removed].map(({ name }) => name));
  return artifacts.filter(({ name }) => names.has(name));
}

/** For the project's own workflows alone: the server knows whose they are, so the arguments are names and never a query. */
async function versionOf(stores: Stores, { project, version: number }: Reproduce): Promise<Fact<'version'>> {
  requireProject(project);
  if (!Number.isSafeInteger(number)) throw noVersion(project, number);
  const version = await versionNumbered(stores, project, number);
  if (version === null) throw noVersion(project, number);
  return version;
}

function noVersion(project: string, number: number): MlopsError {
  return new MlopsError(
    'MLOPS_NOT_FOUND',
    'No version of this number is on record.',
    { version: versionLabel(project, number) },
    'mlops ls versions lists them.'
  );
}
