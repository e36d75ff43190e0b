import { type Command, InvalidArgumentError } from 'commander';
import { parsePredictionId } from '../../domain/ids';
import { ask, endpointUrl } from '../endpoint';
import { parseCount, projectName, when } from '../options';
import { addVerb, answering } from '../verb';

interface TruthOptions {
  readonly id: string;
  readonly value: number | string;
  readonly url?: string;
  readonly eventTime?: string;
  readonly revision?: number;
}

export function addTruth(program: Command): void {
  addVerb(program, 'truth', 'truth flights --id f1 --value 1 --event-time 2001-02-04T12:00:00Z')
    .argument('<endpoint>', "the project's name", projectName)
    .requiredOption('--id <id>', 'id of the prediction, from the answer to its request', predictionId)
    .requiredOption(
      '--value <value>',
      "the ground truth: 0 or 1, a number where the project predicts one, or a class's name",
      asValue
    )
    .option('--event-time <when>', 'event time at which it was known; default: now', when)
    .option('--revision <n>', 'revision of a correction: 1, then 2, …', parseCount)
    .option('--url <url>', 'URL of a replica; default: $MLOPS_ENDPOINT, else a live replica from the records')
    .action(
      answering(async (model: string, { url, id, value, eventTime, revision }: TruthOptions) => {
        const truth = {
          id,
          value,
          ...(eventTime === undefined ? {} : { eventTime }),
          ...(revision === undefined ? {} : { revision }),
        };
        const answer = await ask(await endpointUrl(model, url), `/v2/models/${model}/truth`, truth);
        return { json: { ...truth, ...(answer as object) }, text: `${id}: ${value} is taken` };
      })
    );
}

function predictionId(text: string): string {
  if (parsePredictionId(text) !== undefined) return text;
  throw new InvalidArgumentError('Write the id of a prediction: that of its request, or <id>/<row>.');
}

/** A number where it reads as one: an endpoint of classes takes it by its text. */
function asValue(text: string): number | string {
  if (text.trim() === '') throw new InvalidArgumentError("Write a number, or a class's name.");
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
}
