import type { METRICS } from '../../src/domain/metrics';
import { estimateOf } from '../../src/engines/stats/measure';
import { type MeasuredObjective, statisticsOf } from '../../src/engines/stats/tasks/task';
import { oneNumber } from './one-number';

/** A metric over all rows, as an evaluation computes it; NaN where it is undefined. */
export function metricOf(
  metric: (typeof METRICS.binary)[number],
  scores: Float32Array,
  labels: Float32Array,
  objective: MeasuredObjective = { task: 'binary', decisionThreshold: 0.5 }
): number {
  const blocks = { of: 'run of rows', asked: false, names: ['all'], index: new Int32Array(scores.length) } as const;
  const measured = statisticsOf(objective).measure(oneNumber(scores), labels, blocks).get(metric);
  return measured === undefined ? Number.NaN : estimateOf(measured, blocks);
}
