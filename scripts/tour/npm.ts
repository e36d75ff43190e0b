/** An npm package's files: fetched once, without what it depends on, and checked by its integrity. Nothing of it is run. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached } from './cache';

const run = promisify(execFile);

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** As a lock file has it: sha512- and base64. */
  readonly integrity: string;
  /** Of what is fetched, for people. */
  readonly size: string;
}

/** @returns its folder */
export async function npmPackage({ name, version, integrity, size }: NpmPackage): Promise<string> {
  const plain = name.replace(/[^a-z0-9]+/g, '-');
  return cached(plain, [name, version, integrity], `${name} (${size})`, async (into) => {
    const { stdout } = await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', into]);
    const packed = join(into, stdout.trim());
    const found = `sha512-${createHash('sha512').update(readFileSync(packed)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${version} has the integrity ${found}, not ${integrity}`);
    await run('tar', ['-xzf', packed, '-C', into, '--strip-components=1']);
    rmSync(packed);
  });
}
