/**
 * Rolls a version out, step by step of event time, and back by itself where a step doesn't pass. It owns the endpoint
 * by its epoch: once another rollout has taken it, every write is refused, and it ends without touching anything.
 */
import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BegunRollout } from '../activities/deploy';
import type { RolloutStep } from '../domain/definition';
import { durationMs } from '../domain/durations';
import { readWatermark } from '../domain/endpoint-messages';
import { noReplica } from '../domain/endpoint';
import { lifecycleId, versionLabel } from '../domain/ids';
import { MESSAGES } from '../domain/messages';
import type { DeployInput, DeployResult, ShadowPairs } from '../domain/rollout';
import { io, waiting } from './activities';
import { hasCode, reasonOf } from './failures';
import { supersede, watermark } from './messages';
import { notify } from './notify';
import { show } from './visible';
import { Wake } from './wake';

export async function deploy(input: DeployInput): Promise<DeployResult> {
  const wake = new Wake(input.rereadMs);
  setHandler(
    watermark,
    (message) => {
      const read = readWatermark(message);
      if ('mistake' in read) wake.refuse(MESSAGES.watermark, read.mistake);
      else wake.notify();
    },
    { description: "From replicas: the endpoint's watermark has passed the step's end." }
  );
  setHandler(supersede, () => wake.notify(), { description: 'From the rollout that took the endpoint.' });

  const saga = new Saga(input, wake);
  try {
    return await saga.run();
  } catch (error) {
    return CancellationScope.nonCancellable(() => saga.afterFailure(error).catch((failure) => saga.failed(failure)));
  }
}

/** A step that didn't pass: the champion answers everything again. */
class StepFailed extends Error {
  constructor(
    readonly reason: string,
    readonly noReplica: boolean
  ) {
    super(reason);
  }
}

class Saga {
  readonly #input: DeployInput;
  readonly #wake: Wake;
  #begun: BegunRollout | undefined;

  constructor(input: DeployInput, wake: Wake) {
    this.#input = input;
    this.#wake = wake;
  }

  async run(): Promise<DeployResult> {
    const { kind, version } = this.#input;
    const reason = this.#input.reason ?? `cycle ${this.#input.cycle}`;
    const begun = await this.#io().mlopsBeginRollout({ kind, version, reason });
    this.#begun = begun;
    if (begun.supersedes !== undefined) await this.#notifySuperseded(begun.supersedes);
    for (const [index, step] of begun.steps.entries()) await this.#takeStep(step, index + 1);
    const { shadow, why } = await this.#shadow(begun);
    const because = kind === 'rollback' ? 'an earlier version answers again' : `every step passed${why}`;
    return this.#end('deployed', because, shadow);
  }

  /** Undoes what was begun, whatever went wrong; then the phase fails, or says how it ended. */
  async afterFailure(error: unknown): Promise<DeployResult> {
    // Its beginning may have been committed though this workflow got no answer: by a worker that died, before a cancellation.
    const begun = this.#begun ?? (await this.#io().mlopsFindRollout()).begun;
    if (begun === undefined) throw error;
    this.#begun = begun;
    if (hasCode(error, 'MLOPS_ROLLOUT_SUPERSEDED')) return this.#superseded(begun);
    const because = isCancellation(error) ? 'cancelled' : error instanceof StepFailed ? error.reason : 'a step failed';
    let result: DeployResult;
    try {
      const { shadow } = error instanceof StepFailed ? await this.#shadow(begun) : { shadow: undefined };
      result = await this.#end('rolled-back', because, shadow);
    } catch (undoing) {
      if (hasCode(undoing, 'MLOPS_ROLLOUT_SUPERSEDED')) return this.#superseded(begun);
      throw undoing;
    }
    if (error instanceof StepFailed && error.noReplica) {
      throw ApplicationFailure.nonRetryable(
        `MLOPS_NO_REPLICA: ${because}. The step was undone. Start a replica (mlops serve), then retry.`,
        'MLOPS_NO_REPLICA'
      );
    }
    // Someone who cancels the rollout alone must not end the lifecycle that waits for it: this is an outcome.
    if (error instanceof StepFailed || isCancellation(error)) return result;
    throw error;
  }

  /** A cycle waits for its rollout, and says itself that it failed. */
  async failed(failure: unknown): Promise<never> {
    if (typeof this.#input.cycle === 'string') await this.#notify('failed', reasonOf(failure));
    throw failure;
  }

  async #takeStep(step: RolloutStep, number: number): Promise<void> {
    const begun = this.#started();
    const last = number === begun.steps.length;
    this.#show(step, number, 'every live replica reports this step');
    const { revision } = await this.#io().mlopsTakeStep({ rollout: begun.rollout, step: number });
    await this.#replicas(number, revision);
    if (this.#input.kind === 'rollout' && durationMs(step.for) > 0) await this.#wholeTime(step, number);
    await this.#pass(number);
    if (last) this.#show(step, number, 'nothing: its last step passed');
  }

  /** The step's event time, from the moment that replicas serve it to the endpoint's watermark past its end. */
  async #wholeTime(step: RolloutStep, number: number): Promise<void> {
    const { rollout } = this.#started();
    const clock = await this.#clock(step, number);
    for (;;) {
      await this.#wake.recordRefused(this.#input.project);
      const seen = this.#wake.notified;
      const { over, live } = await this.#io().mlopsStepOver({ rollout, step: number });
      if (over) break;
      this.#show(step, number, `event time until **${clock.until}**`, live);
      await this.#wake.after(seen);
    }
    await this.#replicas(number, clock.revision);
  }

  async #clock(step: RolloutStep, number: number): Promise<{ until: string; revision: number }> {
    const { rollout } = this.#started();
    for (;;) {
      const seen = this.#wake.notified;
      const { until, revision, live } = await this.#io().mlopsStartStepClock({ rollout, step: number });
      if (until !== undefined && revision !== undefined) return { until, revision };
      this.#show(step, number, 'the first predictions: until then nothing is known of event time', live);
      await this.#wake.after(seen);
    }
  }

  /** The activity judges, by what replicas report; one that restarts at this moment is waited for. */
  async #pass(number: number): Promise<void> {
    for (;;) {
      const { passed, failed, revision } = await this.#io().mlopsPassStep({
        rollout: this.#started().rollout,
        step: number,
      });
      if (failed !== undefined) throw new StepFailed(failed, false);
      if (passed) return;
      await this.#replicas(number, revision);
    }
  }

  async #replicas(number: number, revision: number): Promise<void> {
    const { rollout, minReplicas, replicasWithin } = this.#started();
    const followed = await waiting(this.#input.plan).mlopsAwaitReplicas({ rollout, step: number, revision });
    if (followed.ready || this.#input.kind === 'rollback') return;
    const within = `within ${replicasWithin}`;
    if (followed.live === 0) throw new StepFailed(`no replica of the endpoint reported ${within}`, true);
    const who =
      followed.behind.length > 0
        ? `${followed.behind.join(', ')} did not follow`
        : `only ${followed.live} of ${minReplicas} replicas reported`;
    throw new StepFailed([`${who} ${within}`, ...followed.reasons].join('; '), false);
  }

  /** Printed, not judged: a failure to compute them is reported, and undoes nothing. */
  async #shadow(begun: BegunRollout): Promise<{ readonly shadow: ShadowPairs | undefined; readonly why: string }> {
    if (!begun.steps.some((step) => step.shadow)) return { shadow: undefined, why: '' };
    try {
      const { shadow } = await waiting(this.#input.plan).mlopsShadowPairs({ rollout: begun.rollout });
      return { shadow, why: '' };
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { shadow: undefined, why: `; shadow pairs were not computed: ${reasonOf(error)}` };
    }
  }

  async #end(outcome: 'deployed' | 'rolled-back', because: string, shadow?: ShadowPairs): Promise<DeployResult> {
    const begun = this.#started();
    const shadowed = shadow === undefined ? {} : { shadow };
    const ended = await this.#io().mlopsEndRollout({ rollout: begun.rollout, end: { outcome, because } });
    if (ended.outcome === 'superseded') return this.#superseded(begun);
    this.#showEnd(begun, `**${ended.outcome}**: ${because}`);
    await this.#ensureMonitor();
    await this.#notify(ended.outcome, because);
    return { outcome: ended.outcome, reason: because, version: this.#input.version, ...shadowed };
  }

  /** People know how a rollout ended, whoever asked for it. */
  #notify(outcome: string, why: string): Promise<void> {
    const { project, kind, version, reason } = this.#input;
    const { workflowId } = workflowInfo();
    const what = `the ${kind === 'rollback' ? 'rollback to' : 'rollout of'} ${this.#begun === undefined ? version.id : versionLabel(project, this.#begun.number)}`;
    return notify(this.#input, {
      id: `${workflowId} rollout-${outcome}`,
      kind: `rollout-${outcome}`,
      project,
      text: `${project}: ${what} ended as ${outcome}`,
      details: [why, ...(reason === undefined ? [] : [reason])],
      workflowId,
    });
  }

  /** The rollout stands, whatever becomes of this. */
  async #ensureMonitor(): Promise<void> {
    const { project } = this.#input;
    try {
      await this.#io().mlopsEnsureMonitor({ project });
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('the monitor of what is served could not be started', { project, why: reasonOf(error) });
    }
  }

  async #superseded(begun: BegunRollout): Promise<DeployResult> {
    const reason = 'another rollout took the endpoint';
    await this.#io().mlopsRolloutSuperseded({ rollout: begun.rollout, because: reason });
    this.#showEnd(begun, `**superseded**: ${reason}`);
    await this.#notify('superseded', reason);
    return { outcome: 'superseded', reason, version: this.#input.version };
  }

  /** It would notice with its next write; by the signal it notices now. */
  async #notifySuperseded(workflowId: string): Promise<void> {
    await getExternalWorkflowHandle(workflowId)
      .signal(MESSAGES.supersede, { reason: 'another rollout took the endpoint' })
      .catch((error: unknown) => {
        if (isCancellation(error)) throw error;
      });
  }

  #started(): BegunRollout {
    if (this.#begun === undefined) throw new Error('a step before the rollout began');
    return this.#begun;
  }

  #io() {
    return io(this.#input.plan);
  }

  /** @param live replicas, where it is waited for what only they know */
  #show(step: RolloutStep, number: number, waitsFor: string, live = 1): void {
    const begun = this.#started();
    const { project, kind } = this.#input;
    const waiting = live === 0 ? [`replica:${project}`] : [];
    const served = begun.former === undefined || kind === 'rollback';
    this.#display(
      begun,
      [
        `# ${kind === 'rollback' ? 'Rolls back to' : 'Rolls out'} ${versionLabel(project, begun.number)}`,
        `- step **${step.name}** (${number} of ${begun.steps.length})`,
        `- the candidate answers **${Math.round(step.share * 100)} %** of requests${step.shadow && !served ? ', and scores the rest unseen' : ''}`,
        ...(begun.former === undefined
          ? ['- there is no champion yet: one step']
          : [`- champion: ${versionLabel(project, begun.former)}`]),
        `- waits for: ${live === 0 ? `${noReplica(project)}; then ${waitsFor}` : waitsFor}`,
        `- epoch ${begun.epoch}`,
        '',
        'To go back to the champion: cancel this workflow (**Request Cancellation**).',
        `To an earlier version: \`mlops rollback ${project} --by <your name>\`, or the update \`rollback\` of the workflow \`${lifecycleId(project)}\`.`,
      ],
      waiting
    );
  }

  #showEnd(begun: BegunRollout, how: string): void {
    this.#display(begun, [`# ${versionLabel(this.#input.project, begun.number)}`, how]);
  }

  #display(begun: BegunRollout, lines: readonly string[], waitingFor: readonly string[] = []): void {
    show(this.#input, {
      phase: 'deploy',
      waitingFor,
      modelVersion: versionLabel(this.#input.project, begun.number),
      details: lines.join('\n'),
    });
  }
}
