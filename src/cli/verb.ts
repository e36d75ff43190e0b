/** What every verb is made of: its help with an example, `--json`, and an answer for people and for programs. */
import type { Command } from 'commander';

export interface Outcome {
  /** The one JSON document of `--json`. */
  readonly json: unknown;
  /** For people. */
  readonly text: string;
  /** Set where the verb did its work and the answer is no: this line goes to standard error, the exit code is 1. */
  readonly failed?: string;
}

export interface JsonOption {
  readonly json?: true;
}

/** @param example as typed after `mlops `. What the verb does is said in verbs.ts. */
export function addVerb(program: Command, name: string, example: string): Command {
  return program
    .command(name)
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', `\nExample:\n  $ mlops ${example}`);
}

/** A verb's action: prints what it answers. The last two arguments are commander's: the options and the command. */
export function answering<A extends readonly unknown[]>(
  act: (...args: A) => Promise<Outcome>
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const options = args.at(-2) as JsonOption;
    const outcome = await act(...(args as unknown as A));
    print(outcome, options.json === true);
  };
}

function print({ json, text, failed }: Outcome, asJson: boolean): void {
  const output = asJson ? JSON.stringify(json, undefined, 2) : text;
  if (output !== '') process.stdout.write(`${output}\n`);
  if (failed === undefined) return;
  process.stderr.write(`mlops: ${oneLine(failed)}\n`);
  process.exitCode = 1;
}

export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
