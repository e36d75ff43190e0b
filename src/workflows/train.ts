import type { TrainInput, TrainResult } from '../domain/phases';
import type { SplitPeriods } from '../domain/records';
import { lastWholePeriods } from '../domain/period';
import { compute, io, untilPickedUp } from './activities';
import { show } from './visible';

/** Fits the feature graph on the training rows, trains, and registers what came of it as a model version. */
export async function train(input: TrainInput): Promise<TrainResult> {
  const { project, cycle, definition, definitionRef, snapshot, labelSet, asOf } = input;
  const test = lastWholePeriods(definition.period, definition.split.testPeriods, asOf);
  const split: SplitPeriods = { train: { to: test.from }, test, knownBy: asOf };
  const visible = (what: string) => ({
    phase: 'train',
    waitingFor: [],
    details: `${what}\n\n- training rows: before ${test.from}\n- test rows: ${test.from} to ${test.to}\n- known by: ${asOf}`,
  });
  show(input, visible('Fits the features on the training rows.'));
  const fitted = compute(definition).mlopsFitFeatures({
    snapshot,
    split,
    features: definition.features,
    dependencies: definition.schema.dependencies,
    minTrainRows: definition.split.minTrainRows,
  });
  const features = await untilPickedUp(input, visible('Fits the features on the training rows.'), fitted);
  show(input, visible('Trains. Progress: the heartbeat of `mlopsTrain`, under Pending Activities.'));
  const trained = compute(definition).mlopsTrain({ snapshot, labelSet, features, split, model: definition.model });
  const run = await untilPickedUp(input, visible('Trains.'), trained);
  const { version, number } = await io(definition).mlopsRegisterVersion({
    project,
    cycle,
    definition: definitionRef,
    snapshot,
    labelSet,
    features,
    run,
    decisionThreshold: definition.objective.decisionThreshold,
  });
  show(input, {
    ...visible(`Trained **${project}@${number}**, ${version.digest}.`),
    modelVersion: `${project}@${number}`,
  });
  return { features, run, version, number };
}
