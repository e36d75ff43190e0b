/** A rollout's effects: each writes the endpoint by its own epoch, or reads what replicas report. */
import { heartbeat, sleep } from '@temporalio/activity';
import { crashPoint } from '../runtime/crash-points';
import type { RolloutStep } from '../domain/definition';
import { durationMs } from '../domain/durations';
import { type Answers, modelInputs, type ServedVersion } from '../domain/endpoint';
import type { Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import {
  answersOf,
  type Following,
  following,
  NO_ANSWERS,
  type RolloutDocument,
  type RolloutKind,
  type RolloutOutcome,
  type ShadowPairs,
  stepsOf,
} from '../domain/rollout';
import type { Profile } from '../engines/tables/profile';
import type { Stores } from '../stores/connect';
import { liveReplicas, watermarkOf } from '../stores/replicas';
import {
  beginRollout,
  closeSuperseded,
  endRollout,
  ownedAt,
  type RolloutEnd,
  rolloutId,
  rolloutOf,
  rolloutsOf,
  startClock,
  takeStep,
} from '../stores/rollouts';
import { withHeartbeat } from './step/heartbeat';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { shadowPairs } from './monitoring/shadow-pairs';

const POLL_MS = 100;

export interface BeginRollout {
  readonly project: string;
  /** Begins once for each run of the workflow. */
  readonly workflow: { readonly workflowId: string; readonly runId: string };
  readonly kind: RolloutKind;
  readonly version: Ref<'version'>;
  readonly definition: Ref<'definition'>;
  readonly reason: string;
}

export interface BegunRollout {
  readonly rollout: string;
  readonly epoch: number;
  readonly number: number;
  readonly steps: readonly RolloutStep[];
  /** Number of the champion that it met. */
  readonly former?: number;
  /** Workflow of a rollout that still ran on the endpoint: it has lost it. */
  readonly supersedes?: string;
}

/** A rollout's document and one of its steps: 1, 2, … */
export interface AtStep {
  readonly rollout: string;
  readonly step: number;
}

export interface Followed extends Following {
  readonly candidate: Answers;
  readonly champion: Answers;
}

export function deployActivities(deps: ActivityDeps) {
  return {
    /** Takes the endpoint by the next epoch; an attempt that comes late gets what the first one began. */
    async mlopsBeginRollout({
      project,
      workflow,
      kind,
      version,
      definition,
      reason,
    }: BeginRollout): Promise<BegunRollout> {
      const stores = await deps.stores();
      const { monitoring, rollout: plan } = await definitionOf(stores, definition);
      const begun = await beginRollout(stores, {
        ...workflow,
        project,
        kind,
        version,
        served: await servedVersion(stores, version),
        reason,
        watch: {
          period: monitoring.period,
          allowedLatenessMs: durationMs(monitoring.allowedLateness),
          truthCoverage: monitoring.truthCoverage,
          truthDelayMs: durationMs(monitoring.truthDelay),
          withoutEventTime: monitoring.withoutEventTime,
        },
        steps: (champion) => stepsOf(plan, kind, champion),
      });
      crashPoint('rollout:begun');
      return toldOf(begun);
    },

    /** What this run of a workflow has begun, if it came that far. */
    async mlopsFindRollout({ workflowId, runId }: BeginRollout['workflow']): Promise<{ begun?: BegunRollout }> {
      const begun = await rolloutsOf(await deps.stores()).findOne({ _id: rolloutId(workflowId, runId) });
      return begun === null ? {} : { begun: toldOf(begun) };
    },

    async mlopsTakeStep({ rollout, step }: AtStep): Promise<{ revision: number }> {
      const stores = await deps.stores();
      const revision = await takeStep(stores, await rolloutOf(stores, rollout), step);
      crashPoint('rollout:step-taken');
      return { revision };
    },

    /**
     * Waits until every live replica serves the revision, at most for `withinMs` of wall time. An attempt has all of it:
     * while MongoDB was away replicas couldn't report, and that is not theirs.
     */
    async mlopsAwaitReplicas(
      wait: AtStep & { readonly revision: number; readonly minReplicas: number; readonly withinMs: number }
    ): Promise<Followed> {
      const stores = await deps.stores();
      const rollout = await rolloutOf(stores, wait.rollout);
      const deadline = Date.now() + wait.withinMs;
      for (;;) {
        await ownedAt(stores, rollout, wait.step);
        const live = await liveReplicas(stores, rollout.endpoint);
        const followed = following(live, wait.revision, wait.minReplicas);
        if (followed.ready || Date.now() >= deadline) {
          const of = (version: ServedVersion | undefined): Answers =>
            version === undefined ? NO_ANSWERS : answersOf(live, wait.revision, version.number);
          return { ...followed, candidate: of(rollout.served), champion: of(rollout.former) };
        }
        heartbeat();
        await sleep(POLL_MS);
      }
    },

    /** Starts the step's event time; nothing while no replica has shipped any. */
    async mlopsStartStepClock({ rollout, step }: AtStep): Promise<{ until?: string; revision?: number; live: number }> {
      const stores = await deps.stores();
      const document = await rolloutOf(stores, rollout);
      const { watermark, live } = await watermarkAt(stores, document, step);
      return watermark === undefined ? { live } : { live, ...(await startClock(stores, document, step, watermark)) };
    },

    /** Whether the step's event time is over, by the endpoint's watermark; and how many replicas tell of it. */
    async mlopsStepOver({ rollout, step }: AtStep): Promise<{ over: boolean; watermark?: string; live: number }> {
      const stores = await deps.stores();
      const document = await rolloutOf(stores, rollout);
      const { watermark, live } = await watermarkAt(stores, document, step);
      const until = (await ownedAt(stores, document, step)).rollout.until;
      if (watermark === undefined || until === undefined) return { over: false, live };
      return { over: watermark.getTime() >= Date.parse(until), watermark: watermark.toISOString(), live };
    },

    /** Both versions' answers to the same requests, in the records of this rollout. */
    async mlopsShadowPairs({ rollout }: { readonly rollout: string }): Promise<{ shadow?: ShadowPairs }> {
      const stores = await deps.stores();
      const document = await rolloutOf(stores, rollout);
      const shadow = await withHeartbeat('pairing shadow answers', (signal) => shadowPairs(stores, document, signal));
      return shadow === undefined ? {} : { shadow };
    },

    async mlopsEndRollout({
      rollout,
      end,
    }: {
      readonly rollout: string;
      readonly end: RolloutEnd;
    }): Promise<{ outcome: RolloutOutcome }> {
      const stores = await deps.stores();
      const outcome = await endRollout(stores, await rolloutOf(stores, rollout), end);
      crashPoint('rollout:finished');
      return { outcome };
    },

    async mlopsRolloutSuperseded({
      rollout,
      because,
    }: {
      readonly rollout: string;
      readonly because: string;
    }): Promise<void> {
      const stores = await deps.stores();
      await closeSuperseded(stores, await rolloutOf(stores, rollout), because);
    },
  };
}

async function watermarkAt(
  stores: Stores,
  rollout: Parameters<typeof ownedAt>[1],
  step: number
): Promise<{ watermark: Date | undefined; live: number }> {
  const { watch, clock } = await ownedAt(stores, rollout, step);
  const live = await liveReplicas(stores, rollout.endpoint);
  return { watermark: watermarkOf(live, watch.allowedLatenessMs, clock), live: live.length };
}

function toldOf({ _id, epoch, served, steps, former, supersedes }: RolloutDocument): BegunRollout {
  return {
    rollout: _id,
    epoch,
    number: served.number,
    steps,
    ...(former === undefined ? {} : { former: former.number }),
    ...(supersedes === undefined ? {} : { supersedes }),
  };
}

/** By the definition that the version was made with: an earlier one may read other columns than today's. */
async function servedVersion(stores: Stores, ref: Ref<'version'>): Promise<ServedVersion> {
  const { body } = await stores.facts.get(ref);
  const definition = await definitionOf(stores, body.definition);
  return {
    version: ref.id,
    number: body.number,
    model: body.model.digest,
    bytes: body.model.bytes,
    inputs: modelInputs(definition, earliestTimes(await stores.facts.find('snapshot', body.snapshot.id))),
    decisionThreshold: body.decisionThreshold,
  };
}

/** By the profile of the snapshot's last batch: enough to tell whether the data's times are of 1970. */
function earliestTimes(snapshot: Fact<'snapshot'> | null): ReadonlyMap<string, string> {
  const columns = Object.entries((snapshot?.body.profile ?? {}) as Partial<Profile>);
  return new Map(
    columns.flatMap(([name, column]) =>
      column?.type === 'timestamp' && typeof column.min === 'string' ? [[name, column.min] as const] : []
    )
  );
}
