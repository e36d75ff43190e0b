import type { Command } from 'commander';
import { ask, endpointUrl } from '../endpoint';
import { clientId, collect, projectName, when } from '../options';
import { type DescribedInput, inputsOf, splitInput } from '../predict-inputs';
import { pairs } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface PredictOptions {
  readonly url?: string;
  readonly input: readonly string[];
  readonly id?: string;
  readonly eventTime?: string;
  readonly key?: string;
}

interface Prediction {
  readonly model_version: string;
  readonly id: string;
  readonly parameters: { readonly route: string; readonly predictions: readonly string[] };
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
}

export function addPredict(program: Command): void {
  addVerb(
    program,
    'predict',
    'predict flights --input date=2001-02-03T08:30:00Z --input distance=1846 --input origin=SFO --input destination=ORD'
  )
    .argument('<endpoint>', "the project's name", projectName)
    .requiredOption(
      '--input <name=value>',
      'one of the model’s inputs; nothing after = is a missing value; a time may be ISO-8601',
      collect
    )
    .option('--url <url>', 'URL of a replica; default: $MLOPS_ENDPOINT, else a live replica from the records')
    .option('--id <id>', 'id of the request; the same id is stored once', clientId)
    .option('--event-time <when>', 'event time of the request; default: now', when)
    .option('--key <key>', 'requests of one key get the same version while traffic is split')
    .action(answering(predict));
}

async function predict(model: string, options: PredictOptions): Promise<Outcome> {
  // Before anything is asked of the endpoint.
  const texts = options.input.map(splitInput);
  const url = await endpointUrl(model, options.url);
  const described = (await ask(url, `/v2/models/${model}`)) as { readonly inputs: readonly DescribedInput[] };
  const parameters = {
    ...(options.eventTime === undefined ? {} : { eventTime: options.eventTime }),
    ...(options.key === undefined ? {} : { key: options.key }),
  };
  const inputs = inputsOf(texts, described.inputs);
  const id = options.id === undefined ? {} : { id: options.id };
  const answer = (await ask(url, `/v2/models/${model}/infer`, { ...id, parameters, inputs })) as Prediction;
  const text = pairs([
    ['prediction', answer.parameters.predictions[0]],
    ['version', Number(answer.model_version)],
    ['route', answer.parameters.route],
    ...answer.outputs.map(({ name, data }) => [name, data[0]] as const),
  ]);
  return { json: answer, text };
}
