/** What a training step is asked, whoever trains. */
import type { ModelInput } from '../domain/endpoint';
import type { ModelDefinition } from '../domain/definition';
import type { Ref } from '../domain/refs';
import type { Split } from '../domain/split';

export interface Train {
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly split: Split;
  readonly model: ModelDefinition;
  readonly minTrainRows: number;
  /** What a version declares: the columns that requests bring. */
  readonly inputs: readonly ModelInput[];
}
