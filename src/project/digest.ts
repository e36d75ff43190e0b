import { digestOf } from '../runtime/digest';
import type { ProjectDefinition } from '../domain/definition';
import type { Digest } from '../domain/refs';

/** The definition's name for its content: a cycle is pinned to it. */
export function definitionDigest(definition: ProjectDefinition): Digest {
  return digestOf(definition);
}
