/** By what a candidate is judged, and who approves it. */
import type { WallDuration } from '../durations';

export type Objective =
  /** Labels are 0 or 1, and a prediction is the probability of 1. */
  | {
      /** What is predicted. A project keeps its task. */
      readonly task: 'binary';
      /** From this probability on the decision is 1. */
      readonly decisionThreshold: number;
      /**
       * Share of the predictions that callers don't act on, chosen by hash of their ids whatever the score: the control group. Where acting on
       * a score hides its outcome, as a blocked payment does, it alone shows what would have happened.
       */
      readonly controlShare?: number;
      /** Value of each outcome in the project's own unit, printed in the evidence. */
      readonly utility?: {
        /** A 1 that was predicted as 1. */
        readonly truePositive: number;
        /** A 0 that was predicted as 1. */
        readonly falsePositive: number;
        /** A 1 that was predicted as 0. */
        readonly falseNegative: number;
        /** A 0 that was predicted as 0. */
        readonly trueNegative: number;
        /** What the values are counted in, such as `EUR`. */
        readonly unit: string;
      };
    }
  /** Labels are numbers, and a prediction is one in their unit. */
  | {
      /** As of the first form. */
      readonly task: 'number';
      /** As of the first form. */
      readonly controlShare?: number;
    }
  /** Labels are named classes, and a prediction is a probability for each. */
  | {
      /** As of the first form. */
      readonly task: 'classes';
      /** Their names, in the order in which probabilities stand; a project keeps it. The likeliest one is predicted. */
      readonly classes: readonly string[];
      /** As of the first form. */
      readonly controlShare?: number;
    }
  /** Any of several named labels holds, and a prediction is a probability for each. */
  | {
      /** As of the first form. */
      readonly task: 'labels';
      /** Their names, 2 to 24, in the order in which probabilities stand; a project keeps it. No name has a `;`. */
      readonly labels: readonly string[];
      /** From this probability on a label is decided to hold. */
      readonly decisionThreshold: number;
      /** As of the first form. */
      readonly controlShare?: number;
    };

export interface GateSlice {
  /** A string, boolean or integer of the source that `privacy` doesn't hide. */
  readonly column: string;
  /** As the row has it, in text. Without enough such rows the gate fails. */
  readonly value?: string;
}

/** A gate's bound on a metric of the candidate, or on its paired difference to a baseline or the champion. */
export interface GateDefinition {
  /** Names the gate in evidence and notices. */
  readonly name: string;
  /** A built-in metric (below) or a registered one. */
  readonly metric: string;
  /** `value`: the metric itself. `baseline`: minus that of predicting the mean of the training rows' labels. `champion`: minus the champion's, paired. */
  readonly against: 'value' | 'baseline' | 'champion';
  /**
   * Only on the test rows with a value of a column: with `value` on those, without it on each value of `split.minTestRows` rows or more (the
   * 20 that most rows have), all of which must pass. An end of an interval is then Holm's for all of them together.
   */
  readonly slice?: GateSlice;
  /** The gate fails below it. */
  readonly atLeast?: number;
  /** The gate fails above it. */
  readonly atMost?: number;
  /** What is held against them: the estimate, or an end of its interval (`low` with atLeast asks that the metric is surely high enough). */
  readonly bound: 'estimate' | 'low' | 'high';
  /** `blocking` rejects without asking a person; `advisory` is shown to the approver. */
  readonly severity: 'blocking' | 'advisory';
}

export interface ApprovalPolicy {
  /** Approvals that approve a request. */
  readonly approversNeeded: number;
  /** Rejections that reject it. */
  readonly rejectsNeeded: number;
  /** People, or `role:<name>`. */
  readonly approvers: readonly string[];
  /** People by role. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Whether those who started the cycle or applied the definition may decide. */
  readonly allowSelfApproval: boolean;
  /** After this the request expires. */
  readonly deadline: WallDuration;
  /** An approved version may be rolled out until this long after its request was closed. */
  readonly validFor: WallDuration;
  /** Reminders this long after the request was opened. */
  readonly reminders: readonly WallDuration[];
  /** A trigger that waits this long closes the open request as superseded. */
  readonly supersedeAfter?: WallDuration;
}
