/** The job `trainLinear`: a linear model. */
import type { LinearSpec } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Job } from '../../domain/job';
import type { RowName } from '../stats/tasks/task';
import { type TrainingInput, type TrainingOutput, trainingJob } from '../train/training-job';
import { linearGraph } from './linear-graph';
import { trainLinear } from './train-linear';

export interface LinearJobInput extends TrainingInput {
  readonly linear: LinearSpec;
}

/** @throws MlopsError MLOPS_LABEL_INVALID for a negative count; as `trainingJob` and `trainLinear` do */
export const linearJob: Job<LinearJobInput, TrainingOutput> = (input, context) =>
  trainingJob(input, context, async ({ fitted, training, rowName }) => {
    const { linear, task, resume, checkpointEveryMs } = input;
    if (linear.poisson) requireCounts(training.labels, rowName);
    const trained = await trainLinear({ data: training, task, linear }, context, { resume, checkpointEveryMs });
    const { parameters, epochs, converged, numerics } = trained;
    const weights = parameters.subarray(0, parameters.length - trained.outputs);
    return {
      parameters: {
        ...linear,
        stepsRun: epochs.length - 1,
        converged,
        trainableNumbers: parameters.length,
        layers: [`weights [${weights.length / trained.outputs}, ${trained.outputs}]`, `biases [${trained.outputs}]`],
        zeroWeights: weights.reduce((count, weight) => count + (weight === 0 ? 1 : 0), 0),
      },
      epochs,
      numerics,
      model: (end) => linearGraph(fitted, trained, { task, poisson: linear.poisson }, end),
    };
  });

function requireCounts(labels: Float32Array, rowName: RowName): void {
  const row = labels.findIndex((label) => label < 0);
  if (row < 0) return;
  const what = `A label is ${labels[row]}, and Poisson regression predicts means of counts, which are not negative.`;
  throw new MlopsError('MLOPS_LABEL_INVALID', what, rowName(row), 'Fix the label of this row, or leave poisson out.');
}
