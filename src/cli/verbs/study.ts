import { type Command, Option } from 'commander';
import type { MlopsClient } from '../../client';
import type { Fact } from '../../domain/records';
import { ofCycle, cycleRecordId, studyWorkflowId } from '../../domain/ids';
import { bestOf, MOST_TRIALS } from '../../domain/study/trial';
import type { Records } from '../../records';
import { withClient, withRecords } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { parseCount, projectName, senderOf, withSender, withTaskQueue } from '../options';
import { short } from '../record-words';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface StudyOptions extends OperateOptions {
  readonly cycle?: number;
  readonly stop?: true;
  readonly extend?: number;
}

export function addStudy(program: Command): void {
  const command = addVerb(program, 'study', 'study flights')
    .argument('<project>', 'name of the project', projectName)
    .option('--cycle <number>', 'the study of this cycle. Default: the newest study', parseCount)
    .addOption(
      new Option('--stop', 'no further trial starts; the best of those that were run goes on').conflicts('extend')
    )
    .option('--extend <number>', 'so many more trials', parseCount)
    .action(
      answering((project: string, options: StudyOptions) => {
        if (options.stop || options.extend !== undefined) return withClient(options, changed(project, options));
        return withRecords(async (records) =>
          outcomeOf(records, project, await newestStudy(records, project, options))
        );
      })
    );
  withTaskQueue(withSender(command));
}

/** By default the study of the cycle that runs. */
function changed(project: string, { cycle, extend, ...sender }: StudyOptions) {
  return async (client: MlopsClient): Promise<Outcome> => {
    const of = cycle ?? (await client.status(project)).cycle;
    const message = senderOf(sender);
    const answer =
      extend === undefined
        ? await client.stopStudy(project, of, message)
        : await client.extendStudy(project, of, { ...message, trials: extend });
    return answered(project, message, answer, studyWorkflowId(project, of));
  };
}

/** Its trials in the order of their numbers. A phase that was retried has a study of its own: the last one. */
async function newestStudy(records: Records, project: string, { cycle }: StudyOptions): Promise<Fact<'trial'>[]> {
  const { records: all } = await records.list('trial', { project, limit: MOST_TRIALS });
  const wanted =
    cycle === undefined ? all : all.filter(({ _id }) => _id.startsWith(ofCycle(cycleRecordId(project, cycle))));
  const study = wanted.at(-1)?.body.study;
  return wanted.filter(({ body }) => body.study === study).toSorted((a, b) => a.body.number - b.body.number);
}

async function outcomeOf(records: Records, project: string, trials: readonly Fact<'trial'>[]): Promise<Outcome> {
  const [first] = trials;
  if (first === undefined) return { json: { project, trials: [] }, text: `no trial of ${project} has ended` };
  const { study } = first.body;
  const decided = await records.find('winner', study);
  const of = decided?.body.trials ?? (await trialsOf(records, first));
  const bodies = trials.map(({ body }) => body);
  const failed = bodies.filter(({ failure }) => failure !== undefined).length;
  const stopped = bodies.filter((body) => body.stopped).length;
  const best = failed + stopped === bodies.length ? undefined : bestOf(bodies, study);
  const early = stopped === 0 ? '' : `, ${stopped} were stopped at a rung`;
  const end = decided?.body.ended;
  const why = end === undefined || end === 'trials' ? '' : `; it ended by ${WHY[end]}`;
  const ended = `${study}: ${bodies.length}${of === undefined ? '' : ` of ${of}`} trials ended, ${failed} failed${early}${why}`;
  return {
    json: { project, study, of, ended: end, failed, stopped, best, trials: bodies },
    text: [
      best === undefined ? ended : `${ended}; the best is trial ${best.number}, loss ${best.loss}`,
      table(
        ['trial', 'loss', 'ended', 'chose', 'run'],
        bodies.map(({ number, loss, failure, stopped: early, rungs = [], choices, run }) => [
          number,
          loss,
          failure?.code ?? (early ? `epoch ${rungs.at(-1)!.epochs}` : undefined),
          choices.map(({ space, value }) => `${space}: ${Number(value.toPrecision(4))}`).join(', '),
          run && short(run.id),
        ])
      ),
    ].join('\n'),
  };
}

const WHY = { time: 'its time', stopped: 'a person' } as const;

/** How many the definition asks for. */
async function trialsOf(records: Records, { inputs }: Fact<'trial'>): Promise<number | undefined> {
  const ref = inputs.find(({ kind }) => kind === 'definition');
  const definition = ref === undefined ? undefined : await records.find('definition', ref.id);
  const model = definition?.body.definition.model;
  return model !== undefined && 'study' in model ? model.study.trials : undefined;
}
