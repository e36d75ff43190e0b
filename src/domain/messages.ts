/**
 * What people, monitors and replicas say to workflows, and the names under which they say it. Public API:
 * a test pins the names. Every message is one JSON object.
 */
import type { ImportedModel } from './imported-model';
import type { Digest } from './refs';

export const MESSAGES = {
  /** lifecycle: update by people */
  retrain: 'retrain',
  import: 'import',
  apply: 'apply',
  retry: 'retry',
  skip: 'skip',
  pause: 'pause',
  unpause: 'unpause',
  stop: 'stop',
  rollback: 'rollback',
  deploy: 'deploy',
  /** lifecycle: signal by the monitor and by other workflows */
  trigger: 'trigger',
  /** lifecycle: signal by the approval that it waits for */
  decided: 'decided',
  /** lifecycle: query */
  status: 'status',
  /** study: updates by people */
  stopStudy: 'stopStudy',
  extendStudy: 'extendStudy',
  /** approve: an update, and a signal of the same name for whoever expects one */
  decide: 'decide',
  /** approve: signal by the lifecycle; deploy: signal by the rollout that took the endpoint */
  supersede: 'supersede',
  /** monitor: signal by the lifecycle */
  watch: 'watch',
  /** monitor: update by people */
  setClock: 'setClock',
  /** monitor and deploy: signal by the endpoint's replicas */
  watermark: 'watermark',
} as const;

export type TriggerKind = 'start' | 'person' | 'import' | 'bias' | 'drift' | 'schedule' | 'rows';

/** The one trigger message. `id` makes a repeated one count once. */
export interface Trigger {
  readonly id: string;
  readonly cause: TriggerCause;
  /** Event time up to which the cycle may know the world. */
  readonly asOf: string;
  /** How many like it came before and were merged into it. */
  readonly more?: number;
  /** The one of those whose asOf counts, where it is not this one's. */
  readonly asOfBy?: string;
  /** The cycle registers this model and trains none. */
  readonly imports?: ImportedModel;
}

export interface TriggerCause {
  readonly kind: TriggerKind;
  /** The person, where there was one. */
  readonly by?: string;
  /** What that person's connection said of itself to Temporal. */
  readonly callerIdentity?: string;
  /** One line for the approver. */
  readonly detail: string;
  /** Id of the window record that caused it. */
  readonly window?: string;
}

/** Every update of the lifecycle names who sends it, and an id that makes it count once. */
export interface OperatorMessage {
  readonly id: string;
  readonly by: string;
  readonly comment?: string;
}
export interface RetrainMessage extends OperatorMessage {
  readonly asOf: string;
  /** Closes an open approval request as superseded. */
  readonly supersede?: boolean;
}
/** One more cycle, which registers a model that was made elsewhere. */
export interface ImportMessage extends RetrainMessage {
  readonly model: ImportedModel;
}
/** A definition as it travels: its canonical JSON, gzipped, in base64; and the digest of that JSON. */
export interface PackedDefinition {
  readonly digest: Digest;
  readonly gzip: string;
}
export interface ApplyMessage extends OperatorMessage {
  readonly definition: PackedDefinition;
}
export interface RollbackMessage extends OperatorMessage {
  /** Number of the version to go back to; without it, the one before. */
  readonly to?: number;
}

/** Sets the endpoint's event clock. */
export interface ClockMessage extends OperatorMessage {
  /** Event time, ISO-8601. */
  readonly at: string;
}

export interface DeployMessage extends OperatorMessage {
  /** Number of an approved version that is not live. */
  readonly number: number;
}

/** More trials for a study that runs. */
export interface ExtendStudyMessage extends OperatorMessage {
  /** How many more. */
  readonly trials: number;
}

export interface OperatorAnswer {
  readonly outcome: 'accepted' | 'refused';
  readonly reason: string;
}

export type Verdict = 'approve' | 'reject';

export interface DecisionMessage {
  /** The sender's id of this decision: the same id gets the same answer. */
  readonly id: string;
  readonly by: string;
  readonly verdict: Verdict;
  /** Digest of what is decided on: of a version its model's. */
  readonly digest: string;
  readonly comment?: string;
  /** Room for a signature over the decision; not verified yet. */
  readonly signature?: string;
}

export interface DecisionAnswer {
  readonly outcome: 'accepted' | 'refused';
  readonly code: DecisionCode;
  readonly reason: string;
  readonly request: string;
  readonly state: RequestState;
}

export type RequestState = 'open' | 'approved' | 'rejected' | 'expired' | 'superseded' | 'unknown';

export type DecisionCode =
  | 'recorded'
  | 'wrong-digest'
  | 'superseded'
  | 'unknown-approver'
  | 'own-work'
  | 'second-decision'
  | 'closed'
  | 'expired'
  | 'unknown-request'
  | 'malformed'
  | 'too-many-refusals';

/** To the lifecycle: what counts on a request that is still open. */
export interface DecidedMessage {
  readonly request: string;
  readonly accepted: readonly { readonly id: string; readonly by: string; readonly verdict: Verdict }[];
}

/** To the monitor: from now on judge windows of this version. */
export interface WatchMessage {
  readonly version: string;
  readonly number: number;
  readonly since: string;
}

/**
 * From a replica: the endpoint's watermark has passed `edge`; truth of the window that ends there is covered; or event
 * time is `known` at all, while a rollout's step waits for that.
 */
export interface WatermarkMessage {
  readonly endpoint: string;
  readonly watermark: string;
  readonly edge: string;
  readonly reason: 'passed' | 'covered' | 'known';
}

/** A number, string or list as a person reads it in the Temporal UI and in `mlops status`. */
export interface LifecycleStatus {
  readonly project: string;
  readonly cycle: number;
  readonly phase: string;
  readonly waitingFor: readonly string[];
  readonly paused: boolean;
  readonly pendingTriggers: readonly Trigger[];
  readonly failure?: string;
  /** How the last cycle ended. */
  readonly last?: string;
  readonly definition?: Digest;
}
