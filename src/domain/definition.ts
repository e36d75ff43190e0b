/**
 * The project definition in its normal form: complete, checked, plain JSON. project/ makes it from what a
 * user writes; workflows and activities only read it.
 */
import type { ApprovalPolicy, GateDefinition, Objective } from './definition/decision';
import type { FeatureDefinition } from './definition/features';
import type { LabelDefinition } from './definition/label';
import type { ModelDefinition } from './definition/model';
import type { MonitoringDefinition, NotifierUse, RolloutPlan, TriggerRule } from './definition/operation';
import type { RegisteredUse } from './definition/reader';
import type { SchemaDefinition } from './definition/schema';
import type { SourceDefinition } from './definition/source';
import type { Cluster, SplitDefinition } from './definition/split';
import type { Period } from './definition/time';
import type { ViewDefinition } from './definition/views';
import type { WallDuration } from './durations';

export * from './definition/column-type';
export * from './definition/decision';
export * from './definition/features';
export * from './definition/label';
export * from './definition/model';
export * from './definition/operation';
export * from './definition/reader';
export * from './definition/schema';
export * from './definition/source';
export * from './definition/split';
export * from './definition/time';
export * from './definition/views';

export interface ProjectDefinition {
  readonly v: 1;
  readonly name: string;
  readonly source: SourceDefinition;
  /** Further sources by name, each written as `source`, in the order in which they are read: tables of statements (`source.reader.sql`), rows and histories of joins (`source.reader.join`). */
  readonly sources: Readonly<Record<string, SourceDefinition>>;
  /** Feature views by name, for joins. */
  readonly views: Readonly<Record<string, ViewDefinition>>;
  readonly schema: SchemaDefinition;
  readonly label: LabelDefinition;
  /** None where a registered trainer takes columns: then its model may read all that `source.columns` declares, but for the label's and for what is known only later. */
  readonly features: readonly FeatureDefinition[];
  readonly model: ModelDefinition;
  readonly period: Period;
  readonly split: SplitDefinition;
  /** Intervals are by blocks of it. Default: `day` with an event time, else `row`. */
  readonly cluster: Cluster;
  readonly objective: Objective;
  /** Computed by evaluation beside the built-in ones; a gate names one as it is registered. */
  readonly metrics: readonly RegisteredUse[];
  /** Columns by whose values evaluations show metrics, at most 10: strings, booleans or integers that `privacy` doesn't hide. */
  readonly slices: readonly string[];
  readonly gates: readonly GateDefinition[];
  readonly approval: ApprovalPolicy;
  readonly rollout: RolloutPlan;
  readonly monitoring: MonitoringDefinition;
  readonly triggers: readonly TriggerRule[];
  readonly notifiers: readonly NotifierUse[];
  /** Time that an activity's retries may take, all attempts together. */
  readonly retryFor: WallDuration;
  /** A worker that is silent for this long is given up, and its activity runs elsewhere. */
  readonly heartbeatWithin: WallDuration;
}
