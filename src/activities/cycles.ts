/** A cycle's own document: what a person sees of it after Temporal has forgotten its history. */
import { crashPoint } from '../runtime/crash-points';
import type { Cycle } from '../domain/ids';
import { cycleRecordId, lifecycleId } from '../domain/ids';
import type { Trigger } from '../domain/messages';
import { causeOf, latest } from '../domain/pending-triggers';
import type { CycleOutcome, OpenedCycle } from '../domain/phases';
import { planOf } from '../domain/plan';
import type { CycleDocument } from '../domain/records';
import type { Ref } from '../domain/refs';
import { settleDefinition } from '../stores/apply-definition';
import type { Stores } from '../stores/connect';
import { findCycle, openCycle } from '../stores/cycles';
import { rolloutsOf } from '../stores/rollouts';
import { recordedTrigger } from '../stores/triggers';
import { notAuthorized, requireCaller } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';

export interface OfCycle {
  readonly project: string;
  readonly cycle: Cycle;
}

/** A change of a cycle's document. `order` counts them, from 1, in the workflow that makes them. */
export interface OfCycleInOrder extends OfCycle {
  readonly order: number;
}

export interface OpenForTriggers extends OfCycle {
  readonly triggers: readonly Pick<Trigger, 'id' | 'more' | 'asOfBy'>[];
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
    /**
     * Opens a cycle, once, for triggers that are on record, under the definition in force. `more`: how many like it a
     * trigger took the place of.
     */
    async mlopsOpenCycle({ project, cycle, triggers }: OpenForTriggers): Promise<OpenedCycle> {
      requireCaller(lifecycleId(project));
      const stores = await deps.stores();
      const id = cycleRecordId(project, cycle);
      if ((await findCycle(stores, id)) === null) {
        const recorded = await recordedTriggers(stores, project, triggers);
        const inForce = await settleDefinition(stores, project);
        if (inForce === null || recorded.length === 0)
          throw notAuthorized('A cycle is opened by a recorded trigger, under a registered definition.', { cycle: id });
        const { definition, appliedBy } = inForce;
        const causes = recorded.map(causeOf);
        await openCycle(stores, { project, cycle, definition, causes, appliedBy, asOf: latest(recorded) });
      }
      crashPoint('cycle:written');
      const opened = await findCycle(stores, id);
      if (opened === null) throw new Error(`no cycle ${id} after it was opened`);
      const { definition, causes, asOf } = opened;
      return { definition, plan: planOf(await definitionOf(stores, definition)), causes, asOf };
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

/** What no record shows is no trigger. */
async function recordedTriggers(
  stores: Stores,
  project: string,
  triggers: OpenForTriggers['triggers']
): Promise<Trigger[]> {
  const found = await Promise.all(
    triggers.map(async ({ id, more, asOfBy }) => {
      const trigger = await recordedTrigger(stores, project, id);
      const newest = asOfBy === undefined ? undefined : await recordedTrigger(stores, project, asOfBy);
      if (trigger === undefined) return [];
      const asOf = latest(newest === undefined ? [trigger] : [trigger, newest]);
      return [{ ...trigger, asOf, ...(more === undefined ? {} : { more }) }];
    })
  );
  return found.flat();
}
