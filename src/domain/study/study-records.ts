/** Bodies of a study's facts: each trial as it ended, and what the study chose. */
import type { ModelSpec } from '../definition';
import type { Cycle } from '../ids';
import type { Ref } from '../refs';
import type { Trial } from './trial';

/** What a trial came to on a fold: its loss on rows that neither its features nor its model learned from. */
export interface TrialFold {
  readonly loss: number;
  readonly rows: number;
  readonly features: Ref<'featureSet'>;
  readonly run: Ref<'run'>;
}

/** A trial of a study, as it ended. `_id` = `<study>/<number>`. A failed one has no run and no rows, and one of a study with folds a run for each fold alone. */
export type TrialBody = Trial & {
  readonly study: string;
  readonly model: ModelSpec;
  /** Rows that the loss is of. */
  readonly rows?: number;
  /** Absent where each fold has its own. */
  readonly features?: Ref<'featureSet'>;
  readonly run?: Ref<'run'>;
  /** In a study with folds: those that it came to, in their order. The loss is the mean of theirs. */
  readonly folds?: readonly TrialFold[];
  /** Of its rungs, in their order: each has the state from which the next one goes on. */
  readonly rungRuns?: readonly Ref<'run'>[];
};

/** Why a study has no further trial: all were run, its time was over, or a person stopped it. */
export type StudyEnd = 'trials' | 'time' | 'stopped';

/** What a study chose, of which trials, and why there are no more. `_id` = the study's. */
export interface WinnerBody {
  readonly project: string;
  readonly cycle: Cycle;
  /** Trials 1 to this one were run. */
  readonly trials: number;
  readonly ended: StudyEnd;
  /** The best of them. */
  readonly number: number;
  readonly loss: number;
  /** In a study with folds: of its model, trained on all training rows. */
  readonly features: Ref<'featureSet'>;
  readonly run: Ref<'run'>;
}
