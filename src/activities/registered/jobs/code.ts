/** Registered code inside the child that runs it: imported by its module's path, checked against what the worker read. */
import { ERRORS, errorCodeOf, MlopsError } from '../../../domain/errors';
import type { Digest } from '../../../domain/refs';
import { type CodeKind, describeRegistered, type RegisteredByKind, registeredAs } from '../../../project/registry';
import { loadModules } from './load-modules';

/** One use of registered code, as the worker hands it to the child. */
export interface UsedCode {
  readonly modules: readonly string[];
  readonly kind: CodeKind;
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What the worker read when it started. */
  readonly version: string;
  readonly sourceDigest: Digest;
}

/**
 * @throws MlopsError MLOPS_USER_CODE_FAILED: its module can't be imported; MLOPS_CODE_CHANGED: the module was changed
 * after the worker had read it
 */
export async function codeOf<K extends CodeKind>(kind: K, used: UsedCode): Promise<RegisteredByKind[K]> {
  const registered = await asUsers(used, () => loadModules(used.modules));
  const found = describeRegistered(registered).find((one) => one.kind === kind && one.name === used.name);
  const code = registeredAs(registered, kind, used.name);
  if (code === undefined || found?.version !== used.version || found.sourceDigest !== used.sourceDigest) {
    throw new MlopsError(
      'MLOPS_CODE_CHANGED',
      'A module of registered code was changed after the worker read it.',
      { [kind]: used.name, version: used.version, found: found?.version ?? 'none' },
      'Give changed code a new version and start the worker again.'
    );
  }
  return code;
}

/** What one message of user code may take up in a failure. */
const LONGEST = 500;

/**
 * Runs the user's function. What it throws is MLOPS_USER_CODE_FAILED, and not tried again; an error with a code of ours
 * that is tried again (MLOPS_STORE_UNAVAILABLE) stays what it is.
 */
export async function asUsers<T>(
  used: Pick<UsedCode, 'kind' | 'name' | 'version'>,
  use: () => T | Promise<T>
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    throw userCodeFailed(error, used);
  }
}

function userCodeFailed(
  error: unknown,
  { kind, name, version }: Pick<UsedCode, 'kind' | 'name' | 'version'>
): MlopsError {
  const where = { [kind]: name, version };
  const said = cut(error instanceof Error ? error.message : String(error));
  const code = errorCodeOf(error);
  if (code !== undefined && ERRORS[code] === 'retry')
    return new MlopsError(code, said.replace(`${code}: `, ''), where, '');
  return new MlopsError(
    'MLOPS_USER_CODE_FAILED',
    `The ${kind} failed: ${said}${/[.!?]$/.test(said) ? '' : '.'}`,
    where,
    'Fix it, give it a new version, start the worker again, and retry.'
  );
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
