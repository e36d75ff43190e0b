/**
 * What moves at an endpoint. One document says what every replica serves; replicas act on its revision and
 * report. A rollout owns the document through its epoch: each write of it is absolute and fenced.
 */
import {
  columnsOfFeatures,
  decimalDigits,
  type DecimalDigits,
  type Period,
  type ProjectDefinition,
  quarantines,
  TYPE_FACTS,
  typeName,
  widthOfVector,
  type WindowsOfRows,
} from './definition';
import { readableColumns } from './readable-columns';
import type { Digest } from './refs';
import { rolloutStepId } from './ids';
import type { RecordedScore } from './scores';
import type { Decision, Task } from './task';

/** An input of a served model, by the Open Inference Protocol's datatype names. */
export interface ModelInput {
  readonly name: string;
  readonly datatype: 'INT64' | 'FP64' | 'FP32' | 'BYTES' | 'BOOL';
  /** A missing value (null) is refused; without it the features' own treatment of missing values holds. */
  readonly required?: true;
  /** A timestamp: microseconds since 1970 in UTC. */
  readonly unit?: 'us';
  /** A decimal's: a number with more of them is refused, as training put it in quarantine. */
  readonly digits?: DecimalDigits;
  /** Of a vector: how many numbers each row holds. */
  readonly width?: number;
  /** Timestamps: the earliest in the training data, where known. */
  readonly since?: string;
}

export interface ServedVersion {
  /** `_id` of the version's record. */
  readonly version: string;
  readonly number: number;
  /** The ONNX graph's bytes in the artifact store. */
  readonly model: Digest;
  readonly bytes: number;
  readonly inputs: readonly ModelInput[];
  readonly task: Task;
  /** Share of its predictions that are of the control group. Absent: there is none. */
  readonly controlShare?: number;
  /** Feature views that give some of the inputs where a request leaves them out. Absent: none. */
  readonly views?: readonly ServedView[];
}

/** A feature view as replicas join it: docs/feature-views.md. */
export interface ServedView {
  /** Its values in the store: of this definition of the view, and no other (ids.ts). */
  readonly id: string;
  readonly name: string;
  /** Inputs that name the entity; the model may not read them. */
  readonly entity: readonly ModelInput[];
  /** Names of the inputs that it gives. */
  readonly gives: readonly string[];
  /** A value whose moment is longer before the request's event time is missing. Absent: none is. */
  readonly ttlMs?: number;
  /** What becomes of a request whose value is missing: it is scored without, or refused. */
  readonly whenOld: 'missing' | 'refuse';
}

/** What a view gave to a row. */
export interface ViewMark {
  /** Inputs that the request left out: the view's, and none that the caller sent. */
  readonly gave: readonly string[];
  /** The value's, ISO-8601; absent where there is none. */
  readonly moment?: string;
  /** From the value's moment to the request's event time. */
  readonly ageMs?: number;
  /**
   * Why the inputs are missing values: the value is beyond the view's TTL; is of the request's event time or later; there is
   * none of this entity; or it could not be read, and the replica has no copy.
   */
  readonly missing?: 'old' | 'later' | 'unknown' | 'unreadable';
}

/** View → what it gave. */
export type ViewMarks = Readonly<Record<string, ViewMark>>;

export interface EndpointRollout {
  /** Workflow id of the rollout that owns the endpoint; `watermark` goes there once `until` has passed. */
  readonly id: string;
  readonly epoch: number;
  /** 0: begun; 1, 2, …: the plan's steps; one more: ended. A write of a rollout matches a smaller one. */
  readonly step: number;
  readonly stepName: string;
  readonly state: 'running' | 'finished' | 'rolled-back';
  /** Event time at which the running step is over. Set, with a revision of its own, once every live replica serves the step. */
  readonly until?: string;
}

/** A rollout's step, by name. Its start and that of its clock are two revisions of the endpoint. */
export function stepOf({ id, epoch, step }: EndpointRollout): string {
  return rolloutStepId(id, epoch, step);
}

/** Collection `endpoints`, `_id` = the endpoint's name, which is the project's. */
export interface EndpointDocument {
  readonly _id: string;
  readonly v: 1;
  readonly project: string;
  /** Raised by every write of a rollout. */
  readonly revision: number;
  readonly rollout: EndpointRollout;
  /** Absent until the first rollout's step is taken, and again if that was undone: the endpoint serves nothing. */
  readonly champion?: ServedVersion;
  readonly candidate?: ServedVersion & { readonly share: number; readonly shadow: boolean };
  readonly watch: EndpointWatch;
  /** Absent until a person sets the event clock. */
  readonly clock?: EndpointClock;
}

/** Set by a person's decision. Replicas take a higher epoch, and go on from its time. */
export interface EndpointClock {
  readonly epoch: number;
  /** Event time, ISO-8601. */
  readonly at: string;
}

/** What replicas need in order to know when a window is over and covered. */
export interface EndpointWatch {
  readonly period: Period | WindowsOfRows;
  readonly allowedLatenessMs: number;
  readonly truthCoverage: number;
  /** Truth that the world knew later than this after a window's end isn't its own. */
  readonly truthDelayMs: number;
  /** Event time up to which the version's training knew the world: a first request far ahead of it is a leap. */
  readonly knownBy: string;
  /** What a request without an event time means: it is of now, or of no time and in no window. */
  readonly withoutEventTime: 'now' | 'none';
  /** The source has no event time: requests are of the time of their receipt, which goes on where none comes. */
  readonly byReceipt?: true;
}

/** Collection `replicas`, `_id` = `<endpoint>/<replica>`. `reportedAt` is MongoDB's clock ($$NOW). */
export interface ReplicaDocument {
  readonly _id: string;
  readonly v: 1;
  readonly endpoint: string;
  readonly replica: string;
  readonly address: string;
  readonly startedAt: Date;
  readonly reportedAt: Date;
  /** The revision of the endpoint's document that this replica serves. */
  readonly revision: number;
  /** Highest event time of predictions and truths shipped to MongoDB; absent before the first. */
  readonly shippedTo?: Date;
  /** Epoch of the endpoint's clock, as this replica has taken it. Absent: 0. */
  readonly clockEpoch?: number;
  /** Event times that leapt ahead and are set aside until enough agree: the clock doesn't follow them yet. */
  readonly ahead?: { readonly count: number; readonly lowest: Date; readonly highest: Date };
  /** Nothing came for a while, and all that came is shipped: this replica doesn't hold the watermark back. */
  readonly idle?: true;
  /** Why it can't take a later revision, or can't ship: as a person reads it. */
  readonly error?: string;
  /** Requests that were not answered since this process began, by their error's code. Absent: none. */
  readonly refused?: Readonly<Record<string, number>>;
  /** Since this replica took the rollout's step, across its restarts, by version number: answers and failures of its model. */
  readonly counts: Readonly<Record<string, Answers>>;
}

export interface Answers {
  /** Answered. */
  readonly requests: number;
  /** Failed, beside those. */
  readonly errors: number;
  /** The first failure, as its error says it. */
  readonly firstError?: string;
}

/** So many rows or truths in a row, at one time far ahead, move the event clock: as many requests, or one batch. */
export const CLOCK_AGREEMENT = 20;

/** A replica is live if it reported within this, by MongoDB's clock. */
export const REPLICA_LIVE_MS = 10_000;

/** null is a missing value; a vector is an array; times are in µs since 1970. */
export type RecordedInput = string | number | boolean | readonly number[] | null;

/** Collection `predictions.<endpoint>`; immutable. */
export interface PredictionRecord {
  /** The request's id; of row i of several `<request>/<i>` (ids.ts). */
  readonly _id: string;
  readonly v: 1;
  readonly version: number;
  readonly route: 'champion' | 'candidate';
  readonly revision: number;
  /** Absent where the request had none and the definition says that it then has none: it is in no window. */
  readonly eventTime?: Date;
  readonly withoutEventTime?: true;
  /** As the model had them: those that views gave, too. */
  readonly inputs: Readonly<Record<string, RecordedInput>>;
  /** Where views gave inputs. */
  readonly views?: ViewMarks;
  readonly score: RecordedScore;
  /** Where the task has decisions. */
  readonly decision?: Decision;
  /** The candidate's unseen answer to the same request. */
  readonly shadow?: { readonly version: number; readonly score: RecordedScore };
  /** Of the control group: the caller was asked not to act on it. */
  readonly control?: true;
  /** Load that keeps the endpoint busy; never counted, never judged. */
  readonly synthetic?: true;
  readonly replica: string;
  readonly receivedAt: Date;
}

/** A prediction's inputs without those that views gave: what the caller sent. */
export function sentInputs({
  inputs,
  views = {},
}: Pick<PredictionRecord, 'inputs' | 'views'>): PredictionRecord['inputs'] {
  const given = new Set(Object.values(views).flatMap(({ gave }) => gave));
  return given.size === 0 ? inputs : Object.fromEntries(Object.entries(inputs).filter(([name]) => !given.has(name)));
}

/** Collection `conflicts.<endpoint>`: a request with other inputs under the id of a stored prediction. */
export interface ConflictingPrediction extends PredictionRecord {
  /** The id that both have. */
  readonly prediction: string;
}

/** Collection `truths.<endpoint>`; immutable, a correction is revision n+1. */
export interface TruthRecord {
  /** `<prediction id>#<revision>` */
  readonly _id: string;
  readonly v: 1;
  readonly prediction: string;
  readonly revision: number;
  /** A number, or a class's name. */
  readonly value: number | string;
  /** When the world knew it. */
  readonly knownAt: Date;
  readonly receivedAt: Date;
}

/** Collection `unmatched.<endpoint>`: truths that are kept aside, since they say nothing about a prediction. */
export interface UnmatchedTruth extends TruthRecord {
  readonly why: 'no prediction of this id' | 'another value is stored';
  /** When it was first kept aside. */
  readonly since: Date;
}

/** What a trainer's model may read, the columns of the features, or without them all that a request may bring: a version's own inputs are in its signature. */
export function modelInputs(
  definition: Pick<ProjectDefinition, 'features' | 'label' | 'source' | 'schema'>
): ModelInput[] {
  const { features } = definition;
  const names = features.length === 0 ? Object.keys(readableColumns(definition)) : columnsOfFeatures(features);
  return names.map((name) => modelInput(definition, name));
}

/** What a request says of a column. */
export function modelInput(definition: Pick<ProjectDefinition, 'source' | 'schema'>, name: string): ModelInput {
  const type = definition.source.columns[name]?.type ?? 'string';
  return {
    name,
    datatype: TYPE_FACTS[typeName(type)].datatype,
    ...(isRequired(definition, name) ? { required: true } : {}),
    ...(type === 'timestamp' ? { unit: 'us' } : {}),
    ...(widthOfVector(type) === undefined ? {} : { width: widthOfVector(type)! }),
    ...(typeName(type) === 'decimal' ? { digits: decimalDigits(type) } : {}),
  };
}

/** Rows that miss it went to quarantine: no model has learnt what that means. */
function isRequired({ schema }: Pick<ProjectDefinition, 'schema'>, name: string): boolean {
  return schema.columns.some((rule) => rule.column === name && rule.required && quarantines(rule));
}

/** What an endpoint waits for whose event time stands still. */
export function noReplica(endpoint: string): string {
  return `a replica: none is live, so event time stands still. Start one: \`mlops serve ${endpoint}\``;
}
