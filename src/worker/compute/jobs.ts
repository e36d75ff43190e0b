/** What a compute child can do: the module of each job, relative to this one, and its export there. */
import type { CodeJobName, JobName } from '../../activities/deps';

export interface JobEntry {
  readonly module: string;
  readonly name: string;
}

/** By name and not by import, so that a child loads the one engine that it runs, and a step's version covers just that. */
export const JOBS: Readonly<Record<JobName, JobEntry>> = {
  ingest: { module: '../../engines/tables/ingest', name: 'ingest' },
  prepare: { module: '../../engines/tables/prepare/prepare-job', name: 'prepareJob' },
  report: { module: '../../engines/report/page-job', name: 'pageJob' },
  reportEvaluation: { module: '../../engines/report/evaluation-page-job', name: 'evaluationPageJob' },
  label: { module: '../../engines/tables/label', name: 'label' },
  fit: { module: '../../engines/features/fit-job', name: 'fitJob' },
  train: { module: '../../engines/train/train-job', name: 'trainJob' },
  trainLinear: { module: '../../engines/linear/linear-job', name: 'linearJob' },
  trainTrees: { module: '../../engines/trees/trees-job', name: 'treesJob' },
  validate: { module: '../../engines/study/validate-job', name: 'validateJob' },
  importModel: { module: '../../engines/train/import-job', name: 'importJob' },
  evaluate: { module: '../../engines/evaluate/evaluate-job', name: 'evaluateJob' },
  materialize: { module: '../../engines/tables/views/materialize-job', name: 'materializeJob' },
  judgeWindow: { module: '../../engines/monitor/judge-window-job', name: 'judgeWindowJob' },
  describeCode: { module: '../../activities/registered/jobs/describe', name: 'describeCode' },
  readCode: { module: '../../activities/registered/jobs/read', name: 'readCode' },
  labelCode: { module: '../../activities/registered/jobs/label', name: 'labelCode' },
  trainCode: { module: '../../activities/registered/jobs/train', name: 'trainCode' },
  measureCode: { module: '../../activities/registered/jobs/measure', name: 'measureCode' },
  notifyCode: { module: '../../activities/registered/jobs/notify', name: 'notifyCode' },
};

/** The door of the native library that nearly every job uses: half of a start's time. It does nothing until a job uses it. */
export const LOADED_AHEAD = ['../../engines/tables/duckdb'];

const LIGHT_JOBS: ReadonlySet<string> = new Set<Exclude<JobName, CodeJobName>>(['judgeWindow', 'report']);

/** Takes seconds, and runs nothing of a user's: a child that has done it well takes the next one. */
export function isLight(job: string): boolean {
  return LIGHT_JOBS.has(job);
}

const CODE_JOBS: ReadonlySet<string> = new Set<CodeJobName>([
  ...(['describeCode', 'readCode', 'labelCode'] as const),
  ...(['trainCode', 'measureCode', 'notifyCode'] as const),
]);

export function runsUserCode(job: string): job is CodeJobName {
  return CODE_JOBS.has(job);
}
