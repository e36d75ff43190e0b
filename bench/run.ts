/**
 * `npm run bench -- NAME`: runs us and the peers in one run, turn by turn, and ends with one JSON line. What is measured runs in a process
 * of its own (`inside NAME`).
 */
import { fail } from '../src/cli/fail';
import { benchFeatures } from './features/bench';
import { benchIngest } from './ingest/bench';
import { type BenchOptions, readCommand } from './options';
import { INTERRUPTED, startOwnRun } from './own-run';
import type { BenchResult } from './result';
import { benchSearch } from './search/bench';
import { benchServe } from './serve/bench';
import { benchSteps } from './steps/bench';
import { benchTrain } from './train/bench';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  steps: benchSteps,
  serve: benchServe,
  ingest: benchIngest,
  features: benchFeatures,
  train: benchTrain,
  search: benchSearch,
};

const INSIDE = 'inside';
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function main(given: readonly string[]): Promise<number> {
  const inside = given[0] === INSIDE;
  const args = inside ? given.slice(1) : given;
  const { name, options } = readCommand(args, Object.keys(BENCHES));
  if (!inside) return outside(args);
  // So that what runs beside us is ended by the `exit` handlers, too.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(INTERRUPTED));
  process.stdout.write(`${JSON.stringify(await BENCHES[name]!(options))}\n`);
  return 0;
}

/** It stays until the run has ended, and removes what is left of it. */
function outside(args: readonly string[]): Promise<number> {
  const { child, ended } = startOwnRun([process.execPath, __filename, INSIDE, ...args]);
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  return ended;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => process.exit(fail(error, []))
);
