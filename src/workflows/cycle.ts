/** One cycle, as a person would tell it: ingest, label, train, evaluate, ask, deploy, watch. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  sleep,
  startChild,
} from '@temporalio/workflow';
import type { OfCycleInOrder } from '../activities/cycles';
import type { ApprovalRequest } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { monitorId, type Phase, phaseId } from '../domain/ids';
import { MESSAGES, type Trigger, type TriggerCause, type WatchMessage } from '../domain/messages';
import type { ApproveResult, CycleOutcome, LifecycleState, PhaseContext } from '../domain/phases';
import type { CycleDocument } from '../domain/records';
import { io } from './activities';
import { approve } from './approve';
import { deploy } from './deploy';
import { evaluate } from './evaluate';
import { reasonOf } from './failures';
import { ingest } from './ingest';
import { label } from './label';
import { monitor } from './monitor';
import type { OperatorDesk } from './operator-desk';
import { train } from './train';
import { described, show } from './visible';

export interface LifecycleView {
  /** The running cycle's number; between two the lifecycle knows. */
  cycle?: number;
  phase: string;
  waitingFor: readonly string[];
}

/** Thrown through the narrative when the operator ends a cycle whose phase failed. */
class CycleEnded extends Error {
  constructor(readonly outcome: CycleOutcome) {
    super(outcome);
  }
}

export async function runCycle(
  state: LifecycleState,
  desk: OperatorDesk,
  view: LifecycleView
): Promise<LifecycleState> {
  const triggers = desk.takeTriggers();
  const cycle = state.cycle + 1;
  const next = { ...state, cycle };
  const telling = new Cycle(next, desk, view, triggers);
  try {
    const { outcome, snapshot } = await telling.run();
    await telling.close(outcome);
    return { ...next, last: outcome, ...(snapshot === undefined ? {} : { snapshot }) };
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() => telling.close('stopped'));
      if (desk.stopped !== undefined) return { ...next, last: 'stopped' };
    }
    if (!(error instanceof CycleEnded)) throw error;
    await telling.close(error.outcome);
    return { ...next, last: error.outcome, ...(telling.snapshot === undefined ? {} : { snapshot: telling.snapshot }) };
  }
}

class Cycle {
  snapshot: LifecycleState['snapshot'];
  #refs: CycleDocument['refs'] = {};
  /** Of the last change of the cycle's document. */
  #order = 0;
  readonly #state: LifecycleState;
  readonly #desk: OperatorDesk;
  readonly #view: LifecycleView;
  readonly #causes: readonly TriggerCause[];
  readonly #asOf: string;
  readonly #context: PhaseContext;

  constructor(state: LifecycleState, desk: OperatorDesk, view: LifecycleView, triggers: readonly Trigger[]) {
    if (state.definitionRef === undefined) throw new Error('a cycle before its definition is registered');
    this.#state = state;
    this.#desk = desk;
    this.#view = view;
    view.cycle = state.cycle;
    this.#causes = triggers.map((trigger) => trigger.cause);
    this.#asOf = triggers.map((trigger) => trigger.asOf).reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
    this.#context = {
      v: 1,
      project: state.project,
      cycle: state.cycle,
      definition: state.definition,
      definitionRef: state.definitionRef,
      searchAttributes: state.searchAttributes ?? true,
    };
  }

  async run(): Promise<{ outcome: CycleOutcome; snapshot: LifecycleState['snapshot'] }> {
    const { definition, project, cycle } = this.#context;
    const asOf = this.#asOf;
    const parent = this.#state.snapshot;
    await this.#io().mlopsOpenCycle({
      project,
      cycle,
      definition: this.#context.definitionRef,
      causes: this.#causes,
      asOf,
    });

    const snapshot = await this.#phase('ingest', `rows known by ${asOf}`, (workflowId) =>
      executeChild(ingest, {
        workflowId,
        ...CHILD,
        args: [{ ...this.#context, asOf, ...(parent === undefined ? {} : { parent }) }],
        ...described(`ingest for ${project}`, `Rows known by ${asOf}.`),
      })
    );
    this.snapshot = snapshot;
    this.#refs = { snapshot };
    const labelSet = await this.#phase('label', definition.label.name, (workflowId) =>
      executeChild(label, {
        workflowId,
        ...CHILD,
        args: [{ ...this.#context, snapshot }],
        ...described(`label for ${project}`, `Labels ${definition.label.name}.`),
      })
    );
    const trained = await this.#phase('train', `on ${snapshot.digest.slice(0, 19)}`, (workflowId) =>
      executeChild(train, {
        workflowId,
        ...CHILD,
        args: [{ ...this.#context, asOf, snapshot, labelSet }],
        ...described(`train for ${project}`, `Trains on snapshot ${snapshot.digest}.`),
      })
    );
    this.#refs = { ...this.#refs, labelSet, featureSet: trained.features, run: trained.run, version: trained.version };
    const { champion } = await this.#io().mlopsChampion({ project });
    const judged = await this.#phase('evaluate', `${project}@${trained.number}`, (workflowId) =>
      executeChild(evaluate, {
        workflowId,
        ...CHILD,
        args: [
          {
            ...this.#context,
            asOf,
            version: trained.version,
            snapshot,
            labelSet,
            ...(champion === undefined ? {} : { champion }),
          },
        ],
        ...described(
          `evaluate ${project}@${trained.number}`,
          'Scores the candidate and the champion on the same later rows.'
        ),
      })
    );
    this.#refs = { ...this.#refs, evaluation: judged.evaluation };
    if (judged.gates.some((gate) => gate.severity === 'blocking' && gate.outcome.startsWith('failed'))) {
      return { outcome: 'gate failed', snapshot };
    }
    const asked = await this.#io().mlopsAlreadyDecided({ project, cycle, evaluation: judged.evaluation });
    if (asked.request !== undefined) return { outcome: 'nothing new', snapshot };

    const answer = await this.#phase('approve', `${project}@${trained.number}`, async (workflowId) => {
      const request = await this.#io().mlopsOpenRequest({
        project,
        cycle,
        workflowId,
        version: trained.version,
        evaluation: judged.evaluation,
        snapshot,
        policy: definition.approval,
        causes: this.#causes,
        appliedBy: this.#state.appliedBy,
      });
      return this.#ask(workflowId, request);
    });
    if (answer.state !== 'approved') return { outcome: outcomeOf(answer), snapshot };

    const rollout = await this.#phase('deploy', `${project}@${trained.number}`, (workflowId) =>
      executeChild(deploy, {
        workflowId,
        ...CHILD,
        args: [
          {
            v: 1,
            project,
            cycle,
            definition,
            searchAttributes: this.#context.searchAttributes,
            version: trained.version,
            kind: 'rollout',
          },
        ],
        ...described(
          `roll out ${project}@${trained.number}`,
          `Steps: ${definition.rollout.steps.map((step) => step.name).join(', ')}.`
        ),
      })
    );
    if (rollout.outcome === 'deployed')
      await this.#watch({ version: trained.version.id, number: trained.number, since: asOf });
    return { outcome: rollout.outcome, snapshot };
  }

  async close(outcome: CycleOutcome): Promise<void> {
    const { project, cycle } = this.#context;
    // The request may have been opened without its child: whoever looks must not find it open for ever.
    if (outcome === 'stopped' || outcome === 'skipped') {
      await this.#io().mlopsCloseRequest({
        request: `${project}/${cycle}`,
        project,
        state: 'superseded',
        because: `the cycle ended as ${outcome}`,
      });
    }
    await this.#io().mlopsCloseCycle({ ...this.#change(), outcome, refs: this.#refs });
  }

  /** A phase as often as the operator wants it; reuse makes a second time cheap. */
  async #phase<T>(phase: Phase, about: string, run: (workflowId: string) => Promise<T>): Promise<T> {
    const { project, cycle, definition } = this.#context;
    const workflowId = phaseId(project, cycle, phase);
    for (;;) {
      await this.#whilePaused(phase);
      this.#show(phase, [], `**${phase}**: ${about}. Open the child workflow \`${workflowId}\` for its details.`);
      await io(definition).mlopsEnterPhase({ ...this.#change(), phase, refs: this.#refs });
      try {
        return await run(workflowId);
      } catch (error) {
        if (isCancellation(error)) throw error;
        await this.#whileFailed(phase, reasonOf(error));
      }
    }
  }

  /** Starts the child that waits for people; a refusing run of the same id is about to end, so wait for it. */
  async #ask(workflowId: string, request: ApprovalRequest): Promise<ApproveResult> {
    const { project, cycle, searchAttributes, definition } = this.#context;
    const { notifiers, retryFor, heartbeatWithin } = definition;
    const retries = { retryFor, heartbeatWithin };
    for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        const child = await startChild(approve, {
          workflowId,
          ...CHILD,
          args: [{ v: 1, project, cycle: String(cycle), searchAttributes, request, notifiers, retries }],
          ...described(
            `approve ${project}@${request.number}?`,
            `Model ${request.model}. Its current details, under User Metadata, say how to answer.`
          ),
        });
        return await this.#untilAnswered(child);
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await sleep(waitMs, { summary: 'a run that refuses decisions on this request is ending' });
      }
    }
  }

  async #untilAnswered(child: {
    readonly workflowId: string;
    result(): Promise<ApproveResult>;
    signal(name: string, ...args: unknown[]): Promise<void>;
  }): Promise<ApproveResult> {
    const { definition } = this.#context;
    const after = definition.approval.supersedeAfter;
    let answer: ApproveResult | undefined;
    const result = child.result().then((value) => {
      answer = value;
      return value;
    });
    const superseding = (async () => {
      await condition(
        () =>
          answer !== undefined ||
          this.#desk.supersedeBy !== undefined ||
          (after !== undefined && this.#desk.pending.length > 0)
      );
      if (answer === undefined && this.#desk.supersedeBy === undefined && after !== undefined) {
        await condition(() => answer !== undefined || this.#desk.supersedeBy !== undefined, durationMs(after), {
          summary: 'supersedeAfter',
        });
      }
      if (answer !== undefined) return;
      const by = this.#desk.supersedeBy;
      await child.signal(MESSAGES.supersede, {
        reason: by === undefined ? `a trigger waited for ${after?.wall}` : `superseded by ${by}`,
      });
    })();
    superseding.catch(() => undefined);
    const settled = await result;
    this.#desk.supersedeBy = undefined;
    return settled;
  }

  /** The monitor outlives cycles: no ordinary child. One that runs already is told what to watch. */
  async #watch(message: WatchMessage): Promise<void> {
    const { project, definition, searchAttributes } = this.#context;
    const workflowId = monitorId(project);
    try {
      await startChild(monitor, {
        workflowId,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args: [{ v: 1, project, definition, searchAttributes }],
        ...described(`monitor of ${project}`, 'Judges each window of the endpoint once its truth has arrived.'),
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    await getExternalWorkflowHandle(workflowId).signal(MESSAGES.watch, message);
  }

  async #whilePaused(phase: Phase): Promise<void> {
    if (!this.#desk.paused) return;
    this.#show(phase, ['operator'], `**Paused** before ${phase}. Send the update \`unpause\` to go on.`);
    await condition(() => !this.#desk.paused || this.#desk.stopped !== undefined);
    if (this.#desk.stopped !== undefined) throw new CycleEnded('stopped');
  }

  async #whileFailed(phase: Phase, failure: string): Promise<void> {
    const { project, cycle } = this.#context;
    this.#desk.failure = failure;
    this.#desk.choice = this.#desk.stopped === undefined ? undefined : 'stop';
    const input = '`{"id": "<any id>", "by": "<your name>"}`';
    this.#show(
      phase,
      ['operator'],
      [
        `# ${phase} of cycle ${cycle} failed`,
        failure,
        `Mend the cause, then, here: **More Actions → Send an Update**, name \`retry\` (the phase again; what was finished is reused) or \`skip\` (ends the cycle), input ${input}.`,
        `In a shell: \`mlops retry ${project} --by <your name>\`, \`mlops skip ${project} --by <your name>\`, or \`mlops apply <project file>\` for a new definition.`,
      ].join('\n\n')
    );
    await this.#io().mlopsRecordFailure({ ...this.#change(), phase, failure });
    await condition(() => this.#desk.choice !== undefined);
    const choice = this.#desk.choice;
    this.#desk.failure = undefined;
    this.#desk.choice = undefined;
    if (choice === 'stop') throw new CycleEnded('stopped');
    if (choice === 'skip') throw new CycleEnded('skipped');
    if (choice === 'apply') {
      // The next cycle starts at once, with the same causes and the new definition.
      this.#desk.pending.unshift(
        ...this.#causes.map((cause, index) => ({ id: `${project}/${cycle}/applied/${index}`, cause, asOf: this.#asOf }))
      );
      throw new CycleEnded('skipped');
    }
  }

  #show(phase: Phase, waitingFor: readonly string[], details: string): void {
    this.#view.phase = phase;
    this.#view.waitingFor = waitingFor;
    show(this.#context, {
      phase,
      waitingFor,
      details: [
        `# ${this.#context.project}, cycle ${this.#context.cycle}`,
        ...this.#causes.map((cause) => `- why: ${cause.detail}`),
        '',
        details,
      ].join('\n'),
    });
  }

  #change(): OfCycleInOrder {
    const { project, cycle } = this.#context;
    this.#order += 1;
    return { project, cycle, order: this.#order };
  }

  #io() {
    return io(this.#context.definition);
  }
}

/** A lifecycle that is terminated still lets a rollout at 20 % undo itself. */
const CHILD = { parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL } as const;

function outcomeOf(answer: ApproveResult): CycleOutcome {
  return answer.state === 'expired' || answer.state === 'superseded' ? answer.state : 'rejected';
}
