/**
 * Compute has queues of its own, derived from the worker's, so that projects of other workers never meet: one for what may take
 * hours, by slots, and one for what takes seconds, so that a training holds up no monitor.
 */
export const COMPUTE_SUFFIX = '-compute';
export const LIGHT_SUFFIX = '-light';
export const DEFAULT_TASK_QUEUE = 'mlops';
