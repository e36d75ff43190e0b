/** What activities are made of; worker/ puts it together once, and every activity gets it by its factory. */
import type { JobProgress } from '../domain/job';
import type { RegisteredCode } from '../project/registry';
import type { Stores } from '../stores/connect';

export interface RunJobOptions {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
  readonly onCheckpoint?: (file: string, step: number) => void;
}

/** Runs an engine's function in a child process. */
export type RunJob = <I, O>(job: JobName, input: I, options: RunJobOptions) => Promise<O>;

export type JobName = 'ingest' | 'label' | 'fit' | 'train' | 'evaluate' | 'judgeWindow';

export interface ActivityDeps {
  stores(): Promise<Stores>;
  readonly runJob: RunJob;
  readonly registered: RegisteredCode;
  /** False where the namespace has none: workflows then set none. */
  readonly searchAttributes: boolean;
  /** Relative source paths start here. */
  readonly dataFolder: string;
  /** Attempts' folders and the cache of downloaded artifacts. */
  readonly workFolder: string;
}
