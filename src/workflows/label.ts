import type { LabelInput } from '../domain/phases';
import type { Ref } from '../domain/refs';
import { compute, untilPickedUp } from './activities';
import { show } from './visible';

/** Labels every row of a snapshot by the definition's labeler: a label set's ref. */
export async function label(input: LabelInput): Promise<Ref<'labelSet'>> {
  const { definition, plan, snapshot } = input;
  const visible = {
    phase: 'label',
    waitingFor: [],
    details: `Labels the snapshot with **${plan.label}**.`,
  };
  show(input, visible);
  return untilPickedUp(input, visible, compute(plan).mlopsLabel({ definition, snapshot }));
}
