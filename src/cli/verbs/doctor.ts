import type { Command } from 'commander';
import { withClient } from '../connect';
import { withTaskQueue } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';
import { type Examination, examine } from '../doctor/examine';
import type { Finding } from '../doctor/finding';
import { resetStuck } from '../doctor/reset';

export function addDoctor(program: Command): void {
  const command = addVerb(program, 'doctor', 'doctor --json')
    .option('--verify', 'recompute every digest from content: records, audit, decisions, objects; reads all bytes')
    .option(
      '--reset <workflow>',
      'takes a stuck workflow back to its last task, without the signals that it can’t decode'
    )
    .action(
      answering(async ({ reset, ...options }: Examination & { readonly reset?: string }) =>
        reset === undefined ? outcomeOf(await examine(options)) : resetting(reset)
      )
    );
  withTaskQueue(command);
}

function resetting(workflow: string): Promise<Outcome> {
  return withClient({}, async (client) => {
    const reset = await resetStuck(client, workflow);
    const left = reset.leftOut.map(({ signal, event, from }) => `${signal} (event ${event}, from ${from})`);
    const lines = [
      `${workflow} goes on from its last workflow task, as run ${reset.runId}.`,
      `Signals sent again: ${reset.sentAgain.join(', ') || 'none'}.`,
      `Left out, since they can't be decoded: ${left.join(', ') || 'none'}.`,
    ];
    return { json: reset, text: lines.join('\n') };
  });
}

function outcomeOf(findings: readonly Finding[]): Outcome {
  const problems = findings.filter(({ state }) => state === 'problem').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  const rows = findings.map(({ state, about, what }) => [state, about, what]);
  const fixes = findings.flatMap(({ about, fix }) => (fix === undefined ? [] : [`${about}: ${fix}`]));
  return {
    json: { problems, warnings, findings },
    text: [table(['state', 'about', 'what'], rows), ...(fixes.length === 0 ? [] : ['\nWhat to do:', ...fixes])].join(
      '\n'
    ),
    ...(problems === 0
      ? {}
      : { failed: `${problems === 1 ? 'One problem' : `${problems} problems`}: do what is listed.` }),
  };
}
