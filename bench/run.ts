/** `npm run bench -- NAME`: runs us and the peers in one run, turn by turn, and ends with one JSON line. */
import { benchSteps } from './steps/bench';

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<BenchResult>>> = { steps: benchSteps };

export interface BenchResult {
  readonly bench: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** Times better than the peer: the median over rounds. */
  readonly ratio: Readonly<Record<string, number>>;
  readonly aim: string;
  readonly met: boolean;
  readonly rounds: number;
  /** One-minute load average at the start; above 1 the figures are of a busy machine. */
  readonly load: number;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  const bench = name === undefined ? undefined : BENCHES[name];
  if (bench === undefined) {
    process.stderr.write(
      `no benchmark is named ${name ?? '(nothing)'}: npm run bench -- ${Object.keys(BENCHES).join('|')}\n`
    );
    return 2;
  }
  process.stdout.write(`${JSON.stringify(await bench(args))}\n`);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
);
