/**
 * The one door for activities that make a fact. A step is keyed by what it reads; if its record is there and its
 * artifacts live, that is the answer; else it runs and commits. From this come at-least-once activities with
 * exactly-once effects, reuse, resume, lineage and reproduction.
 */
import { crashPoint } from '../../runtime/crash-points';
import { STEPS_CHAIN } from '../../domain/ids';
import { digestOf } from '../../runtime/digest';
import type { FactBodies, LineageEdge, NumericEnvironment } from '../../domain/records';
import type { ArtifactRef, Digest, FactKind, Ref } from '../../domain/refs';
import { type Stores } from '../../stores/connect';
import { factDigest } from '../../stores/fact-digest';
import { refOf } from '../../stores/facts';
import { inAttemptFolder } from './attempt-folder';
import type { ActivityDeps } from '../deps';
import { keepCopy } from './artifact-cache';
import { costing } from './cost';

export interface StepRequest<K extends FactKind> {
  readonly kind: K;
  readonly name: string;
  /** Our steps: the digest of their built files; registered code: the version that it declares. */
  readonly version: string;
  readonly params: unknown;
  readonly inputs: readonly Ref[];
  /** Digests that are read but have no record, such as a source's files. */
  readonly reads?: readonly Digest[];
  /** Set for steps whose bits depend on the machine. */
  readonly environment?: NumericEnvironment;
}

export interface StepFile {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
}

export interface StepOutcome<K extends FactKind> {
  readonly files: readonly StepFile[];
  /** The record's body, once its files have become artifacts. */
  readonly body: (artifacts: ReadonlyMap<string, ArtifactRef>) => FactBodies[K];
  /** Artifacts of earlier steps that the record refers to. */
  readonly refersTo?: readonly ArtifactRef[];
  readonly edges?: readonly Omit<LineageEdge, '_id' | 'v'>[];
}

/** A step before it runs: what it is keyed by, and its work. */
export interface Step<K extends FactKind> {
  readonly request: StepRequest<K>;
  readonly run: (attempt: Attempt) => Promise<StepOutcome<K>>;
}

export interface Attempt {
  readonly key: Digest;
  readonly stores: Stores;
  /** This attempt's own folder; gone afterwards. */
  readonly folder: string;
}

export function stepKey(request: StepRequest<FactKind>): Digest {
  return digestOf({
    name: request.name,
    version: request.version,
    params: request.params,
    inputs: request.inputs.map((input) => [input.kind, input.digest]),
    reads: request.reads ?? [],
    environment: request.environment ?? null,
  });
}

/** The step's ref: of its record, whoever made it and when. */
export async function runStep<K extends FactKind>(
  deps: ActivityDeps,
  request: StepRequest<K>,
  run: Step<K>['run']
): Promise<Ref<K>> {
  const stores = await deps.stores();
  const key = stepKey(request);
  const made = await stores.facts.find(request.kind, key);
  if (made !== null && (await stores.artifacts.renew(made.artifacts.map((artifact) => artifact.digest))))
    return refOf(made);
  crashPoint('step:looked-up');

  const startedAt = Date.now();
  return costing((cost) =>
    inAttemptFolder(deps.workFolder, key.slice(7, 19), async (folder) => {
      const outcome = await run({ key, stores, folder });
      crashPoint('step:computed');
      const artifacts = new Map<string, ArtifactRef>();
      for (const file of outcome.files) {
        const artifact = await stores.artifacts.put(file);
        artifacts.set(file.name, artifact);
        await keepCopy(deps, file.path, artifact);
      }
      crashPoint('step:artifacts-put');
      const body = outcome.body(artifacts);
      const { name, version, params, environment } = request;
      const step = { name, version, params, ...(environment === undefined ? {} : { environment }) };
      const written = [...artifacts.values()];
      const digest = factDigest(request.kind, { body, step, artifacts: written });
      const inherited = outcome.refersTo ?? [];
      const { fact, won } = await stores.facts.commit(
        {
          _id: key,
          kind: request.kind,
          digest,
          step,
          inputs: request.inputs,
          artifacts: [...written, ...inherited],
          body,
        },
        {
          startedAt,
          cost: cost(written.reduce((sum, { bytes }) => sum + bytes, 0)),
          inherited: inherited.map((artifact) => artifact.digest),
          ...(outcome.edges === undefined ? {} : { edges: outcome.edges }),
        }
      );
      crashPoint('step:committed');
      if (!won && fact.digest !== digest) await reportNotReproducible(stores, request.name, key, fact.digest, digest);
      if (!won) await requireBytes(stores, fact.artifacts);
      return refOf(fact);
    })
  );
}

/** A record whose bytes housekeeping took is an answer again once they have come again; other bytes don't make it one. */
async function requireBytes(stores: Stores, artifacts: readonly ArtifactRef[]): Promise<void> {
  const digests = artifacts.map(({ digest }) => digest);
  if (!(await stores.artifacts.renew(digests))) await stores.artifacts.requireNotTaken(digests);
}

/** The winner's record stands; that a second attempt made other bytes must not stay unseen. */
export async function reportNotReproducible(
  stores: Stores,
  step: string,
  key: Digest,
  kept: Digest,
  other: Digest
): Promise<void> {
  await stores.audit.record({
    id: `not-reproducible ${key} ${other}`,
    project: STEPS_CHAIN,
    what: 'MLOPS_STEP_NOT_REPRODUCIBLE',
    by: 'temporal-mlops',
    detail: { step, key, kept, other },
  });
}
