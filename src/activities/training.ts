/** What a training step is asked, whoever trains. */
import type { ModelInput } from '../domain/endpoint';
import type { ModelSpec } from '../domain/definition';
import type { Ref } from '../domain/refs';
import type { Fold } from '../domain/folds';
import { type Part, partOf, type RowFilter, type Split } from '../domain/split';
import type { Target } from '../domain/task';

export interface Train {
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly split: Split;
  /** Of a study: learns from this fold's rows alone. Default: the split's training rows. */
  readonly fold?: Fold;
  readonly model: ModelSpec;
  readonly task: Target;
  readonly minTrainRows: number;
  /** A network's run ends after so many epochs, and its state is an artifact. Default: after all of them. */
  readonly epochs?: number;
  /** A run of the same model that ended after fewer epochs: it saves time and nothing else. */
  readonly from?: Ref<'run'> | undefined;
  /** What a version declares: the columns that requests bring. */
  readonly inputs: readonly ModelInput[];
}

/** A part of the split, or of a fold of its training rows; undefined where the split has no such part. */
export function rowsOf(of: Pick<Train, 'split' | 'fold'>, part: 'train'): RowFilter;
export function rowsOf(of: Pick<Train, 'split' | 'fold'>, part: Exclude<Part, 'test'>): RowFilter | undefined;
export function rowsOf(
  { split, fold }: Pick<Train, 'split' | 'fold'>,
  part: Exclude<Part, 'test'>
): RowFilter | undefined {
  return fold === undefined ? partOf(split, part) : fold[part];
}
