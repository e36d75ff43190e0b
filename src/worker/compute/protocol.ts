import type { JobCost, JobProgress } from '../../domain/job';

/** Nothing of a job: a spare child loads what all of them load. */
export interface Prepare {
  readonly type: 'prepare';
}

export interface RunsJob {
  readonly type: 'run';
  readonly job: string;
  readonly input: unknown;
  readonly folder: string;
}

export type FromWorker = Prepare | RunsJob;

export interface Failed {
  readonly type: 'failed';
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly what: string;
  readonly where: unknown;
  readonly fix: string;
}

export type FromChild =
  | { readonly type: 'taken' }
  | { readonly type: 'progress'; readonly progress: JobProgress }
  | { readonly type: 'checkpoint'; readonly file: string; readonly step: number }
  | { readonly type: 'done'; readonly output: unknown; readonly cost: JobCost }
  | Failed;
