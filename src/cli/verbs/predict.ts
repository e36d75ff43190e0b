import type { Command } from 'commander';
import type { ModelInput } from '../../domain/endpoint';
import { MlopsError } from '../../domain/errors';
import { isWhen } from '../../domain/operator-messages';
import { ask, endpointUrl } from '../endpoint';
import { clientId, collect, projectName, when } from '../options';
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
  const values = options.input.map(split);
  const url = await endpointUrl(model, options.url);
  const described = (await ask(url, `/v2/models/${model}`)) as { readonly inputs: readonly ModelInput[] };
  const parameters = {
    ...(options.eventTime === undefined ? {} : { eventTime: options.eventTime }),
    ...(options.key === undefined ? {} : { key: options.key }),
  };
  const inputs = values.map(([name, text]) => {
    // An input that the model doesn't have is refused by the endpoint, which names those that it has.
    const datatype = described.inputs.find((input) => input.name === name)?.datatype ?? 'BYTES';
    return { name, shape: [1], datatype, data: [valueOf(name, text, datatype)] };
  });
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

function split(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new MlopsError('MLOPS_USAGE', `--input ${text} has no value.`, {}, 'Write --input name=value.');
}

/** Nothing after the `=` is a missing value. */
function valueOf(name: string, text: string, datatype: ModelInput['datatype']): string | number | boolean | null {
  if (text === '') return null;
  if (datatype === 'BYTES') return text;
  if (datatype === 'BOOL' && (text === 'true' || text === 'false')) return text === 'true';
  // Times are microseconds since 1970 in UTC.
  if (datatype === 'INT64' && isWhen(text)) return Date.parse(text) * 1000;
  const number = Number(text);
  if (datatype !== 'BOOL' && text.trim() !== '' && Number.isFinite(number)) return number;
  throw new MlopsError('MLOPS_USAGE', `--input ${name}=${text} is not ${datatype}.`, {}, 'Send what the model takes.');
}
