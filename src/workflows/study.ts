/**
 * A study: trials side by side, each a model that is chosen by what earlier trials came to, and in the end the best of them. Trial n starts
 * once trials 1 to n − parallelism have ended, and is chosen by those alone, so that neither the order in which trials end nor a
 * worker that dies changes what is chosen.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { StudyInput, StudyProgress, StudyWinner } from '../domain/phases';
import type { Plan } from '../domain/plan';
import type { Trial } from '../domain/study/trial';
import { compute, io, untilPickedUp } from './activities';
import { StudyBudget } from './study-budget';
import { show } from './visible';

/** Trials that a run starts at most: a history of some thousand events, which the next run begins without. */
const TRIALS_OF_A_RUN = 250;

export async function study(input: StudyInput): Promise<StudyWinner> {
  const { project, cycle, definition, plan, snapshot, labelSet, asOf, attempt, from } = input;
  const planned = plan.study;
  if (planned === undefined) throw new Error('a study of a definition whose model is none');
  const { parallelism, missing } = planned;
  const reads = { definition, snapshot, labelSet, asOf };
  const of = { project, cycle, ...reads, attempt };
  const budget = new StudyBudget(input);
  let progress = input.ended;
  const visible = () => ({ phase: 'train', waitingFor: [], details: pageOf(project, progress, budget, parallelism) });
  show(input, visible());
  // Before the trials, which would all make them at once.
  for (const each of from === 1 ? missing : [])
    for (const fold of foldsOf(planned))
      await untilPickedUp(input, visible(), compute(plan).mlopsFitFeatures({ ...reads, missing: each, ...fold }));

  const last = from + TRIALS_OF_A_RUN - 1;
  const run = async (number: number): Promise<void> => {
    const trial = await compute(plan).mlopsTrial({ ...of, number });
    progress = withTrial(progress, trial);
    setCurrentDetails(visible().details);
  };
  await untilPickedUp(input, visible(), inWindows({ first: from, last, parallelism, run, budget }));
  // Who is being answered may change how much there is to do.
  await condition(allHandlersFinished);
  const next = from + progress.trials - input.ended.trials;
  if (budget.takes(next)) {
    budget.close();
    return continueAsNew<typeof study>({ ...input, from: next, ended: progress, budget: budget.state });
  }
  const decided = { ...of, trials: next - 1, ended: budget.close() };
  if (planned.folds === undefined) return io(plan).mlopsDecideStudy(decided);
  // It trains the best one's model on all training rows.
  return untilPickedUp(input, visible(), compute(plan).mlopsDecideStudy(decided));
}

/** Of which features are fitted: each fold's rows, or all training rows. */
function foldsOf({ folds }: NonNullable<Plan['study']>): readonly { readonly fold?: number }[] {
  return folds === undefined ? [{}] : Array.from({ length: folds }, (_, fold) => ({ fold }));
}

interface Windows {
  readonly first: number;
  readonly last: number;
  readonly parallelism: number;
  readonly run: (number: number) => Promise<void>;
  readonly budget: StudyBudget;
}

/** One that fails for good ends them all, and says why; the others are cancelled. */
async function inWindows({ first, last, parallelism, run, budget }: Windows): Promise<void> {
  const ended: Promise<void>[] = [];
  const failures: unknown[] = [];
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    for (let number = first; number <= last; number += 1) {
      // Those before it were awaited before it. A failure is met below.
      await ended[number - parallelism - first]?.catch(() => undefined);
      if (failures.length > 0) break;
      if (!budget.takes(number)) {
        // While the last ones run, people may still ask for more.
        const more = condition(() => budget.takes(number) || failures.length > 0).catch(() => undefined);
        await Promise.race([Promise.allSettled(ended), more]);
        if (failures.length > 0 || !budget.takes(number)) break;
      }
      const trial = run(number);
      trial.catch((error: unknown) => {
        failures.push(error);
        scope.cancel();
      });
      ended.push(trial);
    }
    await Promise.allSettled(ended);
  });
  if (failures.length > 0) throw failures[0];
}

function withTrial(
  { trials, failed, stopped, best }: StudyProgress,
  { number, loss, stopped: early }: Trial
): StudyProgress {
  const counted = {
    trials: trials + 1,
    failed: failed + Number(loss === undefined),
    stopped: stopped + Number(early === true),
  };
  const better =
    loss !== undefined &&
    early === undefined &&
    (best === undefined || loss < best.loss || (loss === best.loss && number < best.number));
  const now = better ? { number, loss } : best;
  return { ...counted, ...(now === undefined ? {} : { best: now }) };
}

function pageOf(
  project: string,
  { trials, failed, stopped, best }: StudyProgress,
  { trials: all, ended, until }: StudyBudget,
  parallelism: number
): string {
  return [
    `# A study for ${project}`,
    `- trials: ${trials} of ${all}, ${parallelism} at once`,
    ...(until === undefined ? [] : [`- the last one starts before ${new Date(until).toISOString()}`]),
    ...(ended === undefined
      ? []
      : [`- no further trial starts: ${ended === 'time' ? 'the time is over' : 'a person stopped it'}`]),
    `- failed: ${failed}`,
    ...(stopped === 0 ? [] : [`- stopped at a rung: ${stopped}`]),
    `- best: ${best === undefined ? 'none yet' : `trial ${best.number}, loss ${best.loss}`}`,
    '',
    `Fewer or more: \`mlops study ${project} --stop\`, \`--extend 10\`.`,
    `Each trial: its \`mlopsTrial\`, with what it chose. As a table: \`mlops study ${project}\`.`,
  ].join('\n');
}
