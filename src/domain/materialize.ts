/** What the workflow that materializes a project's feature views is started with, and what its activities answer. */
import type { Plan } from './plan';
import type { Ref } from './refs';
import type { Snapshots } from './phases';
import type { SourceOrder } from './sources';

export interface MaterializeInput {
  readonly v: 1;
  readonly project: string;
  /** What is known by then; not after now. Default: now. */
  readonly asOf?: string;
}

/** Views of one definition: the one in force, or one that a served version was made with. */
export interface PlannedViews {
  readonly definition: Ref<'definition'>;
  readonly plan: Plan;
  readonly views: readonly { readonly name: string; readonly from: string }[];
  /** The views' histories and what they are made of, in the order in which they are read. */
  readonly sources: readonly SourceOrder[];
  /** Snapshots that they were materialized of last. */
  readonly parents: Snapshots;
}

export interface PlannedMaterialization {
  readonly asOf: string;
  readonly searchAttributes: boolean;
  readonly definitions: readonly PlannedViews[];
}

export interface MaterializedView {
  readonly view: string;
  readonly snapshot: Ref<'snapshot'>;
  /** Entities that have a value. */
  readonly entities: number;
  /** The view was materialized of a later snapshot meanwhile, or before: its values stand. */
  readonly overtaken?: true;
}

export interface MaterializeResult {
  readonly asOf: string;
  readonly views: readonly MaterializedView[];
}
