/** The contract between an engine's function and the child process that runs it (worker/compute). */
export interface JobProgress {
  readonly done: number;
  readonly total: number;
  readonly note: string;
}

/** What a job cost, its process's start included. */
export interface JobCost {
  /** User and system time. */
  readonly cpuSeconds: number;
  /** Most resident memory at once. */
  readonly peakBytes: number;
}

/** What an engine's function gets beside its input. Engines know nothing of processes, Temporal or stores. */
export interface JobContext {
  /** The attempt's own folder: every file that the job writes goes here. */
  readonly folder: string;
  /** Called at least every 250 ms of work; becomes the activity's heartbeat. */
  readonly progress: (progress: JobProgress) => void;
  /** A checkpoint file in `folder` is complete; `step` orders checkpoints of one run. */
  readonly checkpoint: (file: string, step: number) => void;
}

/** A function that runs in a compute child: JSON in, JSON out, bytes through files named in both. */
export type Job<I, O> = (input: I, context: JobContext) => Promise<O>;

/** A file that a job wrote, relative to its folder. */
export interface JobFile {
  readonly name: string;
  readonly file: string;
  readonly mediaType: string;
}
