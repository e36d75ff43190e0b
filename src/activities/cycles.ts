/** A cycle's own document: what a person sees of it after Temporal has forgotten its history. Its lifecycle alone writes it. */
import { crashPoint } from '../runtime/crash-points';
import { type Cycle, cycleRecordId, lifecycleId, versionLabel } from '../domain/ids';
import type { Trigger } from '../domain/messages';
import { causeOf, latest } from '../domain/pending-triggers';
import type { CycleOutcome, OpenedCycle } from '../domain/phases';
import { planOf } from '../domain/plan';
import type { CycleDocument } from '../domain/records';
import type { Digest, Ref } from '../domain/refs';
import { championOf } from '../stores/aliases';
import { takenWords } from '../stores/artifacts';
import { settleDefinition } from '../stores/apply-definition';
import type { Stores } from '../stores/connect';
import { changeCycle, type CycleChange, findCycle, openCycle } from '../stores/cycles';
import { findEndpoint } from '../stores/endpoints';
import { refOf } from '../stores/facts';
import { whyNot } from '../stores/rollout-approval';
import { deployedRollouts, versionsDeployed } from '../stores/rollouts';
import { recordedTrigger } from '../stores/triggers';
import { versionNumbered } from '../stores/versions';
import { askedAt, notAuthorized, requireCaller } from './caller';
import { definitionOf } from './definitions';
import { servedVersion } from './deploy';
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

/** What may be served at an operator's word, or in words why not. */
export interface Target {
  readonly version?: Ref<'version'>;
  readonly reason: string;
}

export function cycleActivities(deps: ActivityDeps) {
  const change = async ({ project, cycle, order }: OfCycleInOrder, set: CycleChange): Promise<void> => {
    requireCaller(lifecycleId(project));
    await changeCycle(await deps.stores(), { project, cycle, order }, set);
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
        const imports = recorded.find((trigger) => trigger.imports !== undefined)?.imports;
        if (imports !== undefined && recorded.length > 1)
          throw notAuthorized('An import has a cycle of its own.', { cycle: id });
        const ids = triggers.flatMap(({ id, asOfBy }) => (asOfBy === undefined ? [id] : [id, asOfBy]));
        const opening = { project, cycle, definition, causes, triggers: ids, appliedBy, asOf: latest(recorded) };
        await openCycle(stores, { ...opening, ...(imports === undefined ? {} : { imports }) });
      }
      crashPoint('cycle:written');
      const opened = await findCycle(stores, id);
      if (opened === null) throw new Error(`no cycle ${id} after it was opened`);
      const { definition, causes, asOf, imports } = opened;
      const plan = planOf(await definitionOf(stores, definition));
      return { definition, plan, causes, asOf, ...(imports === undefined ? {} : { imports: true }) };
    },

    /** `refs`: what the phases so far have made. A finished cycle changes no more. */
    async mlopsEnterPhase(
      entered: OfCycleInOrder & { readonly phase: string; readonly refs: CycleDocument['refs'] }
    ): Promise<void> {
      const { phase, refs } = entered;
      await change(entered, { phase, state: phase === 'approve' ? 'waiting' : 'running', refs, clearFailure: true });
    },

    async mlopsRecordFailure(
      failed: OfCycleInOrder & { readonly phase: string; readonly failure: string }
    ): Promise<void> {
      await change(failed, { phase: failed.phase, state: 'failed', failure: failed.failure.slice(0, 4000) });
    },

    async mlopsCloseCycle(
      closed: OfCycleInOrder & { readonly outcome: CycleOutcome; readonly refs: CycleDocument['refs'] }
    ): Promise<void> {
      const { project, outcome, refs } = closed;
      requireCaller(lifecycleId(project));
      const stores = await deps.stores();
      const id = cycleRecordId(project, closed.cycle);
      if (outcome === 'deployed' && !(await versionsDeployed(stores, [id])).has(id))
        throw notAuthorized('No rollout has deployed a version of this cycle.', { cycle: id });
      // A failure is why a cycle was skipped or stopped; a cycle that ended otherwise came past it.
      const gaveUp = outcome === 'skipped' || outcome === 'stopped';
      const end = { state: 'finished', outcome, refs, endedAt: new Date() } as const;
      await change(closed, gaveUp ? end : { ...end, clearFailure: true });
      const cycle = await findCycle(stores, id);
      if (cycle?.state !== 'finished') throw notAuthorized('There is no such cycle.', { cycle: id });
      await stores.audit.record({
        id: `cycle ${id}`,
        project,
        what: 'cycle ended',
        by: 'temporal-mlops',
        detail: {
          cycle: closed.cycle,
          outcome: cycle.outcome,
          causes: cycle.causes.map((cause) => cause.detail),
        },
      });
    },

    /**
     * A version that was live: the one of that number. Without one, the champion alone while a rollout is trying out
     * another, else the version that the champion replaced.
     */
    async mlopsRollbackTarget({ project, to }: { readonly project: string; readonly to?: number }): Promise<Target> {
      const stores = await deps.stores();
      const endpoint = await findEndpoint(stores, project);
      const deployed = await deployedRollouts(stores, project);
      const champion = endpoint?.champion;
      const tryingOut = endpoint?.candidate !== undefined;
      const replaced = deployed.find((one) => one.kind === 'rollout' && one.version.id === champion?.version)?.former;
      const wanted = to ?? (tryingOut ? champion?.number : replaced?.number);
      if (wanted === undefined) return { reason: 'no earlier version was ever live' };
      if (wanted === champion?.number && !tryingOut) return { reason: `version ${wanted} is live` };
      const target = deployed.find((one) => one.served.number === wanted);
      if (target === undefined) return { reason: `version ${wanted} was never live` };
      const taken = await takenReason(stores, wanted, target.served.model);
      return taken === undefined ? { version: target.version, reason: '' } : { reason: taken };
    },

    /** An approved version whose approval still holds: what a rollout's beginning asks, asked before. */
    async mlopsDeployTarget({
      project,
      number,
    }: {
      readonly project: string;
      readonly number: number;
    }): Promise<Target> {
      const stores = await deps.stores();
      const version = await versionNumbered(stores, project, number);
      if (version === null) return { reason: `there is no ${versionLabel(project, number)}` };
      const served = await servedVersion(stores, version);
      const ref = refOf(version);
      const why = await whyNot(stores, { project, kind: 'rollout', version: ref, served, now: askedAt() });
      const refused = why ?? (await takenReason(stores, number, served.model));
      return refused === undefined ? { version: ref, reason: '' } : { reason: refused };
    },

    /** The version that the endpoint's alias names, if any. */
    async mlopsChampion({ project }: { readonly project: string }): Promise<{ champion?: Ref<'version'> }> {
      const alias = await championOf(await deps.stores(), project);
      return alias === null ? {} : { champion: { kind: 'version', id: alias.version, digest: alias.digest } };
    },
  };
}

/** In words, where the version can't be served since its model's bytes are gone. */
async function takenReason({ artifacts }: Stores, number: number, model: Digest): Promise<string | undefined> {
  const taken = (await artifacts.notLive([model])).get(model)?.taken;
  return taken === undefined ? undefined : `version ${number} can't be served: its model was ${takenWords(taken)}`;
}

/** A trigger is what a record shows. */
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
