/** How a version is rolled out and watched. */
import type { EventDuration, WallDuration } from '../durations';
import type { RegisteredUse } from './reader';
import type { Period, WindowsOfRows } from './time';

export interface RolloutStep {
  /** Names the step in records and notices. */
  readonly name: string;
  /** Share of requests that the candidate answers, 0…1; never smaller than the step's before. */
  readonly share: number;
  /** The candidate also scores, unseen by callers, what the champion answers. */
  readonly shadow: boolean;
  /** How much event time the step lasts. */
  readonly for: EventDuration;
}

export interface RolloutPlan {
  readonly steps: readonly RolloutStep[];
  /** A step needs so many live replicas. */
  readonly minReplicas: number;
  /** Every live replica reports the step's revision within this, else the step is undone. */
  readonly replicasWithin: WallDuration;
}

export interface MonitoringDefinition {
  /** What a window is: a period of event time, or so many predictions. */
  readonly period: Period | WindowsOfRows;
  /** How far behind the highest shipped event time the watermark stays. */
  readonly allowedLateness: EventDuration;
  /** Truth belongs to a window until this long after its end. */
  readonly truthDelay: EventDuration;
  /** Share of a window's predictions whose truth must be there before it is judged. */
  readonly truthCoverage: number;
  /** A window with fewer rows gets no verdict. */
  readonly minRows: number;
  /** A request without an event time is of the time of its receipt, or of none: then it is in no window. */
  readonly withoutEventTime: 'now' | 'none';
  readonly bias: {
    /** Smaller differences of mean prediction and mean truth are not a breach. Of the task `number` it counts in standard deviations of the training rows' labels, of `classes` for each class. */
    readonly floor: number;
    /** Confidence of the interval that must exclude 0. */
    readonly confidence: number;
  };
  readonly drift: {
    /** Smaller population stability indices are not drift, however significant they are. */
    readonly psiFloor: number;
    /** Expected share of false alarms among the columns that are called drifted (Benjamini and Hochberg). */
    readonly falseDiscoveryRate: number;
  };
}

export type TriggerRule =
  /** |mean prediction − mean truth| over the floor, its interval without 0, with one sign in all the breaches. */
  | {
      readonly on: 'bias';
      /** So many windows must breach … */
      readonly breaches: number;
      /** … of the last so many. */
      readonly outOf: number;
      /** After it has fired it stays silent for so long, or for so many windows. */
      readonly coolDown:
        | EventDuration
        | {
            /** So many windows. */
            readonly windows: number;
          };
    }
  /** The drift of a watched column is significant and above the floor. */
  | {
      readonly on: 'drift';
      /** So many windows must breach … */
      readonly breaches: number;
      /** … of the last so many. */
      readonly outOf: number;
      /** After it has fired it stays silent for so long, or for so many windows. */
      readonly coolDown:
        | EventDuration
        | {
            /** So many windows. */
            readonly windows: number;
          };
    };

export type NotifierUse =
  /** A line in the worker's log. */
  | { readonly log: true }
  /** A POST of the notice as JSON. */
  | {
      readonly webhook: {
        /** http or https. */
        readonly url: string;
        /** The environment variable of the worker that holds the signing secret; never its value. */
        readonly secretEnv?: string;
      };
    }
  | RegisteredUse;
