/**
 * What workflows decide by themselves: a few hundred bytes of the definition, beside its ref. Everything else of a
 * definition is read by activities, from the record that the ref names.
 */
import { mayAsk, type Period, type ProjectDefinition, type RolloutPlan, type StudySpec } from './definition';
import type { WallDuration } from './durations';
import { type SourceOrder, sourcesInOrder } from './sources';
import { kindsIn, type Missing, missingOf } from './study/models';
import { filterWords, type Part, partOf, periodsAt, type Split, splitAt } from './split';

export interface Plan {
  /** Names, for what people read. */
  readonly source: string;
  readonly label: string;
  /** Sources in the order in which they are read. */
  readonly sources: readonly SourceOrder[];
  readonly split: PlannedSplit;
  /** The approvers may be asked about what is new in a batch. */
  readonly asksAboutBatch?: true;
  /** The model is a study: how many trials, how many at once, and how their models take missing numbers. */
  readonly study?: Pick<StudySpec, 'trials' | 'parallelism' | 'within' | 'folds'> & {
    readonly missing: readonly Missing[];
  };
  /** A trigger that waits this long closes the open request as superseded. */
  readonly supersedeAfter?: WallDuration;
  readonly rollout: Pick<RolloutPlan, 'minReplicas' | 'replicasWithin'> & { readonly steps: readonly string[] };
  readonly monitoring: Pick<ProjectDefinition['monitoring'], 'period' | 'truthDelay'>;
  /** How many notifiers there are: a notice goes to each of them by its place. */
  readonly notifiers: number;
  readonly retryFor: WallDuration;
  readonly heartbeatWithin: WallDuration;
}

/** Where the definition says nothing. */
export const DEFAULT_RETRIES: Pick<Plan, 'retryFor' | 'heartbeatWithin'> = {
  retryFor: { wall: '24 hours' },
  heartbeatWithin: { wall: '4 seconds' },
};

/** The split's parts as a person reads them; those by time depend on the cycle's asOf. */
export type PlannedSplit =
  | {
      readonly by: 'time';
      readonly period: Period;
      readonly testPeriods: number;
      readonly validationPeriods: number;
    }
  | { readonly by: 'hash' | 'column'; readonly train: string; readonly test: string };

export function planOf(definition: ProjectDefinition): Plan {
  const { source, schema, label, model, approval, rollout, monitoring, notifiers } = definition;
  const { retryFor, heartbeatWithin } = definition;
  return {
    source: source.name,
    label: `${label.name} v${label.version}`,
    sources: sourcesInOrder(definition),
    split: plannedSplit(definition),
    ...(mayAsk(schema) ? { asksAboutBatch: true } : {}),
    ...('study' in model ? { study: plannedStudy(model.study) } : {}),
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

function plannedStudy(study: StudySpec): NonNullable<Plan['study']> {
  const missing = new Set(kindsIn({ study }).map(missingOf));
  const { trials, parallelism, within, folds } = study;
  const optional = { ...(within === undefined ? {} : { within }), ...(folds === undefined ? {} : { folds }) };
  return { trials, parallelism, ...optional, missing: [...missing] };
}

function plannedSplit(definition: ProjectDefinition): PlannedSplit {
  const { split, period } = definition;
  if (split.by === 'time') {
    const { by, testPeriods, validationPeriods } = split;
    return { by, period, testPeriods, validationPeriods };
  }
  return { by: split.by, ...inWords(splitAt(definition, '')) };
}

/** Which rows train and which test, as the world was known at `asOf`. */
export function partsInWords(split: PlannedSplit, asOf: string): Readonly<Record<'train' | 'test', string>> {
  if (split.by !== 'time') return split;
  return inWords({ by: 'time', ...periodsAt(split, split.period, asOf), knownBy: asOf });
}

function inWords(split: Split): Readonly<Record<'train' | 'test', string>> {
  const words = (part: Exclude<Part, 'validation'>) => filterWords(partOf(split, part));
  return { train: words('train'), test: words('test') };
}
