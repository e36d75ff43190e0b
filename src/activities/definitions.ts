/** Activities are given a definition's ref and read the record that it names. */
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Ref } from '../domain/refs';
import type { Stores } from '../stores/connect';

/** @throws MlopsError MLOPS_RECORD_MISSING: no such record, or not of this digest */
export async function definitionOf(stores: Pick<Stores, 'facts'>, ref: Ref<'definition'>): Promise<ProjectDefinition> {
  const { digest, body } = await stores.facts.get(ref);
  if (digest === ref.digest) return body.definition;
  throw new MlopsError(
    'MLOPS_RECORD_MISSING',
    'The definition of this id has another digest.',
    { id: ref.id, digest: ref.digest, found: digest },
    'Name a definition as its record does: mlops ls definitions.'
  );
}
