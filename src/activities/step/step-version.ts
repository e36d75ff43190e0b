import { readFileSync } from 'node:fs';
import type { Digest } from '../../domain/refs';
import { builtFile } from '../../runtime/package-root';
import type { JobName } from '../deps';

let versions: Readonly<Record<string, Digest>> | undefined;

/** Digest of the built files that a compute job can reach, written by the build: changed code is another step. */
export function stepVersion(job: JobName): Digest {
  versions ??= JSON.parse(readFileSync(builtFile('build', 'steps.json'), 'utf8')) as Record<string, Digest>;
  const version = versions[job];
  if (version === undefined) throw new Error(`the build knows no job ${job}: run npm run build`);
  return version;
}
