import type { WorkflowHandle } from '@temporalio/client';
import { eventually } from '../support/eventually';

/**
 * Until the monitor waits for what may come: its last event is the timer of that wait. A timer stands beside what an activity
 * is waited for, too, so none may be running, by the same history.
 */
export async function rests(handle: WorkflowHandle): Promise<void> {
  await eventually('that it waits', async () => {
    const events = (await handle.fetchHistory()).events ?? [];
    const running = new Set<string>();
    for (const event of events) {
      if (event.activityTaskScheduledEventAttributes) running.add(String(event.eventId));
      const ended =
        event.activityTaskCompletedEventAttributes ??
        event.activityTaskFailedEventAttributes ??
        event.activityTaskTimedOutEventAttributes ??
        event.activityTaskCanceledEventAttributes;
      if (ended) running.delete(String(ended.scheduledEventId));
    }
    return running.size === 0 && events.at(-1)?.timerStartedEventAttributes ? true : undefined;
  });
}
