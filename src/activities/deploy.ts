/**
 * A rollout's effects: each writes the endpoint by its own epoch, or reads what replicas report. What may be rolled out,
 * by which steps, and whether a step has passed, is worked out here from records; the workflow only waits and asks.
 */
import { getClient, sleep } from '@temporalio/activity';
import type { RolloutStep } from '../domain/definition';
import { durationMs } from '../domain/durations';
import type { ServedVersion } from '../domain/endpoint';
import { lifecycleId, rolloutId } from '../domain/ids';
import type { Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import {
  addAnswers,
  answersOf,
  type Following,
  following,
  type RolloutDocument,
  type RolloutKind,
  type RolloutOutcome,
  type ShadowPairs,
  tooManyErrors,
} from '../domain/rollout';
import { inputNames, modelInputOf } from '../domain/signature';
import { crashPoint } from '../runtime/crash-points';
import type { Stores } from '../stores/connect';
import { refOf } from '../stores/facts';
import { liveReplicas, watermarkOf } from '../stores/replicas';
import {
  beginRollout,
  closeSuperseded,
  endRollout,
  findRollout,
  ownedAt,
  passStep,
  recordShadow,
  type RolloutEnd,
  rolloutOf,
  startClock,
  takeStep,
} from '../stores/rollouts';
import { askedAt, callingWorkflow, notAuthorized, requireCaller } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { servedViews } from './served-views';
import { shadowPairs } from './monitoring/shadow-pairs';
import { startedBy } from './history';
import { beat, withHeartbeat } from './step/heartbeat';

const POLL_MS = 100;

export interface BeginRollout {
  readonly kind: RolloutKind;
  readonly version: Ref<'version'>;
  /** For the audit. */
  readonly reason: string;
}

export interface BegunRollout {
  readonly rollout: string;
  readonly epoch: number;
  readonly number: number;
  readonly steps: readonly RolloutStep[];
  readonly minReplicas: number;
  readonly replicasWithin: string;
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

export interface PassedStep {
  readonly passed: boolean;
  /** Why it never will. */
  readonly failed?: string;
  /** What replicas must serve before it can. */
  readonly revision: number;
}

export function deployActivities(deps: ActivityDeps) {
  return {
    /**
     * Takes the endpoint by the next epoch, in a workflow that the project's lifecycle started, for a version that its
     * people approved. An attempt that comes late gets what the first one began.
     */
    async mlopsBeginRollout({ kind, version: { id }, reason }: BeginRollout): Promise<BegunRollout> {
      const stores = await deps.stores();
      const workflow = callingWorkflow();
      const version = await stores.facts.get({ kind: 'version', id });
      const { project } = version.body;
      const parent = await startedBy(getClient(), workflow);
      if (parent !== lifecycleId(project))
        throw notAuthorized('The project’s lifecycle did not start this rollout.', { workflow: workflow.workflowId });
      const { source, monitoring, rollout: plan } = await definitionOf(stores, version.body.definition);
      const begun = await beginRollout(stores, {
        ...workflow,
        project,
        kind,
        version: refOf(version),
        served: await servedVersion(stores, version),
        reason: reason.slice(0, 1000),
        watch: {
          period: monitoring.period,
          allowedLatenessMs: durationMs(monitoring.allowedLateness),
          truthCoverage: monitoring.truthCoverage,
          truthDelayMs: durationMs(monitoring.truthDelay),
          knownBy: version.body.split.knownBy,
          withoutEventTime: monitoring.withoutEventTime,
          ...(source.eventTime === undefined ? { byReceipt: true } : {}),
        },
        plan,
        now: askedAt(),
      });
      crashPoint('rollout:begun');
      return begunOf(begun);
    },

    /** What this run of a workflow has begun, if it came that far. */
    async mlopsFindRollout(): Promise<{ begun?: BegunRollout }> {
      const { workflowId, runId } = callingWorkflow();
      const begun = await findRollout(await deps.stores(), rolloutId(workflowId, runId));
      return begun === null ? {} : { begun: begunOf(begun) };
    },

    async mlopsTakeStep({ rollout, step }: AtStep): Promise<{ revision: number }> {
      const stores = await deps.stores();
      const revision = await takeStep(stores, await callersRollout(stores, rollout), step);
      crashPoint('rollout:step-taken');
      return { revision };
    },

    /**
     * Waits until every live replica serves the revision, at most for the plan's `replicasWithin`. An attempt has all of
     * it: while MongoDB was away replicas couldn't report, and that is not theirs.
     */
    async mlopsAwaitReplicas(wait: AtStep & { readonly revision: number }): Promise<Following> {
      const stores = await deps.stores();
      const rollout = await callersRollout(stores, wait.rollout);
      const deadline = Date.now() + durationMs(rollout.replicasWithin);
      for (;;) {
        await ownedAt(stores, rollout, wait.step);
        const live = await liveReplicas(stores, rollout.endpoint);
        const followed = following(live, wait.revision, rollout.minReplicas);
        if (followed.ready || Date.now() >= deadline) return followed;
        beat({ note: 'waits for replicas' });
        await sleep(POLL_MS);
      }
    },

    /** Starts the step's event time; nothing while no replica has shipped any. */
    async mlopsStartStepClock({ rollout, step }: AtStep): Promise<{ until?: string; revision?: number; live: number }> {
      const stores = await deps.stores();
      const document = await callersRollout(stores, rollout);
      const { watermark, live } = await watermarkAt(stores, document, step);
      return watermark === undefined ? { live } : { live, ...(await startClock(stores, document, step, watermark)) };
    },

    /** Whether the step's event time is over, by the endpoint's watermark; and how many replicas report it. */
    async mlopsStepOver({ rollout, step }: AtStep): Promise<{ over: boolean; watermark?: string; live: number }> {
      const stores = await deps.stores();
      const document = await rolloutOf(stores, rollout);
      const { watermark, live } = await watermarkAt(stores, document, step);
      const until = (await ownedAt(stores, document, step)).rollout.until;
      if (watermark === undefined || until === undefined) return { over: false, live };
      return { over: watermark.getTime() >= Date.parse(until), watermark: watermark.toISOString(), live };
    },

    /**
     * Judges the running step by what replicas report of it, and records that it passed: only then may the next be
     * taken. A rollback stands whether replicas answer or not.
     * @throws MLOPS_NOT_AUTHORIZED before the step's event time is over
     */
    async mlopsPassStep({ rollout, step }: AtStep): Promise<PassedStep> {
      const stores = await deps.stores();
      const document = await callersRollout(stores, rollout);
      const { revision, rollout: owner } = await ownedAt(stores, document, step);
      if (document.passed >= step) return { passed: true, revision };
      const live = await liveReplicas(stores, document.endpoint);
      const answers = (version: ServedVersion) => answersOf(live, revision, version.number);
      const { kind, former, served } = document;
      const plan = document.steps[step - 1];
      if (kind === 'rollout') {
        const { watermark } = await watermarkAt(stores, document, step);
        const over = owner.until !== undefined && watermark !== undefined && watermark >= new Date(owner.until);
        if (plan !== undefined && durationMs(plan.for) > 0 && !over)
          throw notAuthorized('The event time of the step is not over.', { rollout, step, until: owner.until });
        if (!following(live, revision, document.minReplicas).ready) return { passed: false, revision };
      }
      const answered = former === undefined ? document.answered : addAnswers(document.answered, answers(former));
      const failed = kind === 'rollback' || former === undefined ? undefined : tooManyErrors(answers(served), answered);
      if (failed !== undefined) return { passed: false, failed, revision };
      await passStep(stores, document, step, answered);
      return { passed: true, revision };
    },

    /** Both versions' answers to the same requests, in the records of this rollout. */
    async mlopsShadowPairs({ rollout }: { readonly rollout: string }): Promise<{ shadow?: ShadowPairs }> {
      const stores = await deps.stores();
      const document = await callersRollout(stores, rollout);
      const shadow = await withHeartbeat('pairing shadow answers', (signal) => shadowPairs(stores, document, signal));
      if (shadow === undefined) return {};
      await recordShadow(stores, document, shadow);
      return { shadow };
    },

    async mlopsEndRollout({
      rollout,
      end,
    }: {
      readonly rollout: string;
      readonly end: RolloutEnd;
    }): Promise<{ outcome: RolloutOutcome }> {
      const stores = await deps.stores();
      const because = end.because.slice(0, 2000);
      const outcome = await endRollout(stores, await callersRollout(stores, rollout), {
        outcome: end.outcome,
        because,
      });
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
      await closeSuperseded(stores, await callersRollout(stores, rollout), because.slice(0, 2000));
    },
  };
}

/** Only the workflow that began a rollout goes on with it; after a reset that is another run of it. */
async function callersRollout(stores: Stores, id: string): Promise<RolloutDocument> {
  const rollout = await rolloutOf(stores, id);
  requireCaller(rollout.workflowId);
  return rollout;
}

async function watermarkAt(
  stores: Stores,
  rollout: RolloutDocument,
  step: number
): Promise<{ watermark: Date | undefined; live: number }> {
  const { watch, clock } = await ownedAt(stores, rollout, step);
  const live = await liveReplicas(stores, rollout.endpoint);
  return { watermark: watermarkOf(live, watch.allowedLatenessMs, clock), live: live.length };
}

function begunOf(rollout: RolloutDocument): BegunRollout {
  const { _id, epoch, served, steps, former, supersedes, minReplicas, replicasWithin } = rollout;
  return {
    rollout: _id,
    epoch,
    number: served.number,
    steps,
    minReplicas,
    replicasWithin: replicasWithin.wall,
    ...(former === undefined ? {} : { former: former.number }),
    ...(supersedes === undefined ? {} : { supersedes }),
  };
}

/** By the definition that the version was made with: an earlier one may read other columns than today's. */
export async function servedVersion(stores: Stores, { _id, body }: Fact<'version'>): Promise<ServedVersion> {
  const definition = await definitionOf(stores, body.definition);
  const { controlShare } = definition.objective;
  const views = servedViews(definition, inputNames(body.signature));
  const earliest = earliestTimes(await stores.facts.find('snapshot', body.snapshot.id));
  return {
    version: _id,
    number: body.number,
    model: body.model.digest,
    bytes: body.model.bytes,
    inputs: body.signature.inputs.map((input) => {
      const since = input.unit === 'us' ? earliest.get(input.column) : undefined;
      return { ...modelInputOf(input), ...(since === undefined ? {} : { since }) };
    }),
    task: body.task,
    ...(views.length === 0 ? {} : { views }),
    ...(controlShare === undefined ? {} : { controlShare }),
  };
}

/** By the profile of the snapshot's last batch: enough to know whether the data's times are of 1970. */
function earliestTimes(snapshot: Fact<'snapshot'> | null): ReadonlyMap<string, string> {
  const columns = Object.entries(snapshot?.body.profile ?? {});
  return new Map(
    columns.flatMap(([name, { type, spread }]) =>
      type === 'timestamp' && typeof spread?.min === 'string' ? [[name, spread.min] as const] : []
    )
  );
}
