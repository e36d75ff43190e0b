/**
 * A project's life: wait for a trigger, run one cycle, continue as new. Alive as long as the project; a failed
 * phase waits for the operator, and only `stop` or cancellation ends it.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { monitorId } from '../domain/ids';
import type { LifecycleStatus, OperatorAnswer } from '../domain/messages';
import type { AppliedDefinition, LifecycleState } from '../domain/phases';
import { io } from './activities';
import { type LifecycleView, runCycle } from './cycle';
import { askAboutPolicy, endRequest } from './ask-policy';
import { reasonOf } from './failures';
import { watermark } from './messages';
import { OperatorCommands } from './operator-commands';
import { startDeploy, startRollback } from './operator-rollouts';
import { show } from './visible';

export async function lifecycle(initial: LifecycleState): Promise<{ readonly ended: string }> {
  let state = initial;
  const visible: LifecycleView = { phase: 'starting', waitingFor: [] };
  const whole = CancellationScope.current();
  const commands: OperatorCommands = new OperatorCommands(state, {
    status: () => statusOf(state, commands, visible),
    rollback: (message) => whenRegistered(state, () => startRollback(state, message)),
    deploy: (message) => whenRegistered(state, () => startDeploy(state, message)),
    register: async (updateId) => {
      const registered = await register(state, updateId);
      if (typeof registered === 'string') return registered;
      const { cycles: _, ...applied } = registered;
      return applied;
    },
    cancelled: () => whole.consideredCancelled,
  });
  const watching = new Watching(state);
  try {
    state = await withDefinition(state, commands);
    await watching.ensure();
    await idle(state, commands, visible);
    state = applied(state, commands);
    if (commands.pending.length > 0 && !commands.paused && commands.stopped === undefined)
      state = await cycleUntilStopped(state, commands, visible);
    commands.closing = true;
    // What people asked for meanwhile is done before the next run, which would know nothing of it.
    for (;;) {
      await condition(() => allHandlersFinished() && commands.settled);
      if (commands.stopped !== undefined) return await end(state, commands, `stopped by ${commands.stopped.by}`);
      if (commands.next === undefined) break;
      state = applied(state, commands);
    }
  } catch (error) {
    if (isCancellation(error)) return await CancellationScope.nonCancellable(() => end(state, commands, 'cancelled'));
    throw error;
  }
  return continueAsNew<typeof lifecycle>({ ...state, ...commands.remembered() });
}

/** Monitors that are asked for in one run; more is not a replica's doing. */
const MOST_ASKED = 20;

/** What is served has its monitor: after a stop and a start, and where somebody ended it by hand. */
class Watching {
  readonly #state: LifecycleState;
  #asked = 0;
  #asking = false;

  constructor(state: LifecycleState) {
    this.#state = state;
    setHandler(watermark, () => this.#missing(), {
      description: 'From replicas: event time has passed a window, and no monitor runs.',
    });
  }

  async #missing(): Promise<void> {
    if (this.#asking || this.#asked >= MOST_ASKED) return;
    this.#asking = true;
    this.#asked += 1;
    await this.ensure().catch(() => undefined);
    this.#asking = false;
  }

  /** Without it the lifecycle goes on: the next run, and the next replica that misses it, ask again. */
  async ensure(): Promise<void> {
    const { project, plan } = this.#state;
    try {
      await io(plan).mlopsEnsureMonitor({ project });
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('the monitor of what is served could not be started', { project, why: reasonOf(error) });
    }
  }
}

/** Until there is something to do. What people see follows `pause` and `unpause`. */
async function idle(state: LifecycleState, commands: OperatorCommands, view: LifecycleView): Promise<void> {
  const due = (): boolean =>
    commands.stopped !== undefined ||
    commands.next !== undefined ||
    (commands.pending.length > 0 && !commands.paused) ||
    commands.full ||
    workflowInfo().continueAsNewSuggested;
  while (!due()) {
    const { paused } = commands;
    showIdle(state, commands, view);
    await condition(() => due() || commands.paused !== paused);
  }
}

/** `stop` cancels the running phase: an open request closes, a rollout undoes itself. */
async function cycleUntilStopped(
  state: LifecycleState,
  commands: OperatorCommands,
  view: LifecycleView
): Promise<LifecycleState> {
  const scope = new CancellationScope();
  const cycling = scope.run(() => runCycle(state, commands, view));
  const stopping = condition(() => commands.stopped !== undefined).then(() => scope.cancel());
  stopping.catch(() => undefined);
  return cycling;
}

/** Registered once, by the lifecycle's first activity: a name that the worker doesn't know ends a project that never began. */
async function withDefinition(state: LifecycleState, commands: OperatorCommands): Promise<LifecycleState> {
  const { sent, ...rest } = state;
  if (sent === undefined) return state;
  const registered = await register(state);
  if (typeof registered !== 'string') {
    const { cycles, waits, ...known } = registered;
    commands.note = waits;
    commands.begun = cycles;
    commands.registered = true;
    return { ...rest, ...known, cycle: cycles };
  }
  commands.registered = registered;
  await condition(allHandlersFinished);
  throw ApplicationFailure.create({ message: registered, type: 'MLOPS_NOT_REGISTERED', nonRetryable: true });
}

type Registered = AppliedDefinition & { readonly cycles: number };

/**
 * What is in force once it is registered, or in words why it can't be.
 * @param updateId of the `apply` that brought it; without one, the definition that this run was started with
 */
async function register({ project, plan }: LifecycleState, updateId?: string): Promise<Registered | string> {
  try {
    const sent = updateId === undefined ? { project } : { project, updateId };
    const { waits, superseded, ...registered } = await io(plan).mlopsRegisterDefinition(sent);
    if (superseded !== undefined) await endRequest(superseded);
    return waits === undefined
      ? registered
      : { ...registered, waits: await askAboutPolicy(project, registered, waits) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return reasonOf(error);
  }
}

/** A new definition takes effect between two cycles. */
function applied(state: LifecycleState, commands: OperatorCommands): LifecycleState {
  const { next } = commands;
  commands.next = undefined;
  return { ...state, ...next };
}

function whenRegistered(state: LifecycleState, act: () => Promise<OperatorAnswer>): Promise<OperatorAnswer> {
  if (state.definition !== undefined && state.plan !== undefined) return act();
  return Promise.resolve({ outcome: 'refused', reason: 'the definition is not registered yet' });
}

async function end(
  state: LifecycleState,
  commands: OperatorCommands,
  why: string
): Promise<{ readonly ended: string }> {
  await getExternalWorkflowHandle(monitorId(state.project))
    .cancel()
    .catch(() => undefined);
  show(
    { project: state.project, searchAttributes: state.searchAttributes ?? true },
    { phase: 'ended', waitingFor: [], details: `The lifecycle has ended: ${why}.` }
  );
  await condition(allHandlersFinished);
  return { ended: why };
}

function showIdle(state: LifecycleState, commands: OperatorCommands, view: LifecycleView): void {
  view.phase = commands.paused ? 'paused' : 'idle';
  view.waitingFor = commands.paused ? ['operator'] : [];
  const lines = [
    `# ${state.project}`,
    state.cycle === 0 ? 'No cycle yet.' : `Last: cycle ${state.cycle}, ${state.last ?? 'ended'}.`,
    commands.paused
      ? '**Paused**: send the update `unpause` to go on.'
      : 'Waits for a trigger: the monitor sends one, or a person does.',
    '',
    'To retrain, here: **More Actions → Send an Update**, name `retrain`, input `{"id": "<any id>", "by": "<your name>", "asOf": "2001-05-10T18:20:00Z"}`',
    `In a shell: \`mlops retrain ${state.project} --by <your name> --as-of <event time>\``,
  ];
  show(
    { project: state.project, searchAttributes: state.searchAttributes ?? true },
    { phase: view.phase, waitingFor: view.waitingFor, details: lines.join('\n\n') }
  );
}

function statusOf(state: LifecycleState, commands: OperatorCommands, visible: LifecycleView): LifecycleStatus {
  const digest = state.definition?.digest ?? state.sent?.digest;
  return {
    project: state.project,
    cycle: visible.cycle ?? state.cycle,
    phase: commands.ending ? 'ending' : visible.phase,
    waitingFor: visible.waitingFor,
    paused: commands.paused,
    pendingTriggers: commands.pending,
    ...(digest === undefined ? {} : { definition: digest }),
    ...(commands.failure === undefined ? {} : { failure: commands.failure }),
    ...(state.last === undefined ? {} : { last: state.last }),
  };
}
