/** Lifecycles of a test file: started, looked at, decided on, and ended with it. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { type ApprovalRequest, decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, monitorId, phaseId } from '../../src/domain/ids';
import type { DecisionAnswer } from '../../src/domain/messages';
import type { CycleDocument } from '../../src/domain/records';
import type { SendTrigger } from '../../src/workflows/send-trigger';
import { eventually } from './eventually';
import { smallProject } from './small-flights';
import type { TestSystem } from './system';
import { raw } from './raw-records';

export const by = (person: string) => ({ id: randomUUID(), by: person });
export const FEBRUARY = '2001-02-01T00:00:00Z';
export const MARCH = '2001-03-01T00:00:00Z';

interface CycleIn {
  readonly project: string;
  readonly number: number;
  readonly state: CycleDocument['state'];
  /** Only a later revision than this. */
  readonly after?: number;
}

/**
 * The cycle, once it is in this state; it throws where the lifecycle waits for an operator instead, by its own account: for a moment
 * after `retry` or `skip` the record says `failed` still.
 */
export function cycleIn(
  { stores, client }: Pick<TestSystem, 'stores' | 'client'>,
  { project, number, state, after = -1 }: CycleIn
): Promise<CycleDocument> {
  return eventually(`${project}/${number} ${state}`, async () => {
    const found = await raw(stores).cycles.findOne({ _id: `${project}/${number}` });
    if (found?.state === 'failed' && state !== 'failed') {
      const { failure } = await client.status(project);
      if (failure !== undefined) throw new Error(`${found.phase} failed: ${failure}`);
    }
    return found?.state === state && found.revision > after ? found : undefined;
  });
}

export class Lifecycles {
  readonly #system: TestSystem;
  readonly #file: string;
  readonly #projects: string[] = [];

  constructor(system: TestSystem, file: string) {
    this.#system = system;
    this.#file = file;
  }

  /** A project of this test, not started. */
  define(changes: Partial<ProjectDefinition> = {}): ProjectDefinition {
    const project = `${this.#system.name.slice('mlops-test-'.length)}-${this.#projects.length + 1}`;
    this.#projects.push(project);
    return smallProject(project, this.#file, changes);
  }

  async start(definition: ProjectDefinition, asOf = FEBRUARY): Promise<string> {
    const { outcome, reason } = await this.#system.client.start({ definition, asOf, by: 'cem' });
    if (outcome !== 'accepted') throw new Error(reason);
    return definition.name;
  }

  /** By a workflow of the project's own, as a schedule starts one. */
  async trigger(project: string, trigger: Omit<SendTrigger, 'v' | 'project'>): Promise<void> {
    await this.#system.client.temporal.workflow.execute('sendTrigger', {
      workflowId: `${lifecycleId(project)}/schedule-${randomUUID()}`,
      taskQueue: this.#system.taskQueue,
      args: [{ v: 1, project, ...trigger } satisfies SendTrigger],
    });
  }

  handle(workflowId: string): WorkflowHandle {
    return this.#system.client.temporal.workflow.getHandle(workflowId);
  }

  /** @param after only a later revision than this */
  cycle(project: string, number: number, state: CycleDocument['state'], after = -1): Promise<CycleDocument> {
    return cycleIn(this.#system, { project, number, state, after });
  }

  /** Asked, and its workflow runs. @param name a version's is its cycle */
  async request(project: string, name: number | string): Promise<ApprovalRequest> {
    await eventually(`request ${project}/${name}`, async () => {
      const child = await this.handle(phaseId(project, name, 'approve'))
        .describe()
        .catch(() => undefined);
      return child?.status.name === 'RUNNING' ? true : undefined;
    });
    return (await raw(this.#system.stores).requests.findOne({ _id: `${project}/${name}` }))!;
  }

  async decide(
    project: string,
    name: number | string,
    verdict: 'approve' | 'reject',
    person = 'ana'
  ): Promise<DecisionAnswer> {
    const { _id, subject } = await this.request(project, name);
    return this.#system.client.decide(_id, { ...by(person), verdict, digest: decidedDigest(subject) });
  }

  /** What a person sees of a workflow in the Temporal UI, once it has shown anything. */
  seen(workflowId: string): Promise<{ waitingFor: unknown; phase: unknown; details: string }> {
    return eventually(`the page of ${workflowId}`, async () => {
      // The query first: it is answered once the workflow has done its first work.
      const { currentDetails: details } = await this.handle(workflowId).query<{ currentDetails: string }>(
        '__temporal_workflow_metadata'
      );
      const { searchAttributes } = await this.handle(workflowId).describe();
      const phase = searchAttributes.MlopsPhase?.[0];
      return phase === undefined ? undefined : { waitingFor: searchAttributes.MlopsWaitingFor ?? [], phase, details };
    });
  }

  /** The same, once it says that it waits for people. */
  waits(workflowId: string): ReturnType<Lifecycles['seen']> {
    return eventually(`${workflowId} to wait`, async () => {
      const seen = await this.seen(workflowId);
      return (seen.waitingFor as readonly unknown[]).length > 0 ? seen : undefined;
    });
  }

  /** Nothing of a project is left running on the server. */
  async end(): Promise<void> {
    await Promise.all(
      this.#projects.map(async (project) => {
        await this.#system.client.stop(project, by('operator')).catch(() => undefined);
        for (const workflowId of [lifecycleId(project), monitorId(project)])
          await this.handle(workflowId)
            .result()
            .catch(() => undefined);
      })
    );
  }
}
