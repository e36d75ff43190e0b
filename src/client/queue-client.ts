/** A client's own queue, those of other projects, and who polls them. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { lifecycleId } from '../domain/ids';
import { COMPUTE_SUFFIX, LIGHT_SUFFIX } from '../domain/queues';
import { type Pollers, pollersOf, requirePollers } from '../runtime/pollers';
import { call, callOnce } from './call';

/** A worker that is there polls within this; with the time that a process takes to start, a person has an answer within 5 s. */
export const NO_WORKER_AFTER_MS = 4_000;

export class QueueClient {
  readonly temporal: Client;
  readonly taskQueue: string;

  constructor(temporal: Client, taskQueue: string) {
    this.temporal = temporal;
    this.taskQueue = taskQueue;
  }

  /**
   * Sends a signal as it is: it is not checked, and has no answer.
   * @throws MlopsError MLOPS_NOT_FOUND: no such workflow runs
   */
  signal(workflowId: string, name: string, payload: unknown): Promise<void> {
    return callOnce(() => this.temporal.workflow.getHandle(workflowId).signal(name, payload));
  }

  /** Pollers of a queue's workflow and activity tasks, by the server's word. */
  pollers(queue: string = this.taskQueue): Promise<Pollers> {
    return call(() => pollersOf(this.temporal, queue));
  }

  computePollers(): Promise<Pollers> {
    return this.pollers(`${this.taskQueue}${COMPUTE_SUFFIX}`);
  }

  /** Of the queue of short compute work. */
  lightPollers(): Promise<Pollers> {
    return this.pollers(`${this.taskQueue}${LIGHT_SUFFIX}`);
  }

  /** The queue that a project's lifecycle runs on, whatever this client's own is; of a project without one this client's. */
  queueOf(project: string): Promise<string> {
    return call(async () => {
      try {
        return (await this.temporal.workflow.getHandle(lifecycleId(project)).describe()).taskQueue;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return this.taskQueue;
        throw error;
      }
    });
  }

  /** A message to a queue that no worker polls would wait in silence. A server that can't say (a test server) is trusted. */
  requireWorker(withinMs: number = NO_WORKER_AFTER_MS, queue: string = this.taskQueue): Promise<void> {
    return call(() => requirePollers(this.temporal, queue, withinMs));
  }
}
