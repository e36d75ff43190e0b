/** What each phase is started with and what it answers: refs and a plan, never a definition or data. */
import type { GateResult } from './evaluation';
import type { Cycle } from './ids';
import type { OperatorAnswer, PackedDefinition, RequestState, Trigger, TriggerCause } from './messages';
import type { ImportedModel } from './imported-model';
import type { Plan } from './plan';
import type { Ref } from './refs';
import type { TimeRange } from './period';

/** Every phase's input. `v` is the schema of what crosses continue-as-new and upgrades. */
export interface PhaseContext {
  readonly v: 1;
  readonly project: string;
  readonly cycle: Cycle;
  readonly definition: Ref<'definition'>;
  readonly plan: Plan;
  readonly searchAttributes: boolean;
}

export interface IngestInput extends PhaseContext {
  readonly asOf: string;
  /** The snapshot that the new batch is added to, if source and schema are still those that it was made by. */
  readonly parent?: Ref<'snapshot'>;
  /** The same of the sources that statements read, by name. */
  readonly parents?: Snapshots;
}

export type Snapshots = Readonly<Record<string, Ref<'snapshot'>>>;

export interface IngestResult {
  readonly snapshot: Ref<'snapshot'>;
  /** Of the sources that statements read, by name. */
  readonly sources: Snapshots;
  readonly page: Rendered;
}

/** A record's page, or why there is none: it is made of the record at any time. */
export type Rendered =
  | { readonly report: Ref<'report'>; readonly failure?: undefined }
  | { readonly report?: undefined; readonly failure: string };

export interface LabelInput extends PhaseContext {
  readonly snapshot: Ref<'snapshot'>;
}

export interface TrainInput extends PhaseContext {
  readonly asOf: string;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  /** The cycle's model was made elsewhere: which one, its document says. */
  readonly imports?: true;
}

export interface TrainResult {
  readonly features: Ref<'featureSet'>;
  readonly run: Ref<'run'>;
  readonly version: Ref<'version'>;
  readonly number: number;
}

/** Of a study, by the trials that are on record; what a next run goes on with. */
export interface StudyInput extends TrainInput {
  /** Of the training phase: one that is retried tries failed trials again. */
  readonly attempt: string;
  /** The first trial that this run starts; those before it ended. */
  readonly from: number;
  readonly ended: StudyProgress;
  readonly budget: StudyBudget;
}

/** How much a study may do: as it was declared, and as people changed it while it runs. */
export interface StudyBudget {
  readonly trials: number;
  /** Wall clock, in milliseconds, after which no trial starts. */
  readonly until?: number;
  /** To messages that were sent, the newest last. */
  readonly answers: readonly (OperatorAnswer & { readonly sent: string })[];
}

export interface StudyProgress {
  readonly trials: number;
  readonly failed: number;
  /** At a rung. */
  readonly stopped: number;
  /** The least loss, and the earliest trial that has it. */
  readonly best?: { readonly number: number; readonly loss: number };
}

/** The best trial: the run that the cycle goes on with. */
export interface StudyWinner {
  readonly number: number;
  readonly loss: number;
  readonly features: Ref<'featureSet'>;
  readonly run: Ref<'run'>;
}

export interface EvaluateInput extends PhaseContext {
  readonly asOf: string;
  readonly version: Ref<'version'>;
  /** Started alone without these, the phase ingests and labels up to asOf first. */
  readonly snapshot?: Ref<'snapshot'>;
  readonly labelSet?: Ref<'labelSet'>;
  readonly champion?: Ref<'version'>;
  /** Of a split by time. Default: the test rows of the definition's split as of asOf. */
  readonly period?: TimeRange;
}

export interface EvaluateResult {
  readonly evaluation: Ref<'evaluation'>;
  readonly gates: readonly GateResult[];
  readonly rows: number;
  /** A model was trained on some of these rows. */
  readonly contaminated: boolean;
  /** The task's headline metrics, without those that are undefined on the rows. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly page: Rendered;
}

export interface ApproveInput {
  readonly v: 1;
  readonly project: string;
  /** The request's name in its project: a version's is its cycle. */
  readonly name: string;
  readonly searchAttributes: boolean;
  /** Until the request is settled. A run that a client started answers what it was started with, and ends. */
  readonly waits?: true;
  /** Counts of the run before this one. */
  readonly continued?: { readonly refused: RefusedCounts; readonly malformed: number };
  /** The asking cycle's; notices go to the definition's notifiers. */
  readonly definition?: Ref<'definition'>;
  readonly plan?: Pick<Plan, 'notifiers' | 'retryFor' | 'heartbeatWithin'>;
}

/** Refusals that were recorded, by sender. */
export type RefusedCounts = Readonly<Record<string, number>>;

export interface ApproveResult {
  readonly state: RequestState;
  readonly reason: string;
}

/** All that a lifecycle remembers from one run to the next. */
export interface LifecycleState {
  readonly v: 1;
  readonly project: string;
  /** As it was sent, until it is registered; from then on `definition` and `plan` stand for it. */
  readonly sent?: PackedDefinition;
  readonly definition?: Ref<'definition'>;
  readonly plan?: Plan;
  /** Who sent it. */
  readonly appliedBy: string;
  readonly searchAttributes?: boolean;
  /** The last cycle that was begun. */
  readonly cycle: number;
  readonly snapshot?: Ref<'snapshot'>;
  /** Of the sources that statements read, by name. */
  readonly sources?: Snapshots;
  readonly pending: readonly Trigger[];
  readonly paused: boolean;
  /** Answers by message id and sender; the newest are kept. */
  readonly answers: readonly {
    readonly id: string;
    readonly by: string;
    readonly outcome: 'accepted' | 'refused';
    readonly reason: string;
  }[];
  /** Triggers that counted, so that one sent again counts once. */
  readonly seenTriggers: readonly string[];
  readonly last?: string;
}

/** What is in force once a definition was applied; it takes effect with the next cycle. */
export type AppliedDefinition = Required<Pick<LifecycleState, 'definition' | 'plan' | 'searchAttributes'>> & {
  /** What was applied is not in force: why, and what to do. */
  readonly waits?: string;
};

export type CycleOutcome =
  | 'deployed'
  | 'rolled-back'
  | 'rejected'
  | 'expired'
  | 'superseded'
  | 'gate failed'
  | 'nothing new'
  | 'skipped'
  | 'stopped';

export interface OpenCycle {
  readonly project: string;
  readonly cycle: Cycle;
  readonly definition: Ref<'definition'>;
  readonly causes: readonly TriggerCause[];
  /** Ids of the triggers that it runs for: each counts once. */
  readonly triggers: readonly string[];
  /** Who put the definition in force: its record names who applied it first. */
  readonly appliedBy: string;
  readonly asOf: string;
  /** The model that its one trigger brought. */
  readonly imports?: ImportedModel;
}

/** What a cycle goes by: the definition in force when it opened, and its recorded triggers. */
export interface OpenedCycle extends Pick<OpenCycle, 'definition' | 'causes' | 'asOf'> {
  readonly plan: Plan;
  readonly imports?: true;
}
