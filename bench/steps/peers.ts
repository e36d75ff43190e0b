/** Where each peer comes from, and how a person runs it and goes on after a kill. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root';

export interface Peer {
  readonly name: string;
  readonly packages: readonly string[];
  readonly run: readonly string[];
  readonly resume: readonly string[];
  /** With `--all` only. */
  readonly extra: boolean;
}

const peer = (
  name: string,
  packages: readonly string[],
  extra: boolean,
  run: readonly string[] = [],
  resume = run
): Peer => ({ name, packages, run, resume, extra });

export const PEERS: readonly Peer[] = [
  peer('zenml', ['zenml[local]==0.98.0'], false),
  peer('metaflow', ['metaflow==2.19.39'], false, ['run'], ['resume']),
  peer('luigi', ['luigi==3.8.1'], false),
  peer('kedro', ['kedro==1.7.0', 'kedro-datasets'], true, ['run'], ['resume']),
  peer('prefect', ['prefect==3.8.8', 'fastapi<0.145'], true),
  peer('flytekit', ['flytekit==1.16.31'], true),
  peer('dagster', ['dagster==1.13.27'], true, ['run'], ['resume']),
];

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'temporal-mlops', 'bench');

/** A virtual environment of the peer's own, made on first use. */
export function install({ name, packages }: Peer): void {
  const folder = environmentOf(name);
  if (existsSync(join(folder, 'ready'))) return;
  process.stderr.write(`installing ${packages.join(' ')}\n`);
  mkdirSync(cache, { recursive: true });
  must(spawnSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 2, 2] }), `python3 -m venv ${folder}`);
  must(
    spawnSync(join(folder, 'bin', 'pip'), ['install', '-q', '--disable-pip-version-check', ...packages], {
      stdio: ['ignore', 2, 2],
    }),
    `pip install ${name}`
  );
  writeFileSync(join(folder, 'ready'), `${packages.join(' ')}\n`);
}

export function commandOf({ name }: Peer, args: readonly string[]): readonly [string, readonly string[]] {
  return [
    join(environmentOf(name), 'bin', 'python'),
    [join(packageRoot(), 'bench', 'peers', `${name}_peer.py`), ...args],
  ];
}

/** Homes of their own, and nothing sent home. */
export function peerEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    USER: 'bench',
    LANG: 'C.UTF-8',
    DO_NOT_TRACK: '1',
    ZENML_CONFIG_PATH: join(folder, 'zenml'),
    ZENML_ANALYTICS_OPT_IN: 'false',
    ZENML_LOGGING_VERBOSITY: 'ERROR',
    METAFLOW_HOME: join(folder, 'metaflow'),
    METAFLOW_DATASTORE_SYSROOT_LOCAL: join(folder, 'metaflow'),
    METAFLOW_USER: 'bench',
    KEDRO_DISABLE_TELEMETRY: '1',
    PREFECT_HOME: join(folder, 'prefect'),
    PREFECT_LOGGING_LEVEL: 'ERROR',
    DAGSTER_HOME: join(folder, 'dagster'),
    FLYTE_LOCAL_CACHE_DIR: join(folder, 'flyte'),
    PYTHONWARNINGS: 'ignore',
  };
}

function environmentOf(name: string): string {
  const [first = name] = PEERS.find((peer) => peer.name === name)?.packages ?? [];
  return join(cache, first.replace(/\[.*\]/, '').replace('==', '-'));
}

function must({ status, error }: { readonly status: number | null; readonly error?: Error }, what: string): void {
  if (error !== undefined || status !== 0)
    throw new Error(`${what} failed${error === undefined ? '' : `: ${error.message}`}`);
}
