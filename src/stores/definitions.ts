/** Registered definitions: facts, `_id` = `<project>/<digest>`. */
import type { Digest } from '../domain/refs';
import { facts, type Store } from './mongo';

export interface NewestDefinition {
  readonly project: string;
  readonly digest: Digest;
}

/** Of each project the definition that was registered last. */
export async function newestDefinitions(store: Store, project?: string): Promise<NewestDefinition[]> {
  return facts(store, 'definition')
    .aggregate<NewestDefinition>([
      ...(project === undefined ? [] : [{ $match: { 'body.definition.name': project } }]),
      { $sort: { 'body.definition.name': 1, 'made.at': 1 } },
      { $group: { _id: '$body.definition.name', digest: { $last: '$digest' } } },
      { $project: { _id: 0, project: '$_id', digest: 1 } },
    ])
    .toArray();
}

/** Names of all projects that ever registered one. */
export async function definedProjects(store: Store): Promise<string[]> {
  return (await newestDefinitions(store)).map(({ project }) => project);
}
