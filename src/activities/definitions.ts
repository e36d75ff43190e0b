/** Activities are given a definition's ref and read the record that it names. */
import type { ProjectDefinition, SchemaDefinition, SourceDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Ref } from '../domain/refs';
import { schemaOf, sourceNamed } from '../domain/sources';
import type { Stores } from '../stores/connect';
import type { ActivityDeps } from './deps';

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

/**
 * A source of the definition, and the rules that its rows keep.
 * @param name absent: the project's own
 * @throws MlopsError MLOPS_RECORD_MISSING
 */
export async function sourceOf(
  deps: ActivityDeps,
  ref: Ref<'definition'>,
  name: string | undefined
): Promise<{
  readonly definition: ProjectDefinition;
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
}> {
  const definition = await definitionOf(await deps.stores(), ref);
  const source = sourceNamed(definition, name);
  if (source !== undefined) return { definition, source, schema: schemaOf(definition, name) };
  const known = Object.keys(definition.sources).join(', ');
  throw new MlopsError(
    'MLOPS_RECORD_MISSING',
    'The definition has no such source.',
    { source: name, known },
    'Name one.'
  );
}

export function notThere(source: string, right: string): MlopsError {
  const what = 'The source has another kind of reader.';
  return new MlopsError('MLOPS_DEFINITION_INVALID', what, { source }, `Ask ${right}.`);
}
