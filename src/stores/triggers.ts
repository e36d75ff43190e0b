/** Triggers that count: each is an event of the audit, of the person's message or of the workflow that sent it. */
import { lifecycleId } from '../domain/ids';
import { MESSAGES, type Trigger } from '../domain/messages';
import type { Stores } from './connect';

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
