/**
 * Bodies of the facts. A fact is immutable; `_id` is deterministic (its step's key, or an id with the project
 * in it); `digest` is that of its canonical content. Every document has `v`; readers accept all released ones.
 */

import type { ColumnType, ProjectDefinition, Severity } from './definition';
import type { EvaluationBody } from './evaluation';
import type { Fold } from './folds';
import type { Cycle } from './ids';
import type { ImportedModel } from './imported-model';
import type { TriggerCause, Verdict } from './messages';
import type { WindowBody } from './monitoring';
import type { Profile } from './profile';
import type { ArtifactRef, Digest, FactKind, Ref } from './refs';
import type { ModelSignature } from './signature';
import type { PartRows, Split } from './split';
import type { TrialBody, WinnerBody } from './study/study-records';
import type { Baseline, Task } from './task';

/** How a fact came to be: what the step's key was made of. */
export interface StepInfo {
  readonly name: string;
  /** Digest of our built files, or what registered code declares. */
  readonly version: string;
  readonly params: unknown;
  /** Numeric steps: what their bits depend on beside their inputs. */
  readonly environment?: NumericEnvironment;
}

export interface NumericEnvironment {
  readonly onnxruntime: string;
  readonly duckdb: string;
  readonly node: string;
  readonly arch: string;
  readonly isa: string;
  readonly optimisation: string;
}

export interface Fact<K extends FactKind = FactKind, B = FactBodies[K]> {
  readonly _id: string;
  readonly v: 1;
  readonly kind: K;
  readonly digest: Digest;
  /** Absent where a decision, not a step, made it. */
  readonly step?: StepInfo;
  readonly inputs: readonly Ref[];
  readonly artifacts: readonly ArtifactRef[];
  readonly body: B;
  /** Digest of the whole record: id, kind, digest, step, inputs, artifacts, body. */
  readonly record: Digest;
  /** The attempt that won: times, host, worker, cost. Not part of the digest. */
  readonly made: { readonly at: Date; readonly seconds: number; readonly by: string; readonly cost?: StepCost };
}

/** What the attempt that made a fact took. */
export interface StepCost {
  /** User and system time of its compute children; what the worker itself does beside (download, upload) is not in it. */
  readonly cpuSeconds: number;
  /** Most resident memory of one of them. */
  readonly peakBytes: number;
  /** Of artifacts and source files that were read. */
  readonly bytesIn: number;
  /** Of artifacts that were written. */
  readonly bytesOut: number;
  /** Until a worker took the attempt. */
  readonly waitedSeconds: number;
}

export interface ShardInfo {
  /** Name of its artifact in the snapshot. */
  readonly name: string;
  /** Number of the batch that it came with, from 0. */
  readonly batch: number;
  readonly digest: Digest;
  /** Of the rows themselves: identity and diff, whatever wrote the bytes. */
  readonly rowsDigest: Digest;
  readonly rows: number;
  /** Where rows have an event time. */
  readonly minEventTime?: string;
  readonly maxEventTime?: string;
}

/** Rows that are in shards and no longer in the snapshot: an artifact, Parquet of `__batch`, `__key` and why. */
export interface RemovedRows {
  readonly name: string;
  readonly digest: Digest;
  readonly rows: number;
  /** Batches whose rows it removes. */
  readonly batches: readonly number[];
}

/** A further artifact of rows: Parquet. */
export interface RowsFile {
  readonly name: string;
  readonly rows: number;
}

export interface ObservedFile {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
}

/** A file of the source, and what its rows came to. Moments are ISO-8601. */
export interface SourceFileAccount extends ObservedFile {
  readonly rows: number;
  readonly quarantined: number;
  /** Rows whose moment is after the snapshot's asOf; the first of them is known at `nextKnownAt`. */
  readonly notYetKnown: number;
  readonly nextKnownAt?: string;
}

/**
 * Where every row of a source is: `source` + `gone` = `inSnapshot` + `quarantined` + `replaced` + `withdrawn` + `notYetKnown`.
 * Each number is counted on its own.
 */
export interface RowAccount {
  /** Rows of the files as they were observed. */
  readonly source: number;
  /** Rows that were in a snapshot, and that the source no longer has. */
  readonly gone: number;
  readonly inSnapshot: number;
  /** Of those in the snapshot: rows that arrived after a snapshot of a later moment had been made. */
  readonly late: number;
  readonly quarantined: number;
  /** Rows in whose place another row of their key stands. */
  readonly replaced: number;
  readonly withdrawn: number;
  readonly notYetKnown: number;
}

/** What a snapshot added to its parent. */
export interface IngestBatch {
  /** The parent's asOf. */
  readonly after: string | null;
  readonly asOf: string;
  readonly added: number;
  /** Of the added ones: known by the parent's asOf, but not there then. */
  readonly late: number;
  readonly quarantined: number;
  /** Why, by blocking rule; a row may break several. */
  readonly reasons: readonly { readonly rule: string; readonly rows: number }[];
  /** Rows of the parent that gave way to another row of their key. */
  readonly replaced: number;
  /** Rows of the parent that the source doesn't have any more. */
  readonly withdrawn: number;
  /** After the batch. */
  readonly account: RowAccount;
}

/** What a batch shows of one expectation. */
export type RuleResult = RowRuleResult | TableRuleResult;

/** Of a rule about rows. */
export interface RowRuleResult {
  readonly rule: string;
  readonly severity: Severity;
  /** `failed`: a row breaks it; of a rule with `mostly`: too few rows keep it. */
  readonly verdict: RuleVerdict;
  /** Rows that it could judge. */
  readonly checked: number;
  readonly broken: number;
  /** Share of the checked rows that keep it, with its Wilson bounds of 95 %; absent where none was checked. */
  readonly kept?: ShareEstimate;
  /** What the share is held against. */
  readonly mostly?: number;
  /** `file:row` of the first few. */
  readonly examples: readonly string[];
}

/** Of a rule about the table. */
export interface TableRuleResult {
  readonly rule: string;
  readonly severity: Severity;
  readonly verdict: RuleVerdict;
  /** The figure; absent where there is none, and of a private column. */
  readonly observed?: number;
  /** It is about columns or categories that were not there before: `observed` counts them. */
  readonly isNew?: true;
  /** The first few of what is new, all of it where approvers are asked; absent of a private column. */
  readonly found?: readonly string[];
  /** The approvers are asked about it: digest of all that is new, uncut. A batch without anything new asks nothing. */
  readonly asks?: Digest;
}

/** `not judged`: there was nothing to judge. */
export type RuleVerdict = 'passed' | 'failed' | 'not judged';

/** A share of rows, 0…1, with the bounds of its interval. */
export interface ShareEstimate {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Which rows a snapshot has, and what the next one needs to know of it. */
export interface SnapshotRows {
  /** ISO-8601: rows that became known by then. */
  readonly asOf: string;
  readonly rows: number;
  /** Rows of batch after batch, each in the order of event time and key. */
  readonly shards: readonly ShardInfo[];
  /** What of the shards' rows is no longer in the snapshot. */
  readonly removed: readonly RemovedRows[];
  /** Rows that a blocking rule keeps out. */
  readonly quarantine: readonly RowsFile[];
  readonly files: readonly SourceFileAccount[];
  /** Columns of the files, of earlier batches too, that nothing declares. */
  readonly undeclared: readonly string[];
  readonly batches: readonly IngestBatch[];
  readonly account: RowAccount;
}

export interface SnapshotBody extends SnapshotRows {
  readonly source: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns that identify a row, where they are declared. */
  readonly key?: readonly string[];
  /** Columns whose values nothing shows. */
  readonly privacy: readonly string[];
  readonly eventTime?: string;
  /** Digest of the source and schema that decided which rows there are: only a snapshot of the same grows by a batch. */
  readonly rowsOf: Digest;
  readonly validation: readonly RuleResult[];
  /** Of the last batch that added rows. */
  readonly profile: Profile;
  readonly parent?: Ref<'snapshot'>;
  /** The snapshot that people let in last, beside which it was judged; absent where that is the parent. */
  readonly judgedBeside?: Ref<'snapshot'>;
}

/** A record's page. Artifacts: `page` (HTML). */
export interface ReportBody {
  readonly of: Ref<'snapshot' | 'evaluation'>;
  /** Of an evaluation: the version that the page names. */
  readonly version?: Ref<'version'>;
}

export interface LabelSetBody {
  readonly label: string;
  readonly labelVersion: number;
  readonly snapshot: Ref<'snapshot'>;
  /** One label shard beside each data shard, same rows in the same order. */
  readonly shards: readonly { readonly name: string; readonly digest: Digest; readonly rows: number }[];
  readonly counts: Readonly<Record<string, number>>;
}

/** The fitted feature graph. Artifacts: `dependencies` (JSON), and where the model has features `fitted` (JSON) and `graph` (ONNX). */
export interface FeatureSetBody {
  readonly split: Split;
  /** Of a study with folds: fitted on its rows to learn from, which `trainRows` counts. */
  readonly fold?: Fold;
  /** Every row of the snapshot is in one of them; the validation rows are set aside. */
  readonly parts: PartRows;
  readonly trainRows: number;
  readonly denseWidth: number;
  readonly embeddings: readonly { readonly column: string; readonly rows: number; readonly width: number }[];
}

/** An epoch of a network, a round of trees. */
export interface EpochMetrics {
  readonly epoch: number;
  readonly rows: number;
  /** Mean over the training rows. */
  readonly loss: number;
  /** Mean over the validation rows, where the learner reads them. */
  readonly validationLoss?: number;
}

/** A training run, or an import. Artifacts: `model` (ONNX); of an import `imported` (the file as it came) and `parity`, too. */
export interface RunBody {
  readonly trainer: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly split: Split;
  /** Of a study with folds: the rows that it learned from, and those that the trial is judged by. */
  readonly fold?: Fold;
  readonly rows: number;
  /** Rows of the split that were left out since they have no label. */
  readonly unlabelled: number;
  readonly epochs: readonly EpochMetrics[];
  readonly model: Digest;
  readonly baseline: Baseline;
  /** Operators of the model that are not batch-invariant: a row's score may depend on its batch, within rounding. */
  readonly tolerance: readonly string[];
  /** `mixed` where a checkpoint of another hardware key was resumed. */
  readonly numerics: 'exact' | 'mixed';
  /** Nothing was trained: the model was made elsewhere, from rows that no record names. `rows` are those of the baseline. */
  readonly imported?: AdoptedModel;
}

/** What an import came to. The file's name is the version's: steps are shared by whoever imports the same bytes. */
export interface AdoptedModel extends Omit<ImportedModel, 'file'> {
  /** What the file says wrote it. */
  readonly producer: string;
  /** Columns that the graph turns into whole numbers or truth values: a missing value has none. */
  readonly requires: readonly string[];
  /** The largest difference between its scores and the parity file's; absent without one. */
  readonly parityDifference?: number;
}

/** Where a version's model comes from. */
export type Origin =
  | { readonly kind: 'run' }
  /** `by`: who asked for the import. */
  | { readonly kind: 'import'; readonly file: string; readonly digest: Digest; readonly by: string };

/** A model version, immutable. `_id` = `<project>/<cycle>`. */
export interface VersionBody {
  readonly project: string;
  readonly number: number;
  readonly cycle: Cycle;
  readonly run: Ref<'run'>;
  readonly features: Ref<'featureSet'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly definition: Ref<'definition'>;
  readonly model: ArtifactRef;
  readonly split: Split;
  readonly trainRows: number;
  /** Training rows that were left out since they have no label. */
  readonly unlabelledRows: number;
  /** The run's: with any, a score is reproduced within rounding, not to the bit. */
  readonly tolerance: readonly string[];
  readonly task: Task;
  readonly origin: Origin;
  readonly signature: ModelSignature;
}

export interface DefinitionBody {
  readonly definition: ProjectDefinition;
  readonly appliedBy: string;
}

/** A person's decision that was accepted. `_id` = `<request>/<person>`: a person has one on a request. */
export interface DecisionBody {
  readonly request: string;
  /** The sender's. */
  readonly id: string;
  readonly by: string;
  readonly verdict: Verdict;
  /** What was decided on: of a version its model's. */
  readonly digest: Digest;
  readonly comment?: string;
  readonly signature?: string;
  /** The identity that Temporal recorded for the caller, beside the claimed name. */
  readonly callerIdentity: string;
  readonly via: 'update' | 'signal';
}

export interface FactBodies {
  readonly definition: DefinitionBody;
  readonly snapshot: SnapshotBody;
  readonly report: ReportBody;
  readonly labelSet: LabelSetBody;
  readonly featureSet: FeatureSetBody;
  readonly trial: TrialBody;
  readonly winner: WinnerBody;
  readonly run: RunBody;
  readonly version: VersionBody;
  readonly evaluation: EvaluationBody;
  readonly decision: DecisionBody;
  readonly window: WindowBody;
}

/** An edge of the lineage graph: `from` used, produced, … `to`. */
export interface LineageEdge {
  readonly _id: string;
  readonly v: 1;
  readonly from: string;
  readonly relation: 'used' | 'produced' | 'labeled' | 'approved' | 'deployed' | 'served';
  readonly to: string;
}

/** Moving. A cycle of a project; `_id` = `<project>/<cycle>`. */
export interface CycleDocument {
  readonly _id: string;
  readonly v: 1;
  readonly revision: number;
  readonly project: string;
  readonly cycle: Cycle;
  readonly definition: Ref<'definition'>;
  readonly causes: readonly TriggerCause[];
  /** Ids of the triggers that it runs for. */
  readonly triggers: readonly string[];
  /** Who applied the definition last: its record names who did first. */
  readonly appliedBy: string;
  readonly asOf: string;
  readonly state: 'running' | 'waiting' | 'failed' | 'finished';
  readonly phase: string;
  /** The model that it registers, and who asked for that. */
  readonly imports?: ImportedModel;
  /** How it ended: `deployed`, `rejected`, `nothing new`, `skipped`, … */
  readonly outcome?: string;
  readonly failure?: string;
  readonly refs: Readonly<
    Partial<Record<'snapshot' | 'report' | 'labelSet' | 'featureSet' | 'run' | 'version' | 'evaluation', Ref>>
  >;
  readonly startedAt: Date;
  readonly endedAt?: Date;
}
