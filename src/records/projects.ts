/** Projects, which have no record of their own: their definitions and cycles tell of them. */
import type { CycleDocument } from '../domain/records';
import type { ProjectSummary } from './kinds';
import type { RecordStores } from './stores';

export async function listProjects(stores: RecordStores, project?: string): Promise<ProjectSummary[]> {
  const { facts, moving } = stores;
  const [definitions, cycles, champions] = await Promise.all([
    facts
      .collection('definition')
      .aggregate<{ _id: string; digest: string }>([
        { $match: project === undefined ? {} : { 'body.definition.name': project } },
        { $sort: { 'made.at': 1 } },
        { $group: { _id: '$body.definition.name', digest: { $last: '$digest' } } },
      ])
      .toArray(),
    moving.cycles
      .aggregate<{ _id: string; cycles: number; last: CycleDocument }>([
        { $match: project === undefined ? {} : { project } },
        { $sort: { startedAt: 1 } },
        { $group: { _id: '$project', cycles: { $sum: 1 }, last: { $last: '$$ROOT' } } },
      ])
      .toArray(),
    moving.aliases.find(project === undefined ? {} : { _id: `${project}/champion` }).toArray(),
  ]);
  const names = [...new Set([...definitions, ...cycles].map(({ _id }) => _id))].sort();
  return names.map((name) => {
    const definition = definitions.find(({ _id }) => _id === name);
    const begun = cycles.find(({ _id }) => _id === name);
    const champion = champions.find(({ _id }) => _id === `${name}/champion`);
    return {
      _id: name,
      ...(definition === undefined ? {} : { definition: definition.digest }),
      cycles: begun?.cycles ?? 0,
      ...(begun === undefined ? {} : { cycle: begun.last }),
      ...(champion === undefined ? {} : { champion: champion.number }),
    };
  });
}
