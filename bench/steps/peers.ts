/** The peers: where each comes from, and how a person runs it and goes on after a kill. */
import type { Installed } from '../install';

export interface Peer extends Installed {
  /** Arguments of its program in bench/peers. */
  readonly run: readonly string[];
  readonly resume: readonly string[];
  /** With `--all` only. */
  readonly extra: boolean;
}

export const PEERS: readonly Peer[] = [
  { name: 'zenml', version: '0.98.0', packages: ['zenml[local]==0.98.0'], run: [], resume: [], extra: false },
  {
    name: 'metaflow',
    version: '2.19.39',
    packages: ['metaflow==2.19.39'],
    run: ['run'],
    resume: ['resume'],
    extra: false,
  },
  { name: 'luigi', version: '3.8.1', packages: ['luigi==3.8.1'], run: [], resume: [], extra: false },
  {
    name: 'kedro',
    version: '1.7.0',
    packages: ['kedro==1.7.0', 'kedro-datasets==9.6.0'],
    run: ['run'],
    resume: ['resume'],
    extra: true,
  },
  {
    name: 'prefect',
    version: '3.8.8',
    // It did not run with FastAPI 0.145.
    packages: ['prefect==3.8.8', 'fastapi==0.144.0'],
    run: [],
    resume: [],
    extra: true,
  },
  { name: 'flytekit', version: '1.16.31', packages: ['flytekit==1.16.31'], run: [], resume: [], extra: true },
  {
    name: 'dagster',
    version: '1.13.27',
    packages: ['dagster==1.13.27'],
    run: ['run'],
    resume: ['resume'],
    extra: true,
  },
];
