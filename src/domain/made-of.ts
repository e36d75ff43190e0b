/** What a snapshot is made of, by its record. Pure. */
import type { Fact } from './records';
import type { Ref } from './refs';

/** What its statement or join read: neither the one that it grew from nor the one that it was judged beside. */
export function madeOfSnapshots({ inputs, body }: Pick<Fact<'snapshot'>, 'inputs' | 'body'>): Ref<'snapshot'>[] {
  const others = [body.parent?.id, body.judgedBeside?.id];
  return inputs.filter((ref): ref is Ref<'snapshot'> => ref.kind === 'snapshot' && !others.includes(ref.id));
}
