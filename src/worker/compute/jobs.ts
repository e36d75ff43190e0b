/** What a compute child can do: the module of each job, relative to this one, and its export there. */
import type { JobName } from '../../activities/deps';

export interface JobEntry {
  readonly module: string;
  readonly name: string;
}

/** By name and not by import, so that a child loads the one engine that it runs, and a step's version covers just that. */
export const JOBS: Readonly<Record<JobName, JobEntry>> = {
  ingest: { module: '../../engines/tables/ingest', name: 'ingest' },
  label: { module: '../../engines/tables/label', name: 'label' },
  fit: { module: '../../engines/features/fit-job', name: 'fitJob' },
  train: { module: '../../engines/train/train-job', name: 'trainJob' },
  evaluate: { module: '../../engines/evaluate/evaluate-job', name: 'evaluateJob' },
  judgeWindow: { module: '../../engines/monitor/judge-window-job', name: 'judgeWindowJob' },
};
