/** Versions of compute jobs, as the build wrote them. */
import { readFileSync } from 'node:fs';
import type { Digest } from '../domain/refs';
import { builtFile } from './package-root';

let versions: Readonly<Record<string, Digest>> | undefined;

/** Digest of the built files that a compute job can reach: changed code is another step. */
export function jobVersion(job: string): Digest {
  versions ??= JSON.parse(readFileSync(builtFile('build', 'steps.json'), 'utf8')) as Record<string, Digest>;
  const version = versions[job];
  if (version === undefined) throw new Error(`the build knows no job ${job}: run npm run build`);
  return version;
}
