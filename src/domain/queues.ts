/** Compute has a queue of its own, derived from the worker's, so that projects of other workers never meet. */
export const COMPUTE_SUFFIX = '-compute';
export const DEFAULT_TASK_QUEUE = 'mlops';
