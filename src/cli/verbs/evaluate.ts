import type { Command } from 'commander';
import { MlopsError } from '../../domain/errors';
import { metricWords } from '../../domain/evaluation';
import type { EvaluateInput } from '../../domain/phases';
import { planOf } from '../../domain/plan';
import type { Records } from '../../records';
import { type ClientOptions, withClient, withRecords } from '../connect';
import { requireVersion } from '../named-version';
import { when, withTaskQueue } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';
import { recordName } from '../../domain/ids';

interface EvaluateOptions extends ClientOptions {
  readonly model: string;
  readonly champion?: string;
  readonly asOf: string;
  readonly from?: string;
  readonly to?: string;
  readonly searchAttributes: boolean;
}

export function addEvaluate(program: Command): void {
  const command = addVerb(
    program,
    'evaluate',
    'evaluate --model flights@1 --as-of 2001-03-02 --from 2001-02-01 --to 2001-03-01'
  )
    .requiredOption('--model <version>', '<project>@<number>')
    .requiredOption('--as-of <when>', 'event time up to which rows and labels are known', when)
    .option('--from <when>', 'first event time; with --to. Default: the test rows of the definition', when)
    .option('--to <when>', 'event time before which the rows are', when)
    .option('--champion <version>', '<project>@<number>, scored on the same rows beside it')
    .option('--no-search-attributes', 'do without our search attributes')
    .action(answering(evaluate));
  withTaskQueue(command);
}

async function evaluate(options: EvaluateOptions): Promise<Outcome> {
  if ((options.from === undefined) !== (options.to === undefined)) {
    throw new MlopsError('MLOPS_USAGE', 'A period has two ends.', {}, 'Say both --from and --to, or neither.');
  }
  const input = await withRecords((records) => inputOf(records, options));
  return withClient(options, async (client) => {
    const result = await client.evaluate(input);
    const gates = result.gates.map(({ gate, outcome, value, bound }) => [gate, outcome, value, bound]);
    return {
      json: { model: options.model, asOf: options.asOf, ...result },
      text: [
        `${options.model}: ${metricWords(result.metrics)} on ${result.rows.toLocaleString('en-US')} rows`,
        ...(result.contaminated
          ? ['contaminated: a model was trained on some of these rows, so the numbers prove nothing']
          : []),
        recordName('evaluation', result.evaluation.id),
        ...(gates.length === 0 ? [] : [table(['gate', 'outcome', 'value', 'bound'], gates)]),
      ].join('\n'),
    };
  });
}

async function inputOf(records: Records, options: EvaluateOptions): Promise<Omit<EvaluateInput, 'v' | 'cycle'>> {
  const version = await requireVersion(records, options.model);
  const { project, definition } = version.body;
  const defined = await records.find('definition', definition.id);
  if (defined === undefined) {
    const fix = 'mlops doctor lists dangling refs.';
    throw new MlopsError(
      'MLOPS_RECORD_MISSING',
      'The definition of this version is gone.',
      { version: options.model },
      fix
    );
  }
  const { from, to } = options;
  const { split } = defined.body.definition;
  if (from !== undefined && split.by !== 'time') {
    const fix = 'Leave out --from and --to: the test rows of the split are evaluated.';
    const what = `A period can be evaluated only where the split is by time; that of ${project} is by ${split.by}.`;
    throw new MlopsError('MLOPS_USAGE', what, { version: options.model }, fix);
  }
  return {
    project,
    definition,
    plan: planOf(defined.body.definition),
    searchAttributes: options.searchAttributes,
    asOf: options.asOf,
    version: { kind: 'version', id: version._id, digest: version.digest },
    ...(options.champion === undefined ? {} : { champion: await championRef(records, options.champion) }),
    ...(from === undefined || to === undefined ? {} : { period: { from, to } }),
  };
}

async function championRef(records: Records, text: string): Promise<NonNullable<EvaluateInput['champion']>> {
  const { _id: id, digest } = await requireVersion(records, text);
  return { kind: 'version', id, digest };
}
