/** One cycle, in its order: ingest, label, train, evaluate, ask, deploy, watch. */

import {
  CancellationScope,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import type { OpenedRequest } from '../activities/approval/open-request';
import type { OfCycleInOrder } from '../activities/cycles';
import { failedGates, gateLine, gatesPass } from '../domain/gates';
import { cycleRecordId, noticesOfCycle, type Phase, phaseId, schemaRequestName, versionLabel } from '../domain/ids';
import type { Trigger, TriggerCause } from '../domain/messages';
import { causeOf } from '../domain/pending-triggers';
import type { ApproveResult, CycleOutcome, LifecycleState, PhaseContext } from '../domain/phases';
import type { CycleDocument } from '../domain/records';
import type { Ref } from '../domain/refs';
import { io } from './activities';
import { ask, askedPage } from './ask';
import { deploy } from './deploy';
import { evaluate } from './evaluate';
import { reasonOf } from './failures';
import { ingest } from './ingest';
import { label } from './label';
import { notify } from './notify';
import type { OperatorCommands } from './operator-commands';
import { renderedLine, snapshotName } from './report';
import { train } from './train';
import { described, show } from './visible';

export interface LifecycleView {
  /** The running cycle's number; between two the lifecycle knows. */
  cycle?: number;
  phase: string;
  waitingFor: readonly string[];
}

/** Thrown through the narrative when the operator ends a cycle in which something failed. */
class CycleEnded extends Error {
  constructor(readonly outcome: CycleOutcome) {
    super(outcome);
  }
}

export async function runCycle(
  state: LifecycleState,
  commands: OperatorCommands,
  view: LifecycleView
): Promise<LifecycleState> {
  const next = { ...state, cycle: state.cycle + 1 };
  const cycle = new Cycle(next, commands, view, commands.takeTriggers());
  const last = await cycle.runToEnd();
  return {
    ...next,
    ...cycle.goesBy,
    last,
    ...cycle.taken,
  };
}

class Cycle {
  /** What the next cycle's snapshots grow from. */
  taken: Pick<LifecycleState, 'snapshot' | 'sources'> = {};
  #refs: CycleDocument['refs'] = {};
  /** Where the batch's page is, in words. */
  #page: string | undefined;
  #evaluationPage: string | undefined;
  /** Revision of the cycle's document after its last change. */
  #order = 0;
  #outcome: CycleOutcome | undefined;
  readonly #state: LifecycleState;
  readonly #commands: OperatorCommands;
  readonly #view: LifecycleView;
  readonly #triggers: readonly Trigger[];
  #causes: readonly TriggerCause[];
  #context: PhaseContext;

  constructor(state: LifecycleState, commands: OperatorCommands, view: LifecycleView, triggers: readonly Trigger[]) {
    if (state.definition === undefined || state.plan === undefined)
      throw new Error('a cycle before its definition is registered');
    this.#state = state;
    this.#commands = commands;
    this.#view = view;
    view.cycle = state.cycle;
    view.phase = 'ingest';
    this.#triggers = triggers;
    this.#causes = triggers.map(causeOf);
    this.#context = {
      v: 1,
      project: state.project,
      cycle: state.cycle,
      definition: state.definition,
      plan: state.plan,
      searchAttributes: state.searchAttributes ?? true,
    };
  }

  /** The definition in force when it opened. */
  get goesBy(): Pick<LifecycleState, 'definition' | 'plan'> {
    const { definition, plan } = this.#context;
    return { definition, plan };
  }

  /** To its end, and how it ended. Whatever fails on the way waits for the operator. */
  async runToEnd(): Promise<CycleOutcome> {
    try {
      const outcome = await this.#run().catch(endedByOperator);
      this.#outcome ??= outcome;
      // The operator may go on without the record of the end.
      await this.#attempt(() => this.#close()).catch(endedByOperator);
    } catch (error) {
      if (!isCancellation(error)) throw error;
      // Also where a phase could still say how its being cancelled ended.
      if (this.#outcome !== 'deployed') this.#outcome = 'stopped';
      // No operator is left who could fix it.
      await CancellationScope.nonCancellable(() => this.#close()).catch(() => undefined);
      if (this.#commands.stopped === undefined) throw error;
    }
    return this.#outcome;
  }

  async #run(): Promise<CycleOutcome> {
    const { project, cycle } = this.#context;
    const triggers = this.#triggers.map(({ id, more, asOfBy }) => ({
      id,
      ...(more === undefined ? {} : { more }),
      ...(asOfBy === undefined ? {} : { asOfBy }),
    }));
    const opened = await this.#attempt(() => this.#io().mlopsOpenCycle({ project, cycle, triggers }));
    const { definition, plan, asOf, causes, imports } = opened;
    this.#context = { ...this.#context, definition, plan };
    this.#causes = causes;
    const { snapshot: parent, sources: parents } = this.#state;

    const taken = await this.#phase('ingest', `rows known by ${asOf}`, (workflowId) =>
      executeChild(ingest, {
        workflowId,
        ...CHILD,
        args: [
          {
            ...this.#context,
            asOf,
            ...(parent === undefined ? {} : { parent }),
            ...(parents === undefined ? {} : { parents }),
          },
        ],
        ...described(`ingest for ${project}`, `Rows known by ${asOf}.`),
      })
    );
    const { snapshot, sources, page } = taken;
    this.#refs = { snapshot, ...(page.report === undefined ? {} : { report: page.report }) };
    this.#page = renderedLine(snapshotName(snapshot), page);
    const allowed = plan.asksAboutBatch === true ? await this.#askAboutBatch(snapshot) : undefined;
    if (allowed !== undefined && allowed.state !== 'approved') return outcomeOf(allowed);
    // Not before: what people don't let in is new to the next cycle, too.
    this.taken = { snapshot, sources };
    const labelSet = await this.#phase('label', plan.label, (workflowId) =>
      executeChild(label, {
        workflowId,
        ...CHILD,
        args: [{ ...this.#context, snapshot }],
        ...described(`label for ${project}`, `Labels ${plan.label}.`),
      })
    );
    const how = imports === undefined ? `on ${snapshot.digest.slice(0, 19)}` : 'an imported model is adopted';
    const trained = await this.#phase('train', how, (workflowId) =>
      executeChild(train, {
        workflowId,
        ...CHILD,
        args: [{ ...this.#context, asOf, snapshot, labelSet, ...(imports === undefined ? {} : { imports }) }],
        ...(imports === undefined
          ? described(`train for ${project}`, `Trains on snapshot ${snapshot.digest}.`)
          : described(`import for ${project}`, 'Adopts the model that the cycle imports.')),
      })
    );
    this.#refs = { ...this.#refs, labelSet, featureSet: trained.features, run: trained.run, version: trained.version };
    const candidate = versionLabel(project, trained.number);
    const judged = await this.#phase('evaluate', candidate, async (workflowId) => {
      const { champion } = await this.#io().mlopsChampion({ project });
      return executeChild(evaluate, {
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
        ...described(`evaluate ${candidate}`, 'Scores the candidate and the champion on the same later rows.'),
      });
    });
    this.#refs = { ...this.#refs, evaluation: judged.evaluation };
    this.#evaluationPage = renderedLine(candidate, judged.page);
    if (!gatesPass(judged.gates)) {
      const failed = failedGates(judged.gates);
      await this.#notify('gates-failed', `${failed.map(({ gate }) => gate).join(', ')} failed`, failed.map(gateLine));
      return 'gate failed';
    }
    const decided = await this.#attempt(() =>
      this.#io().mlopsAlreadyDecided({ project, cycle, evaluation: judged.evaluation })
    );
    if (decided.request !== undefined) return 'nothing new';

    const answer = await this.#asked(candidate, () => this.#io().mlopsOpenRequest({ project, cycle }));
    if (answer.state !== 'approved') return outcomeOf(answer);

    const rollout = await this.#phase('deploy', candidate, (workflowId) =>
      executeChild(deploy, {
        workflowId,
        ...CHILD,
        args: [
          {
            v: 1,
            project,
            cycle,
            definition,
            plan,
            searchAttributes: this.#context.searchAttributes,
            version: trained.version,
            kind: 'rollout',
          },
        ],
        ...described(`roll out ${candidate}`, `Steps: ${plan.rollout.steps.join(', ')}.`),
      })
    );
    // Known from here on, whatever becomes of the watching.
    this.#outcome = rollout.outcome;
    if (rollout.outcome === 'deployed') await this.#attempt(() => this.#io().mlopsEnsureMonitor({ project }));
    return rollout.outcome;
  }

  /** What of the batch is new is asked about before anything is made of it. Undefined where nothing is to be asked. */
  async #askAboutBatch(snapshot: Ref<'snapshot'>): Promise<ApproveResult | undefined> {
    const { project, cycle } = this.#context;
    const { change } = await this.#attempt(() => this.#io().mlopsChangeToAsk({ project, snapshot }));
    if (change === undefined) return undefined;
    const open = () => this.#io().mlopsOpenSchemaRequest({ project, cycle });
    return this.#asked('what is new in the batch', open, schemaRequestName(cycle));
  }

  #asked(about: string, open: () => Promise<OpenedRequest>, name?: string): Promise<ApproveResult> {
    const waited = async () => {
      const opened = await open();
      return ask(this.#context, this.#commands, opened, (accepted) => {
        const { waitingFor, details } = askedPage(opened.request, accepted);
        this.#show('approve', waitingFor, details);
      });
    };
    return this.#phase('approve', about, waited, name);
  }

  async #close(): Promise<void> {
    const { project, cycle, plan } = this.#context;
    const outcome = this.#outcome ?? 'stopped';
    // The request may have been opened without its child: whoever looks must not find it open for ever.
    const names = [String(cycle), ...(plan.asksAboutBatch === true ? [schemaRequestName(cycle)] : [])];
    for (const name of outcome === 'stopped' || outcome === 'skipped' ? names : []) {
      await this.#io().mlopsCloseRequest({
        request: { project, name },
        because: `the cycle ended as ${outcome}`,
      });
    }
    await this.#io().mlopsCloseCycle({ ...this.#change(), outcome, refs: this.#refs });
  }

  /**
   * A phase as often as the operator wants it; reuse makes a second time cheap.
   * @param name of the request that its workflow is about, where that is not the cycle's version
   */
  #phase<T>(phase: Phase, about: string, run: (workflowId: string) => Promise<T>, name?: string): Promise<T> {
    const { project, cycle } = this.#context;
    const workflowId = phaseId(project, name ?? cycle, phase);
    return this.#attempt(async () => {
      await this.#whilePaused(phase);
      this.#show(phase, [], `**${phase}**: ${about}. Open the child workflow \`${workflowId}\` for its details.`);
      await this.#io().mlopsEnterPhase({ ...this.#change(), phase, refs: this.#refs });
      return run(workflowId);
    });
  }

  /** What fails for good waits for the operator, and is done again or ends the cycle. */
  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        // A child that somebody cancelled by hand has failed: only the cycle's own cancellation ends it.
        const cancelled = isCancellation(error) && CancellationScope.current().consideredCancelled;
        if (cancelled || error instanceof CycleEnded) throw error;
        await this.#whileFailed(reasonOf(error));
      }
    }
  }

  /** A cycle has one notice of a kind; a phase that fails again says so in the Temporal UI. */
  #notify(kind: string, text: string, details: readonly string[]): Promise<void> {
    const { project, cycle } = this.#context;
    const { workflowId } = workflowInfo();
    const id = `${cycleRecordId(project, cycle)} ${kind}`;
    const notice = { id, kind, project, text: `${project}, cycle ${cycle}: ${text}`, details, workflowId };
    return notify(this.#context, notice, noticesOfCycle(workflowId, cycle));
  }

  async #whilePaused(phase: Phase): Promise<void> {
    if (!this.#commands.paused) return;
    this.#show(phase, ['operator'], `**Paused** before ${phase}. Send the update \`unpause\` to go on.`);
    await condition(() => !this.#commands.paused || this.#commands.stopped !== undefined);
    if (this.#commands.stopped !== undefined) throw new CycleEnded('stopped');
  }

  async #whileFailed(failure: string): Promise<void> {
    const { project, cycle } = this.#context;
    const { phase } = this.#view;
    this.#commands.failure = failure;
    this.#commands.choice = this.#commands.stopped === undefined ? undefined : 'stop';
    const input = '`{"id": "<any id>", "by": "<your name>"}`';
    this.#show(
      phase,
      ['operator'],
      [
        `# ${phase} of cycle ${cycle} failed`,
        failure,
        `Fix the cause, then, here: **More Actions → Send an Update**, name \`retry\` (the phase again; what was finished is reused) or \`skip\` (ends the cycle), input ${input}.`,
        `In a shell: \`mlops retry ${project} --by <your name>\`, \`mlops skip ${project} --by <your name>\`, or \`mlops apply <project file>\` for a new definition.`,
      ].join('\n\n')
    );
    // Without its record the wait is still seen here.
    await this.#io()
      .mlopsRecordFailure({ ...this.#change(), phase, failure })
      .catch(rethrowCancellation);
    await this.#notify(`${phase}-failed-${this.#order}`, `${phase} failed and waits for an operator`, [failure]);
    await condition(() => this.#commands.choice !== undefined);
    const choice = this.#commands.choice;
    this.#commands.failure = undefined;
    this.#commands.choice = undefined;
    if (choice === 'stop') throw new CycleEnded('stopped');
    if (choice === 'skip') throw new CycleEnded('skipped');
    if (choice === 'apply') {
      // The next cycle starts at once, with the same causes and the new definition.
      if (this.#outcome === undefined) this.#commands.putBack(this.#triggers);
      throw new CycleEnded('skipped');
    }
  }

  #show(phase: string, waitingFor: readonly string[], details: string): void {
    this.#view.phase = phase;
    this.#view.waitingFor = waitingFor;
    show(this.#context, {
      phase,
      waitingFor,
      details: [
        `# ${this.#context.project}, cycle ${this.#context.cycle}`,
        ...this.#causes.map((cause) => `- why: ${cause.detail}`),
        ...(this.#page === undefined ? [] : [`- the batch: ${this.#page}`]),
        ...(this.#evaluationPage === undefined ? [] : [`- the evaluation: ${this.#evaluationPage}`]),
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
    return io(this.#context.plan);
  }
}

/** A lifecycle that is terminated still lets a rollout at 20 % undo itself. */
const CHILD = { parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL } as const;

function endedByOperator(error: unknown): CycleOutcome {
  if (error instanceof CycleEnded) return error.outcome;
  throw error;
}

function rethrowCancellation(error: unknown): void {
  if (isCancellation(error)) throw error;
}

function outcomeOf(answer: ApproveResult): CycleOutcome {
  return answer.state === 'expired' || answer.state === 'superseded' ? answer.state : 'rejected';
}
