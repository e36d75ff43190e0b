/** What activities are made of; worker/ puts it together once, and every activity gets it by its factory. */
import type { Retention } from '../domain/housekeeping';
import type { JobCost, JobProgress } from '../domain/job';
import type { Stores } from '../stores/connect';
import type { Connections } from '../sources/connections';
import type { HostPort } from '../sources/addresses';
import type { Limits } from './limits';
import type { Registered } from './registered/user-code';

export interface RunJobOptions {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
  readonly onCheckpoint?: (file: string, step: number) => void;
  /** Called once, before a job that ended well is answered. */
  readonly onCost?: (cost: JobCost) => void;
}

/** Runs a job in a child process: an engine's, or one that runs registered code. */
export type RunJob = <I, O>(job: JobName, input: I, options: RunJobOptions) => Promise<O>;

export type JobName =
  | (
      | 'ingest'
      | 'prepare'
      | 'report'
      | 'reportEvaluation'
      | 'label'
      | 'fit'
      | 'train'
      | 'trainLinear'
      | 'trainTrees'
      | 'validate'
      | 'importModel'
      | 'evaluate'
      | 'judgeWindow'
      | 'materialize'
    )
  | CodeJobName;

/** Jobs that run registered code. */
export type CodeJobName = 'describeCode' | 'readCode' | 'labelCode' | 'trainCode' | 'measureCode' | 'notifyCode';

export interface ActivityDeps {
  stores(): Promise<Stores>;
  readonly runJob: RunJob;
  readonly registered: Registered;
  readonly limits: Limits;
  readonly retention: Retention;
  /** False where the namespace has none: workflows then set none. */
  readonly searchAttributes: boolean;
  /** What definitions' readers name. */
  readonly connections: Connections;
  /** MongoDB, object store and Temporal of the project: no source is read from there unless its connection allows it. */
  ownServers(): readonly HostPort[];
  /** Relative source paths start here. */
  readonly dataFolder: string;
  /** Attempts' folders and the cache of downloaded artifacts. */
  readonly workFolder: string;
}
