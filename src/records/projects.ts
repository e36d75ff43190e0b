/** Projects, which have no record of their own: they are found by their definitions and cycles. */
import { championAlias } from '../domain/ids';
import { allAliases, championOf } from '../stores/aliases';
import { cyclesByProject } from '../stores/cycles';
import { newestDefinitions } from '../stores/definitions';
import type { ProjectSummary } from './kinds';
import type { RecordStores } from './stores';

export async function listProjects(stores: RecordStores, project?: string): Promise<ProjectSummary[]> {
  const [definitions, cycles, champions] = await Promise.all([
    newestDefinitions(stores, project),
    cyclesByProject(stores, project),
    championNumbers(stores, project),
  ]);
  const names = [...new Set([...definitions, ...cycles].map((one) => one.project))].sort();
  return names.map((name) => {
    const definition = definitions.find((one) => one.project === name);
    const begun = cycles.find((one) => one.project === name);
    const champion = champions.get(championAlias(name));
    return {
      _id: name,
      ...(definition === undefined ? {} : { definition: definition.digest }),
      cycles: begun?.cycles ?? 0,
      ...(begun === undefined ? {} : { cycle: begun.last }),
      ...(champion === undefined ? {} : { champion }),
    };
  });
}

async function championNumbers(stores: RecordStores, project?: string): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>();
  if (project === undefined) for await (const { _id, number } of allAliases(stores)) numbers.set(_id, number);
  else {
    const champion = await championOf(stores, project);
    if (champion !== null) numbers.set(champion._id, champion.number);
  }
  return numbers;
}
