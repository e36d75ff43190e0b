/** What changed in the definition since the champion's: approvers of a version approve that, too. */
import type { ProjectDefinition } from '../../domain/definition';
import { definitionChanges } from '../../domain/definition-changes';
import { championOf } from '../../stores/aliases';
import type { Stores } from '../../stores/connect';

/** Lines for approvers; none without a champion. */
export async function changesSinceChampion(
  stores: Stores,
  project: string,
  definition: ProjectDefinition
): Promise<string[]> {
  const champion = await championOf(stores, project);
  if (champion === null) return [];
  const version = await stores.facts.get({ kind: 'version', id: champion.version });
  const before = (await stores.facts.get(version.body.definition)).body.definition;
  return definitionChanges(before, definition).map((change) => `changed since the champion’s definition: ${change}`);
}
