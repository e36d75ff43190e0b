import type { TrainInput, TrainResult } from '../domain/phases';
import { partsInWords } from '../domain/plan';
import { compute, io, untilPickedUp } from './activities';
import { show } from './visible';
import { versionLabel } from '../domain/ids';

/** Fits the feature graph on the training rows, trains, and registers what came of it as a model version. */
export async function train(input: TrainInput): Promise<TrainResult> {
  const { project, cycle, definition, plan, snapshot, labelSet, asOf } = input;
  const rows = partsInWords(plan.split, asOf);
  const visible = (what: string) => ({
    phase: 'train',
    waitingFor: [],
    details: `${what}\n\n- training rows: ${rows.train}\n- test rows: ${rows.test}\n- known by: ${asOf}`,
  });
  show(input, visible('Fits the features on the training rows.'));
  const fitted = compute(plan).mlopsFitFeatures({ definition, snapshot, labelSet, asOf });
  const features = await untilPickedUp(input, visible('Fits the features on the training rows.'), fitted);
  show(input, visible('Trains. Progress: the heartbeat of `mlopsTrain`, under Pending Activities.'));
  const trained = compute(plan).mlopsTrain({ definition, snapshot, labelSet, features, asOf });
  const run = await untilPickedUp(input, visible('Trains.'), trained);
  const { version, number } = await io(plan).mlopsRegisterVersion({
    project,
    cycle,
    definition,
    snapshot,
    labelSet,
    features,
    run,
  });
  show(input, {
    ...visible(`Trained **${versionLabel(project, number)}**, ${version.digest}.`),
    modelVersion: versionLabel(project, number),
  });
  return { features, run, version, number };
}
