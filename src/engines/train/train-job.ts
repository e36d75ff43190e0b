/** The job `train`: a network. */
import type { NetworkSpec } from '../../domain/definition';
import type { Job } from '../../domain/job';
import { embeddingTables } from '../features/fitted';
import { writeState } from './checkpoint';
import { bestOf } from './early-stopping';
import { inferenceGraph } from './inference-graph';
import { parameterShapes } from './network';
import { trainNetwork } from './train-network';
import { type TrainingInput, type TrainingOutput, trainingJob } from './training-job';

/** `resume` may be the state in which a run of fewer epochs ended, too. */
export interface TrainJobInput extends TrainingInput {
  readonly network: NetworkSpec;
  /** Ends after so many epochs, and leaves its state. Default: after all of them. */
  readonly epochs?: number | undefined;
}

/** @throws MlopsError as `trainingJob` and `trainNetwork` do */
export const trainJob: Job<TrainJobInput, TrainingOutput> = (input, context) =>
  trainingJob(input, context, async ({ fitted, training: { labels, ...features }, validation }) => {
    const { network, task, epochs, resume, checkpointEveryMs } = input;
    const request = { features, tables: embeddingTables(fitted), labels, task, network, epochs, validation };
    const trained = await trainNetwork(request, context, { resume, checkpointEveryMs });
    if (epochs !== undefined) await writeState(context.folder, STATE, trained.end);
    return {
      parameters: {
        ...network,
        epochsRun: trained.epochs.length,
        bestEpoch: bestOf(trained.epochs),
        trainableNumbers: trained.parameters.length,
        layers: parameterShapes(trained.shape).map(({ name, dims }) => `${name} [${dims.join(', ')}]`),
      },
      epochs: trained.epochs,
      numerics: trained.numerics,
      model: (end) => inferenceGraph(fitted, trained, end),
      files: epochs === undefined ? [] : [{ name: 'state', file: STATE, mediaType: 'application/octet-stream' }],
    };
  });

const STATE = 'state.bin';
