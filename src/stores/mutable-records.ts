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
 * | aliases     | `<project>/<alias>`           | with the endpoint, in its transaction       | rollouts.ts     |
 * | counters    | `<project>/versions`, …       | $inc, in the transaction that uses it       | counters.ts     |
 * | checkpoints | step key                      | the larger step wins                        | checkpoints.ts  |
 * | code        | `<project>/<kind>/<name>/<version>` | never, once written                         | code.ts         |
 * | artifacts   | digest                        | live → deleting                             | artifacts.ts    |
 * | chains      | project                       | with each audit event                       | audit.ts        |
 */
import type { ArtifactRef, Digest } from '../domain/refs';

export const MUTABLE_RECORDS = [
  'cycles',
  'requests',
  'endpoints',
  'replicas',
  'rollouts',
  'aliases',
  'counters',
  'checkpoints',
  'code',
  'chains',
  'artifacts',
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

/** The newest checkpoint of a running step. */
export interface CheckpointDocument {
  /** The step's key. */
  readonly _id: string;
  readonly v: 1;
  readonly step: number;
  readonly artifact: ArtifactRef;
  readonly hardware: string;
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
  readonly state: 'live' | 'deleting';
  readonly bytes: number;
  readonly touchedAt: Date;
}
