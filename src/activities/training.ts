/** What a training step is asked, whoever trains. */
import type { ModelInput } from '../domain/endpoint';
import type { ModelSpec } from '../domain/definition';
import type { Ref } from '../domain/refs';
import type { Split } from '../domain/split';
import type { Target } from '../domain/task';

export interface Train {
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly split: Split;
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
