/** The peer: Optuna's TPE with its defaults, in memory and on SQLite. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { type Installed, install, pythonOf } from '../install';
import { readEvents } from '../steps/events';
import { type Killed, KILLED_TRIAL, repeatedIn, type Searched, TRIALS, untilTrial } from './searched';

const OPTUNA: Installed = { name: 'optuna', version: '5.0.0', packages: ['optuna==5.0.0', 'numpy==2.4.6'] };
const ENV = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };

export function openOptuna(folder: string) {
  install(OPTUNA);
  const program = join(packageRoot(), 'bench', 'peers', 'optuna_search.py');
  const run = (args: readonly string[]): Searched => {
    const { status, stdout } = spawnSync(pythonOf(OPTUNA), [program, ...args], {
      ...{ stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', env: ENV },
    });
    if (status !== 0) throw new Error(`optuna_search.py ended with ${status}; what it said is above.`);
    return JSON.parse(stdout) as Searched;
  };
  const fresh = () => mkdtempSync(join(folder, 'optuna-'));
  return {
    inMemory: (seed: number) => run([`${seed}`, `${TRIALS}`, 'memory']),
    durable: (seed: number) => run([`${seed}`, `${TRIALS}`, 'sqlite', fresh()]),
    /** SIGKILL in a trial; the same command again, as its documentation has it: the study is loaded where it was. */
    async killed(seed: number): Promise<Killed> {
      const own = fresh();
      const args = [`${seed}`, `${TRIALS}`, 'sqlite', own];
      const first: ChildProcess = spawn(pythonOf(OPTUNA), [program, ...args, `${KILLED_TRIAL}`], {
        ...{ stdio: ['ignore', 'ignore', 'inherit'], env: ENV },
      });
      const events = join(own, 'events');
      const before = await untilTrial(events, () => first.exitCode === null && first.signalCode === null);
      const gone = once(first, 'exit');
      first.kill('SIGKILL');
      await gone;
      const { best } = run(args);
      return { best, repeated: repeatedIn(before, readEvents(events)) };
    },
  };
}
