/**
 * Where the servers are: environment variables, else what `scripts/stack.sh up` wrote to `.stack/env` in the
 * working directory. Secrets are only ever read here, never logged.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment over the stack's file. */
export function readEnvironment(env: Environment = process.env, folder: string = process.cwd()): Environment {
  const file = join(env.MLOPS_STACK_DIR ?? join(folder, '.stack'), 'env');
  return { ...parseEnvironmentFile(textOf(file)), ...withoutEmpty(env) };
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
