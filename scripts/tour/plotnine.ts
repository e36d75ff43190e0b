/** Tables of the Python package plotnine: fetched once, into the cache folder where the servers' programs are too. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/runtime/package-root';
import { say } from '../quickstart/say';

const REQUIREMENTS = join(packageRoot(), 'scripts', 'tour', 'requirements.txt');

/** @returns path of a copy in `into`: a worker reads nothing outside of its data folder */
export async function plotnineTable(name: string, into: string): Promise<string> {
  const copy = join(into, `${name}.csv`);
  mkdirSync(into, { recursive: true });
  copyFileSync(join(await installed(), 'plotnine', 'data', `${name}.csv`), copy);
  return copy;
}

/** A folder that is named by what pins its content, and complete as soon as it exists. */
async function installed(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'temporal-mlops');
  const pins = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const folder = join(cache, `tour-${pins}`);
  if (existsSync(folder)) return folder;
  say('fetching the tables of plotnine (1.3 MB, once)');
  mkdirSync(cache, { recursive: true });
  const part = mkdtempSync(join(cache, 'tour-part-'));
  try {
    await pip(part);
    renameSync(part, folder);
  } catch (error) {
    // Another tour may have been faster.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return folder;
}

async function pip(target: string): Promise<void> {
  const options = '--quiet --no-input --disable-pip-version-check --no-deps --no-compile --only-binary :all:';
  const args = [
    '-m',
    'pip',
    'install',
    ...options.split(' '),
    '--require-hashes',
    '--target',
    target,
    '-r',
    REQUIREMENTS,
  ];
  await promisify(execFile)('python3', args, { env: { ...process.env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' } });
}
