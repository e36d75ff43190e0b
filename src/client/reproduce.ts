/** Making a version once more from its records. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { reproduceId, versionLabel } from '../domain/ids';
import type { ReproduceInput, ReproduceResult } from '../domain/reproduce';

export function runReproduction(
  temporal: Client,
  taskQueue: string,
  input: Omit<ReproduceInput, 'v'>
): Promise<ReproduceResult> {
  return temporal.workflow.execute<(input: ReproduceInput) => Promise<ReproduceResult>>('reproduce', {
    workflowId: reproduceId(input.project, input.version, randomUUID()),
    taskQueue,
    args: [{ v: 1, ...input }],
    staticSummary: `${versionLabel(input.project, input.version)} once more`,
    staticDetails: 'Runs each step again that made the version, and compares the bytes. It changes nothing.',
  });
}
