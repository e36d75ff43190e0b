import type { Command } from 'commander';
import { withTaskQueue } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';
import { type Examination, examine } from '../doctor/examine';
import type { Finding } from '../doctor/finding';

export function addDoctor(program: Command): void {
  const command = addVerb(program, 'doctor', 'doctor --json')
    .option('--verify', 'recompute every digest from content: records, audit, decisions, objects; reads all bytes')
    .action(answering(async (options: Examination) => outcomeOf(await examine(options))));
  withTaskQueue(command);
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
