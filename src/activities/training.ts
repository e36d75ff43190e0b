/** What a training step is asked, whoever trains. */
import type { ModelInput } from '../domain/endpoint';
import type { ModelDefinition } from '../domain/definition';
import type { SplitPeriods } from '../domain/records';
import type { Ref } from '../domain/refs';

export interface Train {
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly split: SplitPeriods;
  readonly model: ModelDefinition;
  readonly minTrainRows: number;
  /** What a version declares: the columns that requests bring. */
  readonly inputs: readonly ModelInput[];
}

export function trainingRows(split: SplitPeriods): { to: string; knownBy: string } {
  return { to: split.train.to, knownBy: split.knownBy };
}
