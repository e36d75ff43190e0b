/**
 * Materializes a project's feature views: takes the newest rows of their histories, as a cycle would, and writes each entity's
 * newest value for endpoints to read. A Temporal Schedule starts it; a person may, too. Several at once do no harm: what is of a later
 * snapshot stands.
 */
import type { MaterializedView, MaterializeInput, MaterializeResult } from '../domain/materialize';
import type { Snapshots } from '../domain/phases';
import { compute, io, untilPickedUp } from './activities';
import { taken } from './ingest';
import { show } from './visible';

export async function materialize({ project, asOf: wanted }: MaterializeInput): Promise<MaterializeResult> {
  const planned = await io().mlopsPlanViews({ project, ...(wanted === undefined ? {} : { asOf: wanted }) });
  const { asOf, searchAttributes, definitions } = planned;
  const done: MaterializedView[] = [];
  for (const { definition, plan, views, sources, parents } of definitions) {
    const context = { project, searchAttributes, definition, plan, asOf, parents };
    const snapshots: Record<string, Snapshots[string]> = {};
    for (const source of sources) snapshots[source.name!] = await taken(context, source, snapshots);
    for (const { name, from } of views) {
      const visible = {
        phase: 'materialize',
        waitingFor: [],
        details: detailsOf(asOf, done, `Materializes **${name}**.`),
      };
      show(context, visible);
      const work = compute(plan).mlopsMaterializeView({ project, definition, view: name, snapshot: snapshots[from]! });
      done.push(await untilPickedUp(context, visible, work));
    }
  }
  show(
    { project, searchAttributes },
    {
      phase: 'materialize',
      waitingFor: [],
      details: detailsOf(asOf, done, done.length === 0 ? 'The project has no feature view to materialize.' : 'Done.'),
    }
  );
  return { asOf, views: done };
}

function detailsOf(asOf: string, done: readonly MaterializedView[], state: string): string {
  const lines = done.map(({ view, entities, overtaken }) =>
    overtaken === true ? `- ${view}: a later snapshot's values stand` : `- ${view}: ${entities} entities`
  );
  return [`# Feature views as of ${asOf}`, ...lines, '', state].join('\n');
}
