/** Materializing a project's feature views: by a person, and by a Temporal Schedule of the project's. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { materializeId, materializeSchedule } from '../domain/ids';
import type { MaterializeInput, MaterializeResult } from '../domain/materialize';
import type { Scheduled } from './schedule';

export function runMaterialize(
  temporal: Client,
  taskQueue: string,
  input: Omit<MaterializeInput, 'v'>
): Promise<MaterializeResult> {
  return temporal.workflow.execute<(input: MaterializeInput) => Promise<MaterializeResult>>('materialize', {
    workflowId: materializeId(input.project, randomUUID()),
    taskQueue,
    args: [{ v: 1, ...input }],
    staticSummary: `feature views of ${input.project}`,
    staticDetails:
      "Writes each entity's newest values for endpoints. **Current details**, beside this, say how far it is.",
  });
}

export function scheduledMaterialize(taskQueue: string, project: string): Scheduled {
  const input: MaterializeInput = { v: 1, project };
  return { scheduleId: materializeSchedule(project), workflowType: 'materialize', taskQueue, input };
}
