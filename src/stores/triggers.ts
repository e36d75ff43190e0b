/** Triggers that count: each is an event of the audit, of the person's message or of the workflow that sent it. */
import type { AuditEvent } from '../domain/audit-event';
import { lifecycleId } from '../domain/ids';
import type { ImportedModel } from '../domain/imported-model';
import { MESSAGES, type OperatorAnswer, type Trigger } from '../domain/messages';
import type { Stores } from './connect';
import { usedTriggers } from './cycles';
import { collection } from './mongo';

/** The audit event of what a person asked of a lifecycle. */
export const operatorEventId = (project: string, message: string, id: string): string =>
  `operator ${project} ${message} ${id}`;
const triggerEventId = (project: string, id: string): string => `trigger ${project} ${id}`;

/** @param from the workflow that sent it */
export async function recordTrigger(stores: Stores, project: string, trigger: Trigger, from: string): Promise<void> {
  await stores.audit.record({
    id: triggerEventId(project, trigger.id),
    project,
    what: 'trigger received',
    by: 'temporal-mlops',
    detail: { trigger, from, lifecycle: lifecycleId(project) },
  });
}

/** The trigger of this id as it was recorded. */
export async function recordedTrigger(stores: Stores, project: string, id: string): Promise<Trigger | undefined> {
  const event =
    (await stores.audit.find(operatorEventId(project, MESSAGES.retrain, id))) ??
    (await stores.audit.find(operatorEventId(project, MESSAGES.import, id))) ??
    (await stores.audit.find(triggerEventId(project, id)));
  return event?.detail.trigger as Trigger | undefined;
}

/** Imports that were asked for, wait for their cycles, and that no `stop` has ended since; of all projects. */
export async function* waitingImports(stores: Stores): AsyncGenerator<ImportedModel> {
  for (const project of await stores.audit.projects()) {
    const stopped = await lastAccepted(stores, project, MESSAGES.stop);
    for await (const { sequence, detail } of operatorEvents(stores, project, MESSAGES.import)) {
      const { id, imports } = (detail.trigger ?? {}) as Partial<Trigger>;
      if (id === undefined || imports === undefined || sequence < stopped) continue;
      if (!(await usedTriggers(stores, project, [id])).has(id)) yield imports;
    }
  }
}

/** Its place in the chain; 0 where there is none. */
async function lastAccepted(stores: Stores, project: string, message: string): Promise<number> {
  let last = 0;
  for await (const { sequence, detail } of operatorEvents(stores, project, message))
    if ((detail.answer as Partial<OperatorAnswer>).outcome === 'accepted') last = Math.max(last, sequence);
  return last;
}

function operatorEvents(stores: Stores, project: string, message: string): AsyncIterable<AuditEvent> {
  const from = operatorEventId(project, message, '');
  return collection(stores, 'audit').find({ _id: { $gte: from, $lt: `${from}\uffff` } });
}
