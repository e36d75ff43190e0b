/** Evaluation: a candidate, and the champion beside it, on the same later rows; and the gates' verdicts. */
import { digestOf } from '../runtime/digest';
import { type EvaluationBody, headline } from '../domain/evaluation';
import { judgeGates } from '../domain/gates';
import type { EvaluateResult } from '../domain/phases';
import type { Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import type { TimeRange } from '../domain/period';
import { anyTime, mayHaveSeen, partOf, type RowFilter, splitAt } from '../domain/split';
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { EvaluateJobInput, EvaluateJobOutput } from '../engines/evaluate/evaluate-job';
import { localCopies } from './step/artifact-cache';
import { numericEnvironment, runWithHeartbeat, stepFiles } from './step/compute-job';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { artifactNamed, labelledRequest, shardsOf } from './step/inputs';
import { versionedMetrics, withRegisteredMetrics } from './registered/metrics';
import { runStep } from './step/step';
import { stepVersion } from './step/step-version';

export interface Evaluate {
  readonly definition: Ref<'definition'>;
  readonly version: Ref<'version'>;
  readonly champion?: Ref<'version'>;
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  /** Of a split by time. Default: the test rows of the definition's split. */
  readonly period?: TimeRange;
  readonly knownBy: string;
}

export function evaluateActivities(deps: ActivityDeps) {
  return {
    async mlopsEvaluate(evaluate: Evaluate): Promise<Omit<EvaluateResult, 'page'>> {
      const { snapshot, labelSet, period, knownBy } = evaluate;
      const stores = await deps.stores();
      const defined = await definitionOf(stores, evaluate.definition);
      const { gates, metrics, objective, cluster, slices } = defined;
      const windows = defined.monitoring.period;
      const minRows = defined.split.minTestRows;
      const test = testRows(defined, period, knownBy);
      const run = await runOf(deps, evaluate.version);
      const championRun = evaluate.champion === undefined ? undefined : await runOf(deps, evaluate.champion);
      const runRef = { kind: 'run', id: run._id, digest: run.digest } as const;
      const championRef =
        championRun === undefined
          ? undefined
          : ({ kind: 'run', id: championRun._id, digest: championRun.digest } as const);
      // Keyed by runs and not by versions: the same question asked in another project is the same evaluation.
      const request = {
        kind: 'evaluation',
        name: 'evaluate',
        version: stepVersion('evaluate'),
        params: {
          test,
          cluster,
          gates,
          metrics: await versionedMetrics(deps, metrics),
          objective,
          windows,
          minRows,
          slices,
        },
        inputs: [runRef, snapshot, labelSet, ...(championRef === undefined ? [] : [championRef])],
        environment: numericEnvironment(),
      } as const;
      const contaminated = [run, ...(championRun === undefined ? [] : [championRun])].some(({ body }) =>
        mayHaveSeen(body.split, test)
      );
      const ref = await runStep(deps, request, async ({ folder }) => {
        const [data, labels] = await Promise.all([stores.facts.get(snapshot), stores.facts.get(labelSet)]);
        const [model, champion] = await localCopies(deps, stores, [
          artifactNamed(run, 'model'),
          ...(championRun === undefined ? [] : [artifactNamed(championRun, 'model')]),
        ]);
        const trained = partOf(run.body.split, 'train');
        const history = data.body.eventTime === undefined ? [] : await shardsOf(deps, stores, data, trained);
        const input: EvaluateJobInput = {
          ...(await labelledRequest(deps, stores, data, labels, test)),
          model: model as string,
          ...(champion === undefined ? {} : { champion }),
          trained: { where: trained, shards: history },
          cluster,
          privacy: data.body.privacy,
          windows,
          baseline: run.body.baseline,
          objective,
          minRows,
          slices,
          gates,
        };
        const output = await runWithHeartbeat<EvaluateJobInput, EvaluateJobOutput>(deps, 'evaluate', input, { folder });
        const evaluation = await withRegisteredMetrics(deps, metrics, output, { request: input, folder });
        return {
          files: stepFiles(folder, output.files),
          body: (): EvaluationBody => ({
            run: runRef,
            ...(championRef === undefined ? {} : { championRun: championRef }),
            contaminated,
            comparisonDigest: digestOf([run.digest, snapshot.digest, labelSet.digest, anyTime(test), gates]),
            test,
            evaluation,
            gates: judgeGates(gates, evaluation, contaminated),
          }),
        };
      });
      const { body } = await stores.facts.get(ref);
      const { rows } = body.evaluation;
      return {
        evaluation: ref,
        gates: body.gates,
        rows,
        contaminated: body.contaminated,
        metrics: headline(body.evaluation),
      };
    },
  };
}

/** @throws MlopsError MLOPS_USAGE: a period of rows whose split is not by time */
function testRows(definition: ProjectDefinition, period: TimeRange | undefined, knownBy: string): RowFilter {
  if (period === undefined) return partOf(splitAt(definition, knownBy), 'test');
  if (definition.split.by === 'time') return { ...period, knownBy };
  throw new MlopsError(
    'MLOPS_USAGE',
    'A period can be evaluated only where the split is by time.',
    { project: definition.name, split: definition.split.by, ...period },
    'Leave out --from and --to: the test rows of the split are evaluated.'
  );
}

async function runOf(deps: ActivityDeps, version: Ref<'version'>): Promise<Fact<'run'>> {
  const { facts } = await deps.stores();
  return facts.get((await facts.get(version)).body.run);
}
