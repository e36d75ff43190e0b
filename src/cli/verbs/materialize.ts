import type { Command } from 'commander';
import type { MaterializeResult, MlopsClient, Schedule } from '../../client';
import { MlopsError } from '../../domain/errors';
import { noProject } from '../../runtime/project-errors';
import { withClient, withRecords } from '../connect';
import { projectName, when, withTaskQueue } from '../options';
import { pairs, table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface MaterializeOptions {
  readonly asOf?: string;
  readonly every?: string;
  readonly off?: true;
  readonly taskQueue?: string;
}

export function addMaterialize(program: Command): void {
  const command = addVerb(program, 'materialize', "materialize flights --every '1 hour'")
    .argument('<project>', 'name of the project', projectName)
    .option('--as-of <when>', 'use only what was known at this time; default: now', when)
    .option('--every <interval>', "sets a schedule instead, such as '1 hour'")
    .option('--off', 'removes the schedule')
    .action(
      answering((project: string, options: MaterializeOptions) =>
        withClient(options, (client) => materialized(client, project, options))
      )
    );
  withTaskQueue(command);
}

async function materialized(client: MlopsClient, project: string, options: MaterializeOptions): Promise<Outcome> {
  const { asOf, every, off } = options;
  if ([asOf, every, off].filter((each) => each !== undefined).length > 1)
    throw new MlopsError('MLOPS_USAGE', '--as-of, --every and --off exclude each other.', {}, 'Give one of them.');
  if (every === undefined && off === undefined)
    return resultOf(await client.materialize({ project, ...(asOf === undefined ? {} : { asOf }) }));
  if (every === undefined) await client.unscheduleMaterialize(project);
  else {
    await requireProject(project);
    await client.scheduleMaterialize(project, { every });
  }
  return scheduleOf(project, await client.materializeSchedule(project));
}

/** A Schedule of a project that is not there would fail at each run, unseen. */
async function requireProject(project: string): Promise<void> {
  const found = await withRecords((records) => records.find('project', project));
  if (found === undefined) throw noProject(project);
}

function resultOf(result: MaterializeResult): Outcome {
  const { asOf, views } = result;
  const rows = views.map(({ view, entities, overtaken }) => [
    view,
    overtaken === true ? "a later snapshot's stand" : entities,
  ]);
  return {
    json: result,
    text: rows.length === 0 ? 'The project joins no view.' : table(['view', `entities as of ${asOf}`], rows),
  };
}

function scheduleOf(project: string, schedule: Schedule | undefined): Outcome {
  if (schedule === undefined)
    return { json: { scheduled: false }, text: `No schedule: mlops materialize ${project} --every '1 hour'.` };
  const { everyMs, paused, next } = schedule;
  return {
    json: { scheduled: true, ...schedule },
    text: pairs([
      ['every', `${everyMs / 60_000} minutes`],
      ['next', paused ? 'paused' : next?.toISOString()],
    ]),
  };
}
