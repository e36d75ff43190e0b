/**
 * What workflows decide by themselves: a few hundred bytes of the definition, beside its ref. Everything else of a
 * definition is read by activities, from the record that the ref names.
 */
import type { Period, ProjectDefinition, RolloutPlan } from './definition';
import type { WallDuration } from './durations';
import { lastWholePeriods } from './period';
import type { SplitPeriods } from './records';
import { type SourceOrder, sourcesInOrder } from './sources';

export interface Plan {
  /** Names, for what people read. */
  readonly source: string;
  readonly label: string;
  /** Sources in the order in which they are read. */
  readonly sources: readonly SourceOrder[];
  /** What test rows are counted in, and how many of them. */
  readonly period: Period;
  readonly testPeriods: number;
  /** A trigger that waits this long closes the open request as superseded. */
  readonly supersedeAfter?: WallDuration;
  readonly rollout: Pick<RolloutPlan, 'minReplicas' | 'replicasWithin'> & { readonly steps: readonly string[] };
  readonly monitoring: Pick<ProjectDefinition['monitoring'], 'period' | 'truthDelay'>;
  /** How many notifiers there are: a notice goes to each of them by its place. */
  readonly notifiers: number;
  readonly retryFor: WallDuration;
  readonly heartbeatWithin: WallDuration;
}

export function planOf(definition: ProjectDefinition): Plan {
  const { source, label, period, split, approval, rollout, monitoring, notifiers } = definition;
  const { retryFor, heartbeatWithin } = definition;
  return {
    source: source.name,
    label: `${label.name} v${label.version}`,
    sources: sourcesInOrder(definition),
    period,
    testPeriods: split.testPeriods,
    ...(approval.supersedeAfter === undefined ? {} : { supersedeAfter: approval.supersedeAfter }),
    rollout: {
      minReplicas: rollout.minReplicas,
      replicasWithin: rollout.replicasWithin,
      steps: rollout.steps.map((step) => step.name),
    },
    monitoring: { period: monitoring.period, truthDelay: monitoring.truthDelay },
    notifiers: notifiers.length,
    retryFor,
    heartbeatWithin,
  };
}

/** Which rows train and which test, as the world was known at `asOf`. */
export function splitAt({ period, testPeriods }: Pick<Plan, 'period' | 'testPeriods'>, asOf: string): SplitPeriods {
  const test = lastWholePeriods(period, testPeriods, asOf);
  return { train: { to: test.from }, test, knownBy: asOf };
}
