/** Runs a job of an engine for an activity: in the attempt's folder, with heartbeats, until Temporal says stop. */

import { join } from 'node:path';
import { Context, cancellationSignal } from '@temporalio/activity';
import type { JobFile, JobProgress } from '../../domain/job';
import type { NumericEnvironment } from '../../domain/records';
import { onnxEnvironment } from '../../engines/onnx/environment';
import { duckdbVersion } from '../../engines/tables/duckdb';
import { countJob } from './cost';
import { afterCrash } from './crashes';
import { beat } from './heartbeat';
import type { ActivityDeps, JobName } from '../deps';
import type { StepFile } from './step';

export interface Running {
  readonly folder: string;
  readonly onProgress?: (progress: JobProgress) => void;
  readonly onCheckpoint?: (file: string, step: number) => void;
}

/** What is beaten is what the Temporal UI shows under Pending Activities. */
export async function runWithHeartbeat<I, O>(deps: ActivityDeps, job: JobName, input: I, running: Running): Promise<O> {
  let last: JobProgress = { done: 0, total: 0, note: job };
  beat(last);
  // A child that loads its engine, or is in one long native call, has nothing to say and is alive all the same.
  const timer = setInterval(() => beat(last), 500);
  try {
    return await deps.runJob<I, O>(job, input, {
      folder: running.folder,
      signal: cancellationSignal(),
      onProgress: (progress) => {
        last = progress;
        running.onProgress?.(progress);
      },
      onCost: countJob,
      ...(running.onCheckpoint === undefined ? {} : { onCheckpoint: running.onCheckpoint }),
    });
  } catch (error) {
    // Temporal wants its own word for a cancellation, not the signal's.
    if (cancellationSignal().aborted) throw await cancelled();
    throw await afterCrash(deps, error);
  } finally {
    clearInterval(timer);
  }
}

async function cancelled(): Promise<unknown> {
  return Context.current().cancelled.catch((failure: unknown) => failure);
}

export function stepFiles(folder: string, files: readonly JobFile[]): StepFile[] {
  return files.map((file) => ({ name: file.name, path: join(folder, file.file), mediaType: file.mediaType }));
}

/** A part of every numeric step's key. */
export function numericEnvironment(): NumericEnvironment {
  return { ...onnxEnvironment(), duckdb: duckdbVersion() };
}
