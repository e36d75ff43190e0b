/**
 * Where the servers are: environment variables, and what `scripts/stack.sh up` wrote, where that is asked for. Secrets are
 * only ever read here, never logged.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from './package-root';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The process's environment, over the stack's file: that of MLOPS_STACK_DIR; without it, and with no server's address set,
 * `.stack/env` of a clone of this repository in which the command runs. A file that merely lies in the working directory
 * decides nothing: in production it would be anybody's.
 */
export function readEnvironment(env: Environment = process.env, folder: string = process.cwd()): Environment {
  const given = withoutEmpty(env);
  const stack = given.MLOPS_STACK_DIR ?? (namesServer(given) || !isClone(folder) ? undefined : join(folder, '.stack'));
  return stack === undefined ? given : { ...parseEnvironmentFile(textOf(join(stack, 'env'))), ...given };
}

const SERVERS = /^(TEMPORAL_(ADDRESS|PROFILE|CONFIG_FILE)|MONGODB_URI|S3_ENDPOINT)$/;

function namesServer(env: Environment): boolean {
  return Object.keys(env).some((name) => SERVERS.test(name));
}

/** The folder that this very code runs from, and not one into which it was installed. */
function isClone(folder: string): boolean {
  const root = packageRoot();
  return resolve(folder) === root && existsSync(join(root, 'scripts', 'stack.sh'));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Lines of `KEY=value` or `export KEY='value'`, as a shell would source them. */
function parseEnvironmentFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^(?:export )?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim());
    if (match !== null) values[match[1] as string] = (match[2] as string).replace(/^(['"])(.*)\1$/, '$2');
  }
  return values;
}

function withoutEmpty(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => Boolean(pair[1])));
}
