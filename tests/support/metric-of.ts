import type { Objective } from '../../src/domain/definition';
import type { BuiltInMetric } from '../../src/domain/metrics';
import { estimateOf, measure } from '../../src/engines/stats/measure';

/** A metric over all rows, as an evaluation computes it; NaN where it is undefined. */
export function metricOf(
  metric: BuiltInMetric,
  scores: Float32Array,
  labels: Float32Array,
  objective: Pick<Objective, 'decisionThreshold' | 'utility'> = { decisionThreshold: 0.5 }
): number {
  const blocks = { of: 'run of rows', asked: false, names: ['all'], index: new Int32Array(scores.length) } as const;
  const measured = measure(scores, labels, blocks, objective).get(metric);
  return measured === undefined ? Number.NaN : estimateOf(measured, blocks);
}
