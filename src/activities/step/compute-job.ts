/** Runs a job of an engine for an activity: in the attempt's folder, with heartbeats, until Temporal says stop. */

import { join } from 'node:path';
import { Context, cancellationSignal } from '@temporalio/activity';
import { MlopsError } from '../../domain/errors';
import type { JobFile, JobProgress } from '../../domain/job';
import type { NumericEnvironment } from '../../domain/records';
import { onnxEnvironment } from '../../engines/onnx/environment';
import { duckdbVersion } from '../../engines/tables/duckdb';
import { beat } from './heartbeat';
import type { ActivityDeps, JobName } from '../deps';
import type { StepFile } from './step';

export interface Running {
  readonly folder: string;
  readonly onProgress?: (progress: JobProgress) => void;
  readonly onCheckpoint?: (file: string, step: number) => void;
}

/** A child that says nothing for so long hangs: it is given up, and the step starts again. */
const SILENCE_MS = 5 * 60_000;

/** What is beaten is what the Temporal UI shows under Pending Activities. */
export async function runWithHeartbeat<I, O>(deps: ActivityDeps, job: JobName, input: I, running: Running): Promise<O> {
  let last: JobProgress = { done: 0, total: 0, note: job };
  let heardAt = Date.now();
  const silent = new AbortController();
  beat(last);
  // A child that loads its engine, or is in one long native call, has nothing to say and is alive all the same.
  const timer = setInterval(() => {
    beat(last);
    if (Date.now() - heardAt > SILENCE_MS) silent.abort(hangs(job));
  }, 500);
  try {
    return await deps.runJob<I, O>(job, input, {
      folder: running.folder,
      signal: AbortSignal.any([cancellationSignal(), silent.signal]),
      onProgress: (progress) => {
        last = progress;
        heardAt = Date.now();
        running.onProgress?.(progress);
      },
      ...(running.onCheckpoint === undefined ? {} : { onCheckpoint: running.onCheckpoint }),
    });
  } catch (error) {
    // Temporal wants its own word for a cancellation, not the signal's.
    if (cancellationSignal().aborted) throw await cancelled();
    throw error;
  } finally {
    clearInterval(timer);
  }
}

async function cancelled(): Promise<unknown> {
  return Context.current().cancelled.catch((failure: unknown) => failure);
}

function hangs(job: string): MlopsError {
  return new MlopsError(
    'MLOPS_COMPUTE_CRASHED',
    'A compute process has said nothing for five minutes and was ended.',
    { job },
    'It is started again.'
  );
}

export function stepFiles(folder: string, files: readonly JobFile[]): StepFile[] {
  return files.map((file) => ({ name: file.name, path: join(folder, file.file), mediaType: file.mediaType }));
}

/** A part of every numeric step's key. */
export function numericEnvironment(): NumericEnvironment {
  return { ...onnxEnvironment(), duckdb: duckdbVersion() };
}
