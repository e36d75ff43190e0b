import { randomUUID } from 'node:crypto';
import { decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { CycleDocument } from '../../src/domain/records';
import { eventually } from '../support/eventually';
import { raw } from '../support/raw-records';
import { smallProject } from '../support/small-flights';
import type { TestSystem } from '../support/system';
import { writeRecorded } from './histories';

export const FEBRUARY = '2001-02-01T00:00:00Z';

/** A project, and what all recordings do with theirs. */
export abstract class Recording {
  readonly system: TestSystem;
  readonly project: string;

  constructor(system: TestSystem, name: string) {
    this.system = system;
    this.project = `${name}-${randomUUID().slice(0, 8)}`;
  }

  abstract record(): Promise<void>;

  define(changes: Partial<ProjectDefinition> = {}): ProjectDefinition {
    return smallProject(this.project, 'flights.parquet', changes);
  }

  async start(definition: ProjectDefinition, asOf = FEBRUARY): Promise<void> {
    const answer = await this.system.client.start({ definition, asOf, by: 'cem', id: 'start' });
    if (answer.outcome === 'refused') throw new Error(answer.reason);
  }

  handle(workflowId: string, runId?: string) {
    return this.system.client.temporal.workflow.getHandle(workflowId, runId);
  }

  /** What is done with a workflow, once it runs. */
  async once<T>(workflowId: string, act: () => Promise<T>): Promise<T> {
    await eventually(`${workflowId} to run`, () => this.runOf(workflowId).catch(() => undefined));
    return act();
  }

  async runOf(workflowId: string): Promise<string> {
    return (await this.handle(workflowId).describe()).runId;
  }

  cycle(number: number, state: CycleDocument['state']): Promise<CycleDocument> {
    return eventually(`cycle ${number} ${state}`, () => this.#cycleIn(number, state));
  }

  async #cycleIn(number: number, state: CycleDocument['state']): Promise<CycleDocument | undefined> {
    const found = await raw(this.system.stores).cycles.findOne({ _id: `${this.project}/${number}` });
    return found?.state === state ? found : undefined;
  }

  async decide(number: number, verdict: 'approve' | 'reject'): Promise<void> {
    await this.cycle(number, 'waiting');
    const open = await eventually('the request', async () => {
      const found = await raw(this.system.stores).requests.findOne({ _id: `${this.project}/${number}` });
      return found ?? undefined;
    });
    await this.system.client.decide(open._id, {
      id: `decision-${number}`,
      by: 'ana',
      verdict,
      digest: decidedDigest(open.subject),
    });
  }

  /** Writes the history as it is once nothing has been added to it for a moment. */
  async save(name: string, workflowId: string, runId?: string): Promise<void> {
    let events = 0;
    const history = await eventually(`${name} to stand still`, async () => {
      // Not there at first: a request's record comes before its workflow.
      const found = await this.handle(workflowId, runId)
        .fetchHistory()
        .catch(() => undefined);
      if (found === undefined) return undefined;
      if (found.events?.length === events) return found;
      events = found.events?.length ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return undefined;
    });
    writeRecorded({ name, workflowId, history }, [this.system.folder, '127.0.0.1']);
    process.stderr.write(`recorded ${name}: ${events} events\n`);
  }
}
