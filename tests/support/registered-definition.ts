/** A definition's record as registering writes it, and what workflows are given of it. */
import type { ProjectDefinition } from '../../src/domain/definition';
import { type Plan, planOf } from '../../src/domain/plan';
import type { Ref } from '../../src/domain/refs';
import { digestOf } from '../../src/runtime/digest';
import type { Stores } from '../../src/stores/connect';
import { refOf } from '../../src/stores/facts';

export async function registeredDefinition(
  stores: Stores,
  definition: ProjectDefinition
): Promise<{ readonly definition: Ref<'definition'>; readonly plan: Plan }> {
  const digest = digestOf(definition);
  const { fact } = await stores.facts.commit({
    _id: `${definition.name}/${digest}`,
    kind: 'definition',
    digest,
    inputs: [],
    artifacts: [],
    body: { definition, appliedBy: 'ana' },
  });
  return { definition: refOf(fact), plan: planOf(definition) };
}
