/** A cycle's own document: what a person sees of it after Temporal has forgotten its history. */
import { crashPoint } from '../crash-points';
import type { Cycle } from '../domain/ids';
import { cycleRecordId } from '../domain/ids';
import type { CycleOutcome, OpenCycle } from '../domain/phases';
import type { CycleDocument } from '../domain/records';
import type { Ref } from '../domain/refs';
import type { ActivityDeps } from './deps';

interface OfCycle {
  readonly project: string;
  readonly cycle: Cycle;
}

export function cycleActivities(deps: ActivityDeps) {
  const change = async ({ project, cycle }: OfCycle, set: Partial<CycleDocument>): Promise<void> => {
    const { moving } = await deps.stores();
    // A finished cycle stays finished: a late attempt of an earlier write changes nothing.
    await moving.cycles.updateOne(
      { _id: cycleRecordId(project, cycle), state: { $ne: 'finished' } },
      { $set: set, $inc: { revision: 1 } }
    );
    crashPoint('cycle:written');
  };
  return {
    async mlopsOpenCycle(open: OpenCycle): Promise<void> {
      const { moving } = await deps.stores();
      const { project, cycle, definition, causes, asOf } = open;
      await moving.cycles.updateOne(
        { _id: cycleRecordId(project, cycle) },
        {
          $setOnInsert: {
            v: 1,
            revision: 0,
            project,
            cycle,
            definition,
            causes,
            asOf,
            state: 'running',
            phase: 'ingest',
            refs: {},
            startedAt: new Date(),
          },
        },
        { upsert: true }
      );
      crashPoint('cycle:written');
    },

    async mlopsEnterPhase(phase: OfCycle & { readonly phase: string }): Promise<void> {
      await change(phase, { phase: phase.phase, state: phase.phase === 'approve' ? 'waiting' : 'running' });
    },

    async mlopsRecordFailure(failed: OfCycle & { readonly phase: string; readonly failure: string }): Promise<void> {
      await change(failed, { phase: failed.phase, state: 'failed', failure: failed.failure.slice(0, 4000) });
    },

    async mlopsCloseCycle(closed: OfCycle & { readonly outcome: CycleOutcome }): Promise<void> {
      const { moving, audit } = await deps.stores();
      await change(closed, { state: 'finished', outcome: closed.outcome, endedAt: new Date() });
      const id = cycleRecordId(closed.project, closed.cycle);
      const cycle = await moving.cycles.findOne({ _id: id });
      await audit.record({
        id: `cycle ${id}`,
        project: closed.project,
        what: 'cycle ended',
        by: 'temporal-mlops',
        detail: {
          cycle: closed.cycle,
          outcome: closed.outcome,
          causes: cycle?.causes.map((cause) => cause.detail) ?? [],
        },
      });
    },

    /** The version that the endpoint's alias names, if any. */
    async mlopsChampion({ project }: { readonly project: string }): Promise<{ champion?: Ref<'version'> }> {
      const { moving } = await deps.stores();
      const alias = await moving.aliases.findOne({ _id: `${project}/champion` });
      return alias === null ? {} : { champion: { kind: 'version', id: alias.version, digest: alias.digest } };
    },
  };
}
