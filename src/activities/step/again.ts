/** A recorded step runs once more, beside its record: nothing is looked up, stored or committed. */
import { stat } from 'node:fs/promises';
import { digestOf, digestOfFile } from '../../runtime/digest';
import type { Fact } from '../../domain/records';
import type { ArtifactRef, Digest, FactKind } from '../../domain/refs';
import type { ChangedSince, OtherBytes } from '../../domain/reproduce';
import { factDigest } from '../../stores/fact-digest';
import type { ActivityDeps } from '../deps';
import { inAttemptFolder } from './attempt-folder';
import { reportNotReproducible, type Step, type StepFile, type StepRequest, stepKey } from './step';

export interface Again {
  readonly identical: boolean;
  readonly artifacts: readonly OtherBytes[];
}

/**
 * @param attempt names this run's checkpoints, so that they never meet those of the step itself
 * @throws whatever the step throws
 */
export async function runAgain<K extends FactKind>(
  deps: ActivityDeps,
  { request, run }: Step<K>,
  recorded: Fact<K>,
  attempt: Digest
): Promise<Again> {
  const stores = await deps.stores();
  return inAttemptFolder(deps.workFolder, attempt.slice(7, 19), async (folder) => {
    const outcome = await run({ key: attempt, stores, folder });
    const made = await Promise.all(outcome.files.map(artifactOf));
    const body = outcome.body(new Map(made.map((artifact) => [artifact.name, artifact])));
    const { name, params } = request;
    const digest = factDigest(request.kind, { body, step: { params }, artifacts: made });
    const key = stepKey(request);
    if (digest !== recorded.digest && key === recorded._id)
      await reportNotReproducible(stores, name, key, recorded.digest, digest);
    return { identical: digest === recorded.digest, artifacts: otherBytes(recorded.artifacts, made) };
  });
}

async function artifactOf({ name, path, mediaType }: StepFile): Promise<ArtifactRef> {
  return { name, digest: await digestOfFile(path), bytes: (await stat(path)).size, mediaType };
}

function otherBytes(recorded: readonly ArtifactRef[], made: readonly ArtifactRef[]): OtherBytes[] {
  const [before, now] = [recorded, made].map((all) => new Map(all.map(({ name, digest }) => [name, digest])));
  return [...new Set([...before!.keys(), ...now!.keys()])].flatMap((name) => {
    const [was, is] = [before!.get(name), now!.get(name)];
    if (was === is) return [];
    return [{ name, ...(was === undefined ? {} : { recorded: was }), ...(is === undefined ? {} : { made: is }) }];
  });
}

/** What is not as it was when the record was made: with any of these, other bytes are no surprise. */
export function changedSince({ step }: Pick<Fact, 'step'>, request: StepRequest<FactKind>): ChangedSince[] {
  const was: Readonly<Record<string, string>> = {
    code: step?.version ?? '',
    parameters: digestOf(step?.params ?? null),
    ...step?.environment,
  };
  const now: Readonly<Record<string, string>> = {
    code: request.version,
    parameters: digestOf(request.params),
    ...request.environment,
  };
  return [...new Set([...Object.keys(was), ...Object.keys(now)])].flatMap((what) => {
    const [recorded, is] = [was[what] ?? 'none', now[what] ?? 'none'];
    return recorded === is ? [] : [{ what, recorded, now: is }];
  });
}
