import type { Command } from 'commander';
import type { ReproduceResult } from '../../client';
import { MlopsError } from '../../domain/errors';
import { parseVersionLabel } from '../../domain/ids';
import { withClient } from '../connect';
import { withTaskQueue } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface ReproduceOptions {
  readonly taskQueue?: string;
}

export function addReproduce(program: Command): void {
  const command = addVerb(program, 'reproduce', 'reproduce flights@3')
    .argument('<version>', '<project>@<number>')
    .action(answering(reproduced));
  withTaskQueue(command);
}

async function reproduced(name: string, options: ReproduceOptions): Promise<Outcome> {
  const version = parseVersionLabel(name);
  if (version === undefined)
    throw new MlopsError('MLOPS_USAGE', 'This names no version.', { version: name }, 'Write <project>@<number>.');
  const { project, number } = version;
  return withClient(options, async (client) => {
    const result = await client.reproduce({ project, version: number });
    return { json: result, text: inWords(result), ...failure(result) };
  });
}

function failure({ version, outcome, steps }: ReproduceResult): Pick<Outcome, 'failed'> {
  const step = steps.at(-1)?.step;
  switch (outcome) {
    case 'identical':
      return {};
    case 'differs':
      return { failed: `${version} was not reproduced: ${step} made other bytes` };
    case 'gone':
      return { failed: `${version} can't be reproduced: bytes that ${step} reads are gone` };
  }
}

function inWords({ version, outcome, steps }: ReproduceResult): string {
  const rows = steps.map(({ step, outcome: how, seconds }) => [step, how, seconds]);
  const last = steps.at(-1);
  const bytes = last?.artifacts.map(({ name, recorded, made }) => [name, recorded ?? 'none', made ?? 'none']) ?? [];
  const gone = last?.gone.map(({ record, name, digest }) => [record, name, digest]) ?? [];
  const changed = steps.flatMap(({ step, changed: all }) =>
    all.map(({ what, recorded, now }) => [step, what, recorded, now])
  );
  return [
    `${version}: ${outcome}`,
    table(['step', 'outcome', 'seconds'], rows),
    ...(bytes.length === 0 ? [] : [table(['artifact', 'recorded', 'made now'], bytes)]),
    ...(gone.length === 0 ? [] : [table(['bytes that are gone: record', 'name', 'digest'], gone)]),
    ...((last?.more ?? 0) === 0 ? [] : [`and ${last?.more} more`]),
    ...(changed.length === 0 ? [] : [table(['step', 'changed since', 'recorded', 'now'], changed)]),
  ].join('\n\n');
}
