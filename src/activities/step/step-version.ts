import type { Digest } from '../../domain/refs';
import { jobVersion } from '../../runtime/job-versions';
import type { JobName } from '../deps';

/** A part of each step's key: changed code is another step. */
export function stepVersion(job: JobName): Digest {
  return jobVersion(job);
}
