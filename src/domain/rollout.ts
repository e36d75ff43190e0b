/**
 * The rules of a rollout: its steps, when replicas have followed, whether a step passes. One rollout owns an endpoint
 * by its epoch; a rollback is a rollout in one step with the next epoch.
 */
import type { RolloutPlan, RolloutStep } from './definition';
import type { WallDuration } from './durations';
import type { Answers, ReplicaDocument, ServedVersion } from './endpoint';
import type { Interval } from './evaluation';
import { binomialGreater, fisherGreater } from './exact-tests';
import type { Plan } from './plan';
import type { Ref } from './refs';

export type RolloutKind = 'rollout' | 'rollback';
export type RolloutOutcome = 'deployed' | 'rolled-back' | 'superseded';

export interface DeployInput {
  readonly v: 1;
  readonly project: string;
  /** The cycle's number, or `solo-…`, `rollback-…`. */
  readonly cycle: number | string;
  /** Whose notifiers say how it ended. */
  readonly definition: Ref<'definition'>;
  readonly plan: Plan;
  readonly searchAttributes: boolean;
  readonly version: Ref<'version'>;
  readonly kind: RolloutKind;
  /** Why, for the audit; of a rollback who asked. */
  readonly reason?: string;
  /** Wall time after which MongoDB is read again without a signal. Default 10 minutes, doubling to an hour. */
  readonly rereadMs?: number;
}

export interface DeployResult {
  readonly outcome: RolloutOutcome;
  readonly reason: string;
  readonly version: Ref<'version'>;
  readonly shadow?: ShadowPairs;
}

/** Mutable, collection `rollouts`: one rollout's plan and end. `_id` = `<workflow id>/<run id>`, so that it begins once. */
export interface RolloutDocument {
  readonly _id: string;
  readonly v: 1;
  readonly project: string;
  readonly endpoint: string;
  readonly workflowId: string;
  readonly kind: RolloutKind;
  readonly epoch: number;
  readonly version: Ref<'version'>;
  readonly served: ServedVersion;
  /** The champion that it met; what it goes back to. */
  readonly former?: ServedVersion;
  /** Workflow of a rollout that still ran when this one took the endpoint. */
  readonly supersedes?: string;
  readonly steps: readonly RolloutStep[];
  readonly minReplicas: number;
  readonly replicasWithin: WallDuration;
  /** Steps that have passed: the next one may be taken, or after the last one the version deployed. */
  readonly passed: number;
  /** What the champion answered in those: in the last step it answers nothing. */
  readonly answered: Answers;
  readonly reason: string;
  /** The endpoint's revision when it began: records of this rollout have later ones. */
  readonly revision: number;
  /** Event time at which its first step's clock started. */
  readonly from?: string;
  /** Event time at which the last step with a clock is over. */
  readonly until?: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly outcome?: RolloutOutcome;
  readonly because?: string;
  readonly shadow?: ShadowPairs;
}

/** Both versions' answers to the same requests. Printed, not judged. */
export interface ShadowPairs {
  readonly pairs: number;
  /** Candidate − champion; of classes half the sum of the distances. */
  readonly score: Interval;
  /** Of the pairs whose truth is known: the difference of the rows' losses, whose mean is this metric. */
  readonly loss?: Interval & { readonly metric: string; readonly pairs: number };
}

const AT_ONCE: RolloutStep = { name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } };

/** Without a champion there is nothing to compare with, and a rollback must not wait: both are one step. */
export function stepsOf(plan: RolloutPlan, kind: RolloutKind, champion: ServedVersion | undefined): RolloutStep[] {
  return kind === 'rollback' || champion === undefined ? [AT_ONCE] : [...plan.steps];
}

/** What the endpoint serves in a step, whole: nothing of it depends on the step before. */
export function servedIn(
  rollout: Pick<RolloutDocument, 'kind' | 'served' | 'former'>,
  step: RolloutStep
): { champion: ServedVersion; candidate?: ServedVersion & { share: number; shadow: boolean } } {
  if (rollout.kind === 'rollback' || rollout.former === undefined) return { champion: rollout.served };
  return { champion: rollout.former, candidate: { ...rollout.served, share: step.share, shadow: step.shadow } };
}

export type LiveReplica = Pick<ReplicaDocument, 'replica' | 'revision' | 'counts' | 'error'>;

export interface Following {
  readonly ready: boolean;
  readonly live: number;
  /** Live, and behind the revision: their names. */
  readonly behind: readonly string[];
  /** What those say themselves: `r1: load: revision 3 needs version 2: …`. */
  readonly reasons: readonly string[];
}

/** Every live replica serves the revision, or a later one, and there are enough of them. */
export function following(live: readonly LiveReplica[], revision: number, minReplicas: number): Following {
  const late = live.filter((replica) => replica.revision < revision);
  return {
    ready: late.length === 0 && live.length >= Math.max(1, minReplicas),
    live: live.length,
    behind: late.map(({ replica }) => replica),
    reasons: late
      .flatMap(({ replica, error }) => (error === undefined ? [] : [`${replica}: ${error.slice(0, 300)}`]))
      .slice(0, 3),
  };
}

export const NO_ANSWERS: Answers = { requests: 0, errors: 0 };

/** Answers and failures of one version, over the replicas that serve this revision. */
export function answersOf(live: readonly LiveReplica[], revision: number, version: number): Answers {
  return live
    .filter((replica) => replica.revision === revision)
    .map((replica) => replica.counts[String(version)] ?? NO_ANSWERS)
    .reduce(addAnswers, NO_ANSWERS);
}

export function addAnswers(a: Answers, b: Answers): Answers {
  const firstError = a.firstError ?? b.firstError;
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    ...(firstError === undefined ? {} : { firstError }),
  };
}

/** For each of the two tests below: by either, a candidate as good as the champion fails one step in a hundred at most. */
export const ERRORS_LEVEL = 0.01;
/** Where the champion has answered little, there is little to compare with: more failures than this share are too many anyway. */
export const ERRORS_TOLERATED = 0.01;

/**
 * Why the candidate's step doesn't pass: it fails on more requests than chance explains, by Fisher's exact test against
 * the champion, or, where that one keeps below ERRORS_TOLERATED, by a binomial test against this share. Replicas count only failures of one version on what the other can score. The champion's answers are those of all steps so far: in the
 * last one it answers nothing.
 */
export function tooManyErrors(candidate: Answers, champion: Answers): string | undefined {
  const all = ({ requests, errors }: Answers): number => requests + errors;
  const [n, m] = [all(candidate), all(champion)];
  if (candidate.errors === 0 || candidate.errors * m < champion.errors * n) return undefined;
  const byFisher = fisherGreater(candidate.errors, n, champion.errors, m);
  const steady = champion.errors <= ERRORS_TOLERATED * m;
  const p = steady ? Math.min(byFisher, binomialGreater(candidate.errors, n, ERRORS_TOLERATED)) : byFisher;
  if (p >= ERRORS_LEVEL) return undefined;
  const share = (answers: Answers): string => `${answers.errors} of ${all(answers)}`;
  const first = candidate.firstError === undefined ? '' : `; its first failure: ${candidate.firstError}`;
  return `the candidate failed ${share(candidate)} requests, the champion ${share(champion)} (p = ${p.toPrecision(1)})${first}`;
}
