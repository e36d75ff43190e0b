/** The evaluation of a version outside of a cycle. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { phaseId } from '../domain/ids';
import type { EvaluateInput, EvaluateResult } from '../domain/phases';

export function runEvaluation(
  temporal: Client,
  taskQueue: string,
  input: Omit<EvaluateInput, 'v' | 'cycle'>
): Promise<EvaluateResult> {
  const cycle = `solo-${randomUUID()}` as const;
  return temporal.workflow.execute<(input: EvaluateInput) => Promise<EvaluateResult>>('evaluate', {
    workflowId: phaseId(input.project, cycle, 'evaluate'),
    taskQueue,
    args: [{ v: 1, cycle, ...input }],
    staticSummary: `evaluate ${input.version.id} alone`,
    staticDetails: `As known by ${input.asOf}.`,
  });
}
