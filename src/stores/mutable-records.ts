/**
 * The mutable records, in one place; all else is a fact and never changes. Each document has a revision (or an order
 * of its own) and is changed by compare-and-set on it, so that a late or second attempt can't undo a newer one.
 *
 * | collection  | `_id`                         | changes by                                  | file            |
 * | ----------- | ----------------------------- | ------------------------------------------- | --------------- |
 * | cycles      | `<project>/<cycle>`           | revision, counted by its workflow           | cycles.ts       |
 * | requests    | `<project>/<cycle>`           | revision; closed once                       | requests.ts     |
 * | endpoints   | endpoint                      | rollout epoch and step                      | rollouts.ts     |
 * | rollouts    | `<workflow id>/<run id>`      | ended once                                  | rollouts.ts     |
 * | replicas    | `<endpoint>/<replica>`        | its own replica alone                       | replicas.ts     |
 * | clocks      | endpoint                      | its epoch; within one it only advances      | clocks.ts       |
 * | late        | `<endpoint>/<day>`            | its mark                                    | late.ts         |
 * | aliases     | `<project>/<alias>`           | with the endpoint, in its transaction       | rollouts.ts     |
 * | counters    | `<project>/versions`, …       | $inc, in the transaction that uses it       | counters.ts     |
 * | checkpoints | step key                      | the larger step wins                        | checkpoints.ts  |
 * | code        | `<project>/<kind>/<name>/<version>` | never, once written                         | code.ts         |
 * | projects    | project                       | revision: the definition in force            | definitions.ts  |
 * | views       | `<project>/<view>/<digest>`   | its order: an older one never writes        | view-values.ts  |
 * | viewValues  | `<view>/<entity>`             | with its view, in one transaction           | view-values.ts  |
 * | artifacts   | digest                        | touchedAt; live → deleting → deleted        | artifacts.ts, taking.ts |
 * | holds       | a person's id for it          | released once                               | holds.ts        |
 * | chains      | project                       | with each audit event                       | audit.ts        |
 */
import type { BytesOf } from '../domain/housekeeping';
import type { ArtifactRef, Digest, Ref } from '../domain/refs';

export const MUTABLE_RECORDS = [
  'cycles',
  'requests',
  'endpoints',
  'replicas',
  'clocks',
  'late',
  'rollouts',
  'aliases',
  'counters',
  'checkpoints',
  'projects',
  'code',
  'views',
  'viewValues',
  'chains',
  'artifacts',
  'holds',
] as const;

export interface AliasDocument {
  /** `<project>/champion` */
  readonly _id: string;
  readonly v: 1;
  readonly revision: number;
  readonly version: string;
  readonly number: number;
  readonly digest: Digest;
}

/** The definition that a project goes by, from its first on. */
export interface ProjectDocument {
  /** The project. */
  readonly _id: string;
  readonly v: 1;
  readonly revision: number;
  readonly definition: Ref<'definition'>;
  /** Who put it in force: the name that was given, and the caller's identity by Temporal. */
  readonly appliedBy: string;
  readonly callerIdentity: string;
  readonly since: Date;
  /** A definition that waits until people approve it under the policy in force. */
  readonly proposed?: {
    readonly definition: Ref<'definition'>;
    readonly by: string;
    readonly callerIdentity: string;
    /** `<project>/policy-<n>` */
    readonly request: string;
  };
  /** How many definitions have been proposed: each has a request of its own. */
  readonly proposals: number;
}

/** How far an endpoint's event time has come. */
export interface ClockDocument {
  /** The endpoint. */
  readonly _id: string;
  readonly v: 1;
  readonly epoch: number;
  readonly highest: Date;
}

/** An hour of event time that records came late for. */
export interface LateHour {
  /** `<endpoint>/<yyyy-mm-ddThh>` */
  readonly _id: string;
  readonly v: 1;
  readonly endpoint: string;
  /** The least event time that came late and isn't counted, ISO-8601. */
  readonly from: string;
  /** The greatest. */
  readonly to: string;
  /** Another one each time. */
  readonly mark: string;
}

/** The newest checkpoint of a running step. */
export interface CheckpointDocument {
  /** The step's key. */
  readonly _id: string;
  readonly v: 1;
  readonly step: number;
  readonly artifact: ArtifactRef;
  readonly hardware: string;
  /** Objects of the one before, to be removed. */
  readonly replaces: readonly Digest[];
}

/** A feature view that was materialized: which snapshot its values are of. */
export interface ViewDocument {
  readonly _id: string;
  readonly v: 1;
  readonly project: string;
  readonly name: string;
  /** The definition that it was made by last. */
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
  /** Its snapshot's. */
  readonly asOf: string;
  /** What is materialized of a later snapshot has a greater one. */
  readonly order: string;
  /** Counts its batches. */
  readonly revision: number;
  /** By MongoDB's clock: when a batch was written last. */
  readonly touchedAt: Date;
  /** All values are those of the snapshot; absent while they are written. */
  readonly done?: { readonly at: Date; readonly entities: number };
}

/** An entity's newest value in a feature view. */
export interface ViewValueDocument {
  readonly _id: string;
  readonly v: 1;
  readonly view: string;
  readonly order: string;
  /** Event time of the value in microseconds since 1970. */
  readonly moment: number;
  /** null: missing. */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

export interface CodeDocument {
  readonly _id: string;
  readonly v: 1;
  readonly source: Digest;
}

export interface CounterDocument {
  readonly _id: string;
  readonly v: 1;
  readonly value: number;
}

/** The end of a project's audit chain. */
export interface ChainHead {
  /** The project. */
  readonly _id: string;
  readonly v: 1;
  readonly sequence: number;
  readonly digest: Digest;
}

export interface ArtifactDocument {
  readonly _id: Digest;
  readonly v: 1;
  /** `deleted`: its bytes were taken, and its document says when and why. */
  readonly state: 'live' | 'deleting' | 'deleted';
  readonly bytes: number;
  /** By MongoDB's clock: when somebody last put it, or wrote or reused a record that names it. */
  readonly touchedAt: Date;
  /** How often its bytes came again after they were taken: a part of its object's key, so that no key is used twice. */
  readonly generation: number;
  /** Since it is `deleting`; `run` of housekeeping. */
  readonly taken?: { readonly at: Date; readonly what: BytesOf; readonly why: string; readonly run: string };
}
