/** A cycle's own document: what a person sees of it after Temporal has forgotten its history. */
import { crashPoint } from '../runtime/crash-points';
import type { Cycle } from '../domain/ids';
import { cycleRecordId } from '../domain/ids';
import type { CycleOutcome, OpenCycle } from '../domain/phases';
import type { CycleDocument } from '../domain/records';
import type { Ref } from '../domain/refs';
import { rolloutsOf } from '../stores/rollouts';
import type { ActivityDeps } from './deps';

export interface OfCycle {
  readonly project: string;
  readonly cycle: Cycle;
}

/** A change of a cycle's document. `order` counts them, from 1, in the workflow that makes them. */
export interface OfCycleInOrder extends OfCycle {
  readonly order: number;
}

export function cycleActivities(deps: ActivityDeps) {
  // A late attempt of an earlier write, as by a worker that was taken for dead, changes nothing.
  const change = async (
    { project, cycle, order }: OfCycleInOrder,
    set: Partial<CycleDocument>,
    unset: { readonly failure?: '' } = {}
  ): Promise<void> => {
    const { moving } = await deps.stores();
    await moving.cycles.updateOne(
      { _id: cycleRecordId(project, cycle), revision: { $lt: order } },
      { $set: { ...set, revision: order }, $unset: unset }
    );
    crashPoint('cycle:written');
  };
  return {
    async mlopsOpenCycle(open: OpenCycle): Promise<void> {
      const { moving } = await deps.stores();
      const { project, cycle, definition, causes, appliedBy, asOf } = open;
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
            appliedBy,
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

    /** `refs`: what the phases so far have made. */
    async mlopsEnterPhase(
      entered: OfCycleInOrder & { readonly phase: string; readonly refs: CycleDocument['refs'] }
    ): Promise<void> {
      const { phase, refs } = entered;
      await change(entered, { phase, state: phase === 'approve' ? 'waiting' : 'running', refs }, { failure: '' });
    },

    async mlopsRecordFailure(
      failed: OfCycleInOrder & { readonly phase: string; readonly failure: string }
    ): Promise<void> {
      await change(failed, { phase: failed.phase, state: 'failed', failure: failed.failure.slice(0, 4000) });
    },

    async mlopsCloseCycle(
      closed: OfCycleInOrder & { readonly outcome: CycleOutcome; readonly refs: CycleDocument['refs'] }
    ): Promise<void> {
      const { moving, audit } = await deps.stores();
      await change(closed, { state: 'finished', outcome: closed.outcome, refs: closed.refs, endedAt: new Date() });
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

    /**
     * A version that was live: the one of that number. Without one, the champion alone while a rollout is trying out
     * another, else the version that the champion replaced.
     */
    async mlopsRollbackTarget({
      project,
      to,
    }: {
      readonly project: string;
      readonly to?: number;
    }): Promise<{ version?: Ref<'version'>; reason: string }> {
      const stores = await deps.stores();
      const endpoint = await stores.moving.endpoints.findOne({ _id: project });
      const deployed = await rolloutsOf(stores).find({ project, outcome: 'deployed' }).sort({ epoch: -1 }).toArray();
      const champion = endpoint?.champion;
      const tryingOut = endpoint?.candidate !== undefined;
      const replaced = deployed.find((one) => one.kind === 'rollout' && one.version.id === champion?.version)?.former;
      const wanted = to ?? (tryingOut ? champion?.number : replaced?.number);
      if (wanted === undefined) return { reason: 'no earlier version was ever live' };
      if (wanted === champion?.number && !tryingOut) return { reason: `version ${wanted} is live` };
      const target = deployed.find((one) => one.served.number === wanted);
      return target === undefined
        ? { reason: `version ${wanted} was never live` }
        : { version: target.version, reason: '' };
    },

    /** The version that the endpoint's alias names, if any. */
    async mlopsChampion({ project }: { readonly project: string }): Promise<{ champion?: Ref<'version'> }> {
      const { moving } = await deps.stores();
      const alias = await moving.aliases.findOne({ _id: `${project}/champion` });
      return alias === null ? {} : { champion: { kind: 'version', id: alias.version, digest: alias.digest } };
    },
  };
}
