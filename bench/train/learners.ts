/**
 * Who trains: each a program that trains once, leaves its scores of the test rows, or its weights, and prints how long the training took.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { type Installed, install, pythonOf } from '../install';

export interface Learner {
  readonly name: string;
  readonly model: 'trees' | 'linear';
  /** @returns seconds from numbers in memory to a model */
  readonly train: (folder: string) => number;
}

interface Peer extends Installed, Pick<Learner, 'model'> {
  readonly program: string;
}

const PYTHON: readonly Peer[] = [
  {
    ...{ name: 'xgboost', version: '3.2.0', packages: ['xgboost-cpu==3.2.0', 'numpy==2.4.6'] },
    ...{ model: 'trees', program: 'xgboost_train.py' },
  },
  {
    ...{ name: 'lightgbm', version: '4.7.0', packages: ['lightgbm==4.7.0', 'numpy==2.4.6'] },
    ...{ model: 'trees', program: 'lightgbm_train.py' },
  },
  {
    ...{ name: 'scikit-learn', version: '1.9.1', packages: ['scikit-learn==1.9.1', 'numpy==2.4.6'] },
    ...{ model: 'linear', program: 'sklearn_linear.py' },
  },
];

/** Installs what isn't there. */
export function openLearners(): readonly Learner[] {
  for (const peer of PYTHON) install(peer);
  const python = PYTHON.map((peer): Learner => {
    const program = join(packageRoot(), 'bench', 'peers', peer.program);
    return { name: peer.name, model: peer.model, train: (folder) => secondsOf(pythonOf(peer), [program, folder]) };
  });
  return [oursOf('trees', require.resolve('./ours')), oursOf('linear', require.resolve('./ours-linear')), ...python];
}

function oursOf(model: Learner['model'], program: string): Learner {
  return { name: 'ours', model, train: (folder) => secondsOf(process.execPath, [program, folder]) };
}

function secondsOf(command: string, args: readonly string[]): number {
  const { status, stdout } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}; what it said is above.`);
  return Number(stdout);
}
