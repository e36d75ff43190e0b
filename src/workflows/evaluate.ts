import { executeChild, workflowInfo } from '@temporalio/workflow';
import { phaseId } from '../domain/ids';
import type { EvaluateInput, EvaluateResult } from '../domain/phases';
import type { Ref } from '../domain/refs';
import { partsInWords } from '../domain/plan';
import { filterWords } from '../domain/split';
import { compute, io, untilPickedUp } from './activities';
import { ingest } from './ingest';
import { label } from './label';
import { rendered } from './report';
import { described, show } from './visible';

/** Scores a version, and the champion beside it, on the same later rows, and judges the gates. */
export async function evaluate(input: EvaluateInput): Promise<EvaluateResult> {
  const { definition, plan, asOf, version, champion, period } = input;
  const rows = period === undefined ? partsInWords(plan.split, asOf).test : filterWords(period);
  const visible = {
    phase: 'evaluate',
    waitingFor: [],
    details: `Evaluates ${version.id} on the rows of ${rows}, as known by ${asOf}${champion === undefined ? '; there is no champion' : `, beside the champion ${champion.id}`}.`,
  };
  show(input, visible);
  const snapshot = input.snapshot ?? (await ingested(input));
  const labelSet = input.labelSet ?? (await labeled(input, snapshot));
  const work = compute(plan).mlopsEvaluate({
    definition,
    version,
    ...(champion === undefined ? {} : { champion }),
    snapshot,
    labelSet,
    ...(period === undefined ? {} : { period }),
    knownBy: asOf,
  });
  const judged = await untilPickedUp(input, visible, work);
  const { evaluation } = judged;
  const page = await rendered(plan, (activities) => activities.mlopsRenderEvaluation({ evaluation, version }));
  return { ...judged, page };
}

async function ingested(input: EvaluateInput): Promise<Ref<'snapshot'>> {
  const parent = await io(input.plan).mlopsSnapshotOf({ version: input.version });
  const { snapshot } = await executeChild(ingest, {
    workflowId: phaseId(input.project, input.cycle, 'ingest'),
    args: [{ ...contextOf(input), asOf: input.asOf, parent }],
    ...described(`ingest for ${workflowInfo().workflowId}`, `Rows known by ${input.asOf}.`),
  });
  return snapshot;
}

async function labeled(input: EvaluateInput, snapshot: Ref<'snapshot'>): Promise<Ref<'labelSet'>> {
  return executeChild(label, {
    workflowId: phaseId(input.project, input.cycle, 'label'),
    args: [{ ...contextOf(input), snapshot }],
    ...described(`label for ${workflowInfo().workflowId}`, `Labels of snapshot ${snapshot.digest}.`),
  });
}

function contextOf({ v, project, cycle, definition, plan, searchAttributes }: EvaluateInput) {
  return { v, project, cycle, definition, plan, searchAttributes };
}
