/** Pages of records, each as a step of its own: rendered again where the renderer changed, and nothing else with it. */
import { versionLabel } from '../domain/ids';
import type { Ref } from '../domain/refs';
import { chartVersions } from '../engines/report/charts/versions';
import type { PagedSnapshot } from '../engines/report/batch-page';
import type { PagedEvaluation } from '../engines/report/evaluation-page';
import type { PageOutput } from '../engines/report/page-job';
import type { ActivityDeps } from './deps';
import { runWithHeartbeat, stepFiles } from './step/compute-job';
import { runStep } from './step/step';
import { stepVersion } from './step/step-version';

export interface RenderEvaluation {
  readonly evaluation: Ref<'evaluation'>;
  /** Whose evaluation it is: of the same run. */
  readonly version: Ref<'version'>;
}

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
        const input: PagedSnapshot = { id: snapshot.id, body };
        const output = await runWithHeartbeat<PagedSnapshot, PageOutput>(deps, 'report', input, { folder });
        return { files: stepFiles(folder, output.files), body: () => ({ of: snapshot }) };
      });
    },

    async mlopsRenderEvaluation({ evaluation, version }: RenderEvaluation): Promise<Ref<'report'>> {
      const { facts } = await deps.stores();
      const [evaluated, of] = await Promise.all([facts.get(evaluation), facts.get(version)]);
      const run = await facts.get(evaluated.body.run);
      const input: PagedEvaluation = {
        id: evaluation.id,
        body: evaluated.body,
        run: run.body,
        version: versionLabel(of.body.project, of.body.number),
      };
      const request = {
        kind: 'report',
        name: 'reportEvaluation',
        version: stepVersion('reportEvaluation'),
        params: { id: evaluation.id, records: [evaluated.record, run.record, of.record], charts: chartVersions() },
        inputs: [evaluation, evaluated.body.run, version],
      } as const;
      return runStep(deps, request, async ({ folder }) => {
        const output = await runWithHeartbeat<PagedEvaluation, PageOutput>(deps, 'reportEvaluation', input, { folder });
        return { files: stepFiles(folder, output.files), body: () => ({ of: evaluation, version }) };
      });
    },
  };
}
