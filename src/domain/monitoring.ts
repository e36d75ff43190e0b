/** What a window of an endpoint says, and what follows from it. Pure types; the numbers come from stats/. */

import type { TriggerRule } from './definition';
import type { Interval } from './evaluation';
import type { RuleResult } from './records';
import type { Ref } from './refs';
import type { TimeRange } from './period';

export interface FeatureDrift {
  readonly column: string;
  /** Population stability index. */
  readonly value: number;
  /** What of it is more than chance leads to expect; compared with `limit`. */
  readonly effect: number;
  readonly limit: number;
  readonly pValue: number;
  /** Share of the window's rows with a category that the reference lacks, or a number outside its range. */
  readonly unseen: number;
  /** Share of the window's rows without a value. */
  readonly missing: number;
  readonly verdict: 'drift' | 'none' | 'insufficient data';
}

export interface DataQuality {
  /** `failed` where a rule that isn't only for information failed. */
  readonly verdict: 'passed' | 'failed';
  readonly rules: readonly (RuleResult & {
    /** Share of the checked rows that may break it, of a rule without `mostly`. */
    readonly limit?: number;
  })[];
}

export interface BiasVerdict {
  /** Of classes and labels: the one that the rest is of. */
  readonly class?: string;
  readonly meanPrediction: number;
  readonly meanTruth: number;
  /** mean prediction − mean truth, by day blocks */
  readonly gap: Interval;
  readonly verdict: 'above' | 'below' | 'none' | 'insufficient data';
}

export interface WindowTrigger {
  readonly on: TriggerRule['on'];
  readonly detail: string;
  readonly outcome: 'fired' | 'suppressed: data quality' | 'suppressed: cool-down';
}

/** Records of a window that are broken: it is judged without them. */
export interface SetAside {
  readonly records: number;
  /** The first few, each with its prediction's id. */
  readonly examples: readonly { readonly prediction: string; readonly why: string }[];
}

/** A judged window. `_id` = `<endpoint>/<from>/r<revision>`; revision 0 is the verdict, later ones are corrections. */
export interface WindowBody {
  readonly endpoint: string;
  readonly period: TimeRange;
  readonly revision: number;
  /** By whose rules it is judged; its corrections, too. */
  readonly definition: Ref<'definition'>;
  /** Number of the version that answered most of the window; the rows are its own. */
  readonly version: number;
  /** Event time up to which truths were known to this verdict: when enough had come, or were waited for no longer. */
  readonly asOf: string;
  /** How often a person had set the event clock by then. Absent: never. */
  readonly clockEpoch?: number;
  readonly rows: number;
  readonly truths: number;
  readonly coverage: number;
  readonly dataQuality: DataQuality;
  readonly drift: readonly FeatureDrift[];
  readonly scoreDrift?: FeatureDrift;
  readonly bias: BiasVerdict;
  readonly quality: Readonly<Record<string, Interval>>;
  /** Absent where none was. */
  readonly setAside?: SetAside;
  readonly triggers: readonly WindowTrigger[];
}
