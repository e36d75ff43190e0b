import type { JobProgress } from '../../domain/job';

export interface ToChild {
  readonly job: string;
  readonly input: unknown;
  readonly folder: string;
}

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
  | { readonly type: 'progress'; readonly progress: JobProgress }
  | { readonly type: 'checkpoint'; readonly file: string; readonly step: number }
  | { readonly type: 'done'; readonly output: unknown }
  | Failed;
