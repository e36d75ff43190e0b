/** A virtual environment for each peer, in the user's cache folder, made on first use. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'temporal-mlops', 'bench');

/** What pip installs for one peer. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  /** For pip, in exact versions. */
  readonly packages: readonly string[];
}

export function pythonOf(peer: Installed): string {
  return join(folderOf(peer), 'bin', 'python');
}

/** Only a whole installation of these very packages counts; what a broken one left is made anew. */
export function install(peer: Installed): void {
  const folder = folderOf(peer);
  const mark = join(folder, 'installed');
  const wanted = `${peer.packages.join(' ')}\n`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  process.stderr.write(`installing ${peer.packages.join(' ')} (once)\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  // Without pip of its own: Debian's python3 alone can't make one, and the user's pip installs into it as well.
  python(['-m', 'venv', '--without-pip', folder]);
  python(['-m', 'pip', '--python', pythonOf(peer), 'install', '-q', '--disable-pip-version-check', ...peer.packages]);
  writeFileSync(`${mark}.part`, wanted);
  renameSync(`${mark}.part`, mark);
}

function folderOf({ name, version }: Installed): string {
  return join(CACHE, `${name}-${version}`);
}

function python(args: readonly string[]): void {
  const { status, error } = spawnSync('python3', args, { stdio: ['ignore', 2, 2] });
  if (error !== undefined) throw new Error(`python3 can't be run: ${error.message}. Install Python 3 with pip.`);
  if (status !== 0) throw new Error(`python3 ${args.join(' ')} failed; what it said is above.`);
}
