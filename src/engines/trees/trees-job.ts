/** The job `trainTrees`: gradient-boosted trees. */
import type { TreesSpec } from '../../domain/definition';
import type { Job } from '../../domain/job';
import { lossOf } from '../train/loss';
import { type TrainingInput, type TrainingOutput, trainingJob } from '../train/training-job';
import { threadsFor } from './threads';
import { trainTrees } from './train-trees';
import { treesGraph } from './trees-graph';

export interface TreesJobInput extends TrainingInput {
  readonly trees: TreesSpec;
}

/** @throws MlopsError as `trainingJob` and `trainTrees` do */
export const treesJob: Job<TreesJobInput, TrainingOutput> = (input, context) =>
  trainingJob(input, context, async ({ fitted, training, validation }) => {
    const { trees, task, resume, checkpointEveryMs } = input;
    const trained = await trainTrees({ data: training, validation, trees, loss: lossOf(task) }, context, {
      ...{ resume, checkpointEveryMs, threads: threadsFor(training.rows, training.width) },
    });
    const { ensemble } = trained;
    return {
      parameters: {
        ...trees,
        roundsRun: trained.rounds.length,
        bestRound: trained.bestRound,
        leaves: ensemble.trees.reduce((sum, tree) => sum + tree.filter((node) => 'value' in node).length, 0),
      },
      epochs: trained.rounds,
      numerics: trained.numerics,
      model: (end) => treesGraph(fitted, ensemble, task, end),
    };
  });
