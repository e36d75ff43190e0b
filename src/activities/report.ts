/** The page of a snapshot, as a step of its own: rendered again where the renderer changed, and nothing else with it. */
import type { Ref } from '../domain/refs';
import type { PagedSnapshot } from '../engines/report/batch-page';
import type { PageOutput } from '../engines/report/page-job';
import type { ActivityDeps } from './deps';
import { runWithHeartbeat, stepFiles } from './step/compute-job';
import { runStep } from './step/step';
import { stepVersion } from './step/step-version';

export function reportActivities(deps: ActivityDeps) {
  return {
    async mlopsRenderReport({ snapshot }: { readonly snapshot: Ref<'snapshot'> }): Promise<Ref<'report'>> {
      const { body, record } = await (await deps.stores()).facts.get(snapshot);
      const request = {
        kind: 'report',
        name: 'report',
        version: stepVersion('report'),
        // The page shows the whole record, of which the snapshot's digest names the rows alone.
        params: { id: snapshot.id, record },
        inputs: [snapshot],
      } as const;
      return runStep(deps, request, async ({ folder }) => {
        const output = await runWithHeartbeat<PagedSnapshot, PageOutput>(
          deps,
          'report',
          { id: snapshot.id, body },
          { folder }
        );
        return { files: stepFiles(folder, output.files), body: () => ({ snapshot }) };
      });
    },
  };
}
