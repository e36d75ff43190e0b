/** The one door to code of the user's own: known by name, unchanged under its version, and what it throws is told as its own. */
import { cancellationSignal } from '@temporalio/activity';
import { errorCodeOf, MlopsError } from '../../domain/errors';
import { type CodeKind, describeRegistered, type RegisteredByKind } from '../../project/registry';
import type { ActivityDeps } from '../deps';

const GROUPS = {
  reader: 'readers',
  labeler: 'labelers',
  trainer: 'trainers',
  metric: 'metrics',
  notifier: 'notifiers',
} as const;

/** @throws MlopsError MLOPS_NOT_REGISTERED */
export function registered<K extends CodeKind>(deps: ActivityDeps, kind: K, name: string): RegisteredByKind[K] {
  const group = deps.registered[GROUPS[kind]] as Readonly<Record<string, RegisteredByKind[K]>>;
  if (Object.hasOwn(group, name)) return group[name]!;
  throw new MlopsError(
    'MLOPS_NOT_REGISTERED',
    `This worker knows no such ${kind}.`,
    { [kind]: name },
    'Register it in the MlopsPlugin of the worker.'
  );
}

/**
 * Runs `use` of registered code whose source is the one that this version first had, on whatever worker.
 * @throws MlopsError MLOPS_CODE_CHANGED; MLOPS_USER_CODE_FAILED for what the code throws, unless that has a code of the
 * catalogue; a cancellation as it is
 */
export async function runUserCode<T>(
  deps: ActivityDeps,
  kind: CodeKind,
  name: string,
  use: () => T | Promise<T>
): Promise<T> {
  await requireUnchanged(deps, kind, name);
  return asUserCode(deps, kind, name, use);
}

/** The same, where the code was checked before and is called again. */
export async function asUserCode<T>(
  deps: ActivityDeps,
  kind: CodeKind,
  name: string,
  use: () => T | Promise<T>
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (errorCodeOf(error) !== undefined || cancellationSignal().aborted) throw error;
    throw new MlopsError(
      'MLOPS_USER_CODE_FAILED',
      `The ${kind} failed: ${error instanceof Error ? error.message : String(error)}.`,
      { [kind]: name, version: registered(deps, kind, name).version },
      'Mend it, give it a new version, and retry.',
      { cause: error }
    );
  }
}

async function requireUnchanged(deps: ActivityDeps, kind: CodeKind, name: string): Promise<void> {
  const code = describeRegistered(deps.registered).find((one) => one.kind === kind && one.name === name);
  if (code === undefined) return void registered(deps, kind, name);
  const { moving } = await deps.stores();
  await moving.registerCode(`${kind}/${name}/${code.version}`, code.sourceDigest);
}
