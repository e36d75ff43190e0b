/**
 * The typed client: start, decide, ask, query. Talks to Temporal only and loads no native code, so that a web
 * server can approve without MongoDB, S3 or onnxruntime beside it.
 */
import { randomUUID } from 'node:crypto';
import { type Client, type Connection, WorkflowNotFoundError } from '@temporalio/client';
import { call, callOnce } from './client/call';
import { connectTemporal } from './client/connect';
import { sendDecision } from './client/decide';
import { runEvaluation } from './client/evaluate';
import { runHousekeeping, scheduledHousekeeping } from './client/housekeeping';
import { runReproduction } from './client/reproduce';
import { NO_WORKER_AFTER_MS, QueueClient } from './client/queue-client';
import { runMaterialize, scheduledMaterialize } from './client/materialize';
import { lifecycleOf, monitorOf, type Recipient, sendOperatorMessage, studyOf } from './client/operate';
import { findSchedule, removeSchedule, type Schedule, setSchedule } from './client/schedule';
import { startLifecycle } from './client/start';
import type { ProjectDefinition } from './domain/definition';
import { MlopsError } from './domain/errors';
import type { HousekeepingInput, HousekeepingResult } from './domain/housekeeping';
import { type Cycle, housekeepingSchedule, lifecycleId, materializeSchedule, parseRequest } from './domain/ids';
import type { MaterializeInput, MaterializeResult } from './domain/materialize';
import type { ReproduceInput, ReproduceResult } from './domain/reproduce';
import {
  type ApplyMessage,
  type ClockMessage,
  type DecisionAnswer,
  type DecisionMessage,
  type DeployMessage,
  type ExtendStudyMessage,
  type ImportMessage,
  type LifecycleStatus,
  MESSAGES,
  type OperatorAnswer,
  type OperatorMessage,
  type RetrainMessage,
  type RollbackMessage,
} from './domain/messages';
import type { EvaluateInput, EvaluateResult } from './domain/phases';
import { DEFAULT_TASK_QUEUE } from './domain/queues';
import { type Environment, readEnvironment } from './runtime/environment';
import { requirePayload } from './runtime/payload';
import { checkProject, noLifecycle } from './runtime/project-errors';
import { packDefinition } from './runtime/packed-definition';

export type { Schedule } from './client/schedule';
export type { MaterializeResult } from './domain/materialize';
export type { ReproducedAs, ReproduceResult } from './domain/reproduce';
export { ERRORS, type ErrorCode, MlopsError } from './domain/errors';
export type { DecisionAnswer, DecisionMessage, LifecycleStatus, OperatorAnswer } from './domain/messages';

export interface MlopsClientOptions {
  /** Default: connected by TEMPORAL_* and the stack's file, with the data converter that MLOPS_DATA_CONVERTER names. */
  readonly client?: Client;
  /** The worker's own queue. Default: MLOPS_TASK_QUEUE, else `mlops`. */
  readonly taskQueue?: string;
}

/**
 * A method that sends a message looks for a worker first, and fails with MLOPS_NO_WORKER after 4 s where none polls the
 * project's queue. It then waits for the answer without a limit of its own, through restarts of the worker:
 * `client.temporal.withDeadline` sets one. An answer `refused` has a reason, and nothing was changed. A lifecycle knows
 * the ids of the last 100 messages that it answered. MLOPS_UNKNOWN_PROJECT: no lifecycle of this name runs.
 *
 * Whatever Temporal itself refuses is an MlopsError too: MLOPS_STORE_UNAVAILABLE (it is away, or the deadline is over),
 * MLOPS_TOO_MANY_MESSAGES, MLOPS_WORKFLOW_NOT_READY, MLOPS_PAYLOAD_TOO_LARGE, MLOPS_SERVER_UNFIT, MLOPS_CONFIGURATION. A
 * message whose call ended without an answer may have been taken: sent again with the same id, it counts once.
 */
export class MlopsClient extends QueueClient {
  readonly #connection: Connection | undefined;

  private constructor(temporal: Client, taskQueue: string, connection?: Connection) {
    super(temporal, taskQueue);
    this.#connection = connection;
  }

  static async connect(options: MlopsClientOptions = {}, env: Environment = readEnvironment()): Promise<MlopsClient> {
    const taskQueue = options.taskQueue ?? env.MLOPS_TASK_QUEUE ?? DEFAULT_TASK_QUEUE;
    if (options.client !== undefined) return new MlopsClient(options.client, taskQueue);
    const { client, connection } = await connectTemporal(env);
    return new MlopsClient(client, taskQueue, connection);
  }

  /**
   * Starts a project's lifecycle with its first cycle, with what is known at `asOf`. `refused` where one runs already.
   * Waits until the worker has checked and registered the definition; the cycle runs after the answer.
   * Sent again with the same `id`, it is refused as running already, and starts nothing twice.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER,
   *   MLOPS_PAYLOAD_TOO_LARGE
   */
  async start(start: {
    readonly definition: ProjectDefinition;
    readonly asOf: string;
    readonly by: string;
    readonly id?: string;
    readonly comment?: string;
  }): Promise<OperatorAnswer> {
    const { definition, asOf, by, id = randomUUID(), comment } = start;
    const { name } = definition;
    checkProject(name);
    await this.requireWorker();
    const message: RetrainMessage = { id, by, asOf, ...(comment === undefined ? {} : { comment }) };
    const answer = await callOnce(() => startLifecycle(this.temporal, this.taskQueue, definition, message));
    if (answer !== undefined) return answer;
    const ending = await this.status(name).then(
      ({ phase }) => phase === 'ending',
      () => false
    );
    const reason = ending
      ? `${name} is ending: start it again in a moment`
      : `${name} is running already: mlops retrain ${name}, or mlops apply for a changed definition`;
    return { outcome: 'refused', reason };
  }

  /**
   * Decides on an approval request, `<project>/<cycle>`. A request without a run of its own answers too: a short run
   * reads the record, answers, records, ends.
   * Waits until the decision is judged and recorded; `state` is the request's after it. `outcome: 'refused'` has a
   * `code` and a `reason`. The same decision, by `id` and content, of the same person gets the same answer.
   * @throws MlopsError MLOPS_USAGE (not a request's name), MLOPS_NO_WORKER
   */
  async decide(request: string, decision: DecisionMessage): Promise<DecisionAnswer> {
    const name = parseRequest(request);
    if (name === undefined)
      throw new MlopsError(
        'MLOPS_USAGE',
        'This is not an approval request.',
        { request },
        'Requests are named <project>/<cycle>: mlops ls requests.'
      );
    const queue = await this.queueOf(name.project);
    await this.requireWorker(NO_WORKER_AFTER_MS, queue);
    return call(() => sendDecision(this.temporal, queue, name, decision));
  }

  /**
   * Asks for one more cycle, with what is known at `message.asOf`. With `supersede`, an open approval request is closed
   * first.
   * Waits until the definition is registered and the message recorded; the cycle begins after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  retrain(project: string, message: RetrainMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.retrain, message);
  }

  /**
   * Asks for a cycle that registers a model made elsewhere, in the place of training one: evaluated, gated, approved and rolled out as
   * any other. Its bytes are in the artifact store already, as `mlops import` puts them there.
   * Waits until the definition is registered and the message recorded; the cycle begins after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  importModel(project: string, message: ImportMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.import, message);
  }

  /**
   * Changes the definition, from the next cycle on; where that loosens the policy, the answer says which request must
   * be approved first.
   * Waits until the definition is checked and registered. One that is invalid is `refused`, with the reason.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES, MLOPS_PAYLOAD_TOO_LARGE
   */
  apply(definition: ProjectDefinition, message: OperatorMessage): Promise<OperatorAnswer> {
    const applied: ApplyMessage = { ...message, definition: packDefinition(definition) };
    requirePayload('The definition is too large for a workflow.', applied, 'Make it smaller.');
    return this.#operate(definition.name, MESSAGES.apply, applied);
  }

  /**
   * Runs the failed phase again; finished steps are reused. Refused where no phase has failed.
   * Waits until the message is recorded; the phase runs after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  retry(project: string, message: OperatorMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.retry, message);
  }

  /**
   * Ends the cycle whose phase failed, as skipped. Refused where no phase has failed.
   * Waits until the message is recorded; the cycle ends after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  skip(project: string, message: OperatorMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.skip, message);
  }

  /**
   * Stops the lifecycle before its next phase. The running phase and deadlines go on, and decisions are taken.
   * Waits until the message is recorded, not until the running phase ends.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  pause(project: string, message: OperatorMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.pause, message);
  }

  /**
   * Continues a paused lifecycle. Refused where it is not paused.
   * Waits until the message is recorded; the next phase begins after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  unpause(project: string, message: OperatorMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.unpause, message);
  }

  /**
   * Ends the lifecycle: its running phase is cancelled and an unfinished rollout undone.
   * Waits until the message is recorded; the lifecycle ends after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  stop(project: string, message: OperatorMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.stop, message);
  }

  /**
   * Serves an earlier version again, one that was approved: `message.to`, by default the one that was live before.
   * Waits until the message is judged and recorded; its rollout runs after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  rollback(project: string, message: RollbackMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.rollback, message);
  }

  /**
   * Sets the endpoint's event clock to `message.at`; the project's monitor judges the windows after it again.
   * Waits until the clock is set and that is recorded; replicas follow, and windows are judged, after the answer.
   * Sent again by the same person with the same `message.id`, it has no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT (no monitor
   *   runs), MLOPS_TOO_MANY_MESSAGES
   */
  setClock(project: string, message: ClockMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.setClock, message, monitorOf(project));
  }

  /**
   * Stops a cycle's study: no further trial starts, and the best of those that were run is the cycle's version.
   * Waits until the message is recorded; the trials that run end after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_TOO_MANY_MESSAGES, MLOPS_NOT_FOUND: no
   *   such study runs
   */
  stopStudy(project: string, cycle: Cycle, message: OperatorMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.stopStudy, message, studyOf(project, cycle));
  }

  /**
   * Gives a cycle's study more trials, while it runs. Refused where it was stopped, or its time is over.
   * Waits until the message is recorded; the trials start after the answer.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_TOO_MANY_MESSAGES, MLOPS_NOT_FOUND: no
   *   such study runs
   */
  extendStudy(project: string, cycle: Cycle, message: ExtendStudyMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.extendStudy, message, studyOf(project, cycle));
  }

  /**
   * Rolls out a version that was approved and is not live, by the steps of its definition. Refused once its approval is
   * over (`approval.validFor`), or where another champion is live than the one it was compared with.
   * Waits until the rollout has begun, not until it has ended.
   * Sent again with the same `message.id`: the same answer, and no second effect.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_MESSAGE_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT,
   *   MLOPS_TOO_MANY_MESSAGES
   */
  deploy(project: string, message: DeployMessage): Promise<OperatorAnswer> {
    return this.#operate(project, MESSAGES.deploy, message);
  }

  /**
   * What the lifecycle does and what it waits for: a query, which changes nothing.
   * @throws MlopsError MLOPS_NAME_INVALID, MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT
   */
  async status(project: string): Promise<LifecycleStatus> {
    checkProject(project);
    await this.requireWorker(NO_WORKER_AFTER_MS, await this.queueOf(project));
    const { workflow } = this.temporal;
    return call(() =>
      workflow
        .getHandle(lifecycleId(project))
        .query<LifecycleStatus>(MESSAGES.status)
        .catch((error: unknown) => {
          throw error instanceof WorkflowNotFoundError ? noLifecycle(project, error) : error;
        })
    );
  }

  /**
   * Evaluates a version outside of a cycle, and waits for the result, which may take hours. It ingests and labels up to asOf first, and
   * reuses finished steps. Each call starts a workflow of its own.
   * @throws MlopsError MLOPS_NO_WORKER, and what the evaluation failed with
   */
  async evaluate(input: Omit<EvaluateInput, 'v' | 'cycle'>): Promise<EvaluateResult> {
    const queue = await this.queueOf(input.project);
    await this.requireWorker(NO_WORKER_AFTER_MS, queue);
    return callOnce(() => runEvaluation(this.temporal, queue, input));
  }

  /** Makes a version once more and compares the bytes; it takes as long as its training. @throws MlopsError MLOPS_NO_WORKER, MLOPS_NOT_FOUND */
  async reproduce(input: Omit<ReproduceInput, 'v'>): Promise<ReproduceResult> {
    checkProject(input.project);
    const queue = await this.queueOf(input.project);
    await this.requireWorker(NO_WORKER_AFTER_MS, queue);
    return callOnce(() => runReproduction(this.temporal, queue, input));
  }

  /**
   * Runs housekeeping once, and waits for what it took; a dry run only counts. Each call starts a workflow of its own. How
   * long bytes are kept is the worker's to say.
   * @throws MlopsError MLOPS_NO_WORKER
   */
  async housekeep(input: Pick<HousekeepingInput, 'dryRun'> = {}): Promise<HousekeepingResult> {
    await this.requireWorker();
    return callOnce(() => runHousekeeping(this.temporal, this.taskQueue, input));
  }

  /**
   * Has housekeeping run by a Temporal Schedule, one for all projects behind this client's queue: a second call changes it. A run that
   * is due while one runs is left out; after an outage the last one that was missed runs, not all.
   * @param every such as `1 day`
   * @throws MlopsError MLOPS_USAGE
   */
  scheduleHousekeeping({ every }: { readonly every: string }): Promise<void> {
    return call(() => setSchedule(this.temporal, scheduledHousekeeping(this.taskQueue), every));
  }

  /** Undefined where there is none. */
  housekeepingSchedule(): Promise<Schedule | undefined> {
    return call(() => findSchedule(this.temporal, housekeepingSchedule(this.taskQueue)));
  }

  /** Without a schedule it changes nothing. */
  unscheduleHousekeeping(): Promise<void> {
    return call(() => removeSchedule(this.temporal, housekeepingSchedule(this.taskQueue)));
  }

  /**
   * Materializes the project's feature views once, for its endpoint, and waits for it: those of the definition in force and of the versions
   * that are served, of what is known by `asOf` (default: now). Values of a later snapshot stand.
   * @throws MlopsError MLOPS_NO_WORKER, MLOPS_UNKNOWN_PROJECT; MLOPS_MESSAGE_INVALID: asOf is still to come
   */
  async materialize(input: Omit<MaterializeInput, 'v'>): Promise<MaterializeResult> {
    checkProject(input.project);
    const queue = await this.queueOf(input.project);
    await this.requireWorker(NO_WORKER_AFTER_MS, queue);
    return callOnce(() => runMaterialize(this.temporal, queue, input));
  }

  /** Has the project's views materialized by a Temporal Schedule, as `scheduleHousekeeping` does. @throws MlopsError MLOPS_USAGE */
  async scheduleMaterialize(project: string, { every }: { readonly every: string }): Promise<void> {
    checkProject(project);
    const queue = await this.queueOf(project);
    return call(() => setSchedule(this.temporal, scheduledMaterialize(queue, project), every));
  }

  /** Undefined where there is none. */
  materializeSchedule(project: string): Promise<Schedule | undefined> {
    return call(() => findSchedule(this.temporal, materializeSchedule(project)));
  }

  /** Without a schedule it changes nothing. */
  unscheduleMaterialize(project: string): Promise<void> {
    return call(() => removeSchedule(this.temporal, materializeSchedule(project)));
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  async #operate(
    project: string,
    name: string,
    message: OperatorMessage,
    to: Recipient = lifecycleOf(project)
  ): Promise<OperatorAnswer> {
    checkProject(project);
    await this.requireWorker(NO_WORKER_AFTER_MS, await this.queueOf(project));
    return call(() => sendOperatorMessage(this.temporal, to, name, message));
  }
}
