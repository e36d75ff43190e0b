import { executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import { durationMs } from '../domain/durations';
import type { StudyBudget, TrainInput, TrainResult } from '../domain/phases';
import { partsInWords, type Plan } from '../domain/plan';
import { studyWorkflowId, versionLabel } from '../domain/ids';
import { compute, io, untilPickedUp } from './activities';
import { study } from './study';
import { described, show, type Visible } from './visible';

/**
 * Trains the definition's model, or the best that its study finds, or adopts the one that the cycle imports, and registers what
 * came of it as a model version.
 */
export async function train(input: TrainInput): Promise<TrainResult> {
  const { project, cycle, definition, plan, snapshot, labelSet, asOf } = input;
  const rows = partsInWords(plan.split, asOf);
  const visible = (what: string) => ({
    phase: 'train',
    waitingFor: [],
    details: `${what}\n\n- training rows: ${rows.train}\n- test rows: ${rows.test}\n- known by: ${asOf}`,
  });
  const chosen =
    input.imports === true
      ? await adopted(input, visible)
      : plan.study === undefined
        ? await trainOne(input, visible)
        : await searched(input, visible);
  const { features, run } = chosen;
  const made = { project, cycle, definition, snapshot, labelSet };
  const { version, number } = await io(plan).mlopsRegisterVersion({ ...made, ...chosen });
  show(input, {
    ...visible(`Registered **${versionLabel(project, number)}**, ${version.digest}.`),
    modelVersion: versionLabel(project, number),
  });
  return { features, run, version, number };
}

type Chosen = Pick<TrainResult, 'features' | 'run'> & { readonly attempt?: string };

/** Fits the feature graph on the training rows, and trains on it. */
async function trainOne(input: TrainInput, visible: (what: string) => Visible): Promise<Chosen> {
  const { definition, plan, snapshot, labelSet, asOf } = input;
  show(input, visible('Fits the features on the training rows.'));
  const fitted = compute(plan).mlopsFitFeatures({ definition, snapshot, labelSet, asOf });
  const features = await untilPickedUp(input, visible('Fits the features on the training rows.'), fitted);
  show(input, visible('Trains. Progress: the heartbeat of `mlopsTrain`, under Pending Activities.'));
  const trained = compute(plan).mlopsTrain({ definition, snapshot, labelSet, features, asOf });
  return { features, run: await untilPickedUp(input, visible('Trains.'), trained) };
}

/** The model reads columns: no feature is fitted, and of the training rows only what monitors hold against later ones. */
async function adopted(input: TrainInput, visible: (what: string) => Visible): Promise<Chosen> {
  const { project, cycle, definition, plan, snapshot, labelSet, asOf } = input;
  const learns = visible('Counts the training rows, and learns the dependencies that the schema declares.');
  show(input, learns);
  const fitted = compute(plan).mlopsFitFeatures({ definition, snapshot, labelSet, asOf, features: 'none' });
  const features = await untilPickedUp(input, learns, fitted);
  show(input, visible('Adopts the imported model, and tries it on the training rows.'));
  const on = { project, cycle, definition, snapshot, labelSet, features, asOf };
  const run = await untilPickedUp(input, visible('Adopts the imported model.'), compute(plan).mlopsImportModel(on));
  return { features, run };
}

/** By a workflow of its own, whose history its trials fill. */
async function searched(input: TrainInput, visible: (what: string) => Visible): Promise<Chosen> {
  const { project, cycle, plan } = input;
  const workflowId = studyWorkflowId(project, cycle);
  // Of this phase: one that is retried tries its failed trials again.
  const attempt = workflowInfo().firstExecutionRunId;
  const budget = budgetOf(plan.study!);
  show(input, visible(`Trains the models of a study. Open the child workflow \`${workflowId}\` for its trials.`));
  const { features, run } = await executeChild(study, {
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    args: [{ ...input, attempt, from: 1, ended: { trials: 0, failed: 0, stopped: 0 }, budget }],
    ...described(`study for ${project}`, `Trains on snapshot ${input.snapshot.digest}.`),
  });
  return { features, run, attempt };
}

/** Its time begins now. */
function budgetOf({ trials, within }: NonNullable<Plan['study']>): StudyBudget {
  return { trials, answers: [], ...(within === undefined ? {} : { until: Date.now() + durationMs(within) }) };
}
