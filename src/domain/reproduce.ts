/** Making a version once more from its records: what the workflow is started with, and what it answers. */
import type { Plan } from './plan';
import type { Digest } from './refs';

export interface ReproduceInput {
  readonly v: 1;
  readonly project: string;
  /** Its number. */
  readonly version: number;
}

/** In their order. Each reads what the records name, not what the one before made this time. */
export const REPRODUCED_STEPS = ['label', 'fit', 'train'] as const;
export type ReproducedStep = (typeof REPRODUCED_STEPS)[number];

export interface PlannedReproduction {
  readonly plan: Plan;
  readonly searchAttributes: boolean;
}

/** Something that a step reads, or runs on, and that is not as it was when the record was made. */
export interface ChangedSince {
  /** `code`, `parameters`, or a part of the environment: `onnxruntime`, `duckdb`, `node`, `arch`, `isa`, `optimisation`. */
  readonly what: string;
  readonly recorded: string;
  readonly now: string;
}

/** An artifact whose bytes are not those on record. */
export interface OtherBytes {
  readonly name: string;
  /** Absent where the record has none of this name. */
  readonly recorded?: Digest;
  /** Absent where this time none of this name was made. */
  readonly made?: Digest;
}

/** Bytes that a step reads and that housekeeping or a retention took, or that are not in the object store. */
export interface MissingBytes {
  readonly record: string;
  readonly name: string;
  readonly digest: Digest;
}

export interface ReproducedAs {
  readonly step: ReproducedStep;
  /** Id of the recorded step. */
  readonly record: string;
  /** `identical`: the record's digest, and each artifact's. `gone`: bytes that the step reads are not there. */
  readonly outcome: 'identical' | 'differs' | 'gone';
  readonly changed: readonly ChangedSince[];
  readonly artifacts: readonly OtherBytes[];
  readonly gone: readonly MissingBytes[];
  /** How many of these are not listed. */
  readonly more: number;
  readonly seconds: number;
}

export interface ReproduceResult {
  /** `flights@3` */
  readonly version: string;
  readonly outcome: ReproducedAs['outcome'];
  /** Up to the first that is not identical. */
  readonly steps: readonly ReproducedAs[];
}
