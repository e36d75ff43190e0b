/**
 * The one door to code of the user's own. It runs in a child process of its own and never in the worker: what it throws,
 * leaves floating, prints or exits with is its failure alone. Known by name, and unchanged under its version.
 */
import { activityInfo } from '@temporalio/activity';
import type { RegisteredUse } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { codeId, projectOfWorkflow } from '../../domain/ids';
import type { CodeKind, RegisteredDescription } from '../../project/registry';
import { registerCode } from '../../stores/code';
import type { ActivityDeps } from '../deps';
import type { UsedCode } from './jobs/code';

/** What the worker's modules registered, read once when it started. */
export interface Registered {
  /** Absolute paths. */
  readonly modules: readonly string[];
  describe(): Promise<readonly RegisteredDescription[]>;
}

/** @throws MlopsError MLOPS_NOT_REGISTERED */
export async function registered(deps: ActivityDeps, kind: CodeKind, name: string): Promise<RegisteredDescription> {
  const found = (await deps.registered.describe()).find((one) => one.kind === kind && one.name === name);
  if (found !== undefined) return found;
  throw new MlopsError(
    'MLOPS_NOT_REGISTERED',
    `This worker has no ${kind} of that name.`,
    { [kind]: name },
    'Register it in a module of the MlopsPlugin, or correct the name.'
  );
}

/** A step's version: two teams' code of one name and version is distinguished by its source. */
export function codeVersion({ version, sourceDigest }: RegisteredDescription): string {
  return `registered ${version} ${sourceDigest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

/**
 * What a child needs to run this use, whose source is the one that this version first had in this project.
 * @throws MlopsError MLOPS_NOT_REGISTERED, MLOPS_CODE_CHANGED
 */
export async function usedCode(deps: ActivityDeps, kind: CodeKind, use: RegisteredUse): Promise<UsedCode> {
  const { name, version, sourceDigest } = await registered(deps, kind, use.registered);
  const project = projectOfWorkflow(activityInfo().workflowExecution?.workflowId ?? '');
  if (project !== undefined) await keepSource(deps, project, { kind, name, version, sourceDigest });
  return { modules: deps.registered.modules, kind, name, params: use.params, version, sourceDigest };
}

/** @throws MlopsError MLOPS_CODE_CHANGED: in this project the version had another source before */
export async function keepSource(deps: ActivityDeps, project: string, code: RegisteredDescription): Promise<void> {
  const id = codeId(project, code.kind, code.name, code.version);
  await registerCode(await deps.stores(), id, code.sourceDigest);
}

/** For a worker without modules. */
export const nothingRegistered: Registered = { modules: [], describe: () => Promise.resolve([]) };
