/** `npm run bench -- NAME`: runs us and the peers in one run, turn by turn, and ends with one JSON line. */
import { fail } from '../src/cli/fail';
import { benchIngest } from './ingest/bench';
import { type BenchOptions, readCommand } from './options';
import type { BenchResult } from './result';
import { benchServe } from './serve/bench';
import { benchSteps } from './steps/bench';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  steps: benchSteps,
  serve: benchServe,
  ingest: benchIngest,
};

async function main(args: readonly string[]): Promise<void> {
  const { name, options } = readCommand(args, Object.keys(BENCHES));
  process.stdout.write(`${JSON.stringify(await BENCHES[name]!(options))}\n`);
}

// So that what runs beside us is ended by the `exit` handlers, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => process.exit(fail(error, false))
);
