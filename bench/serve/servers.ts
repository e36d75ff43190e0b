/** The servers, each one process on the first core; the load comes from the second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { readEnvironment } from '../../src/runtime/environment';
import { packageRoot } from '../../src/runtime/package-root';
import { type Installed, pythonOf } from '../install';
import type { Stored } from './stored';

export interface Server {
  readonly name: string;
  readonly port: number;
  /** It scores; else it is the floor, which sends back what it gets. */
  readonly scores: boolean;
  /** Resolves when so many more rows are on record; absent where none are kept. */
  readonly stored?: (rows: number) => Promise<void>;
  end(): Promise<void>;
}

export const FASTAPI: Installed = {
  name: 'fastapi',
  version: '0.144.0',
  packages: ['fastapi==0.144.0', 'uvicorn[standard]==0.40.0', 'onnxruntime==1.30.0', 'numpy==2.3.5'],
};
export const MLSERVER: Installed = {
  name: 'mlserver',
  version: '1.7.1',
  // It does not start with uvloop 0.22.
  packages: ['mlserver==1.7.1', 'uvloop<0.22', 'onnxruntime==1.30.0'],
};

export const MODEL_PATH = '/v2/models/bench/infer';

const peer = (file: string) => join(packageRoot(), 'bench', 'peers', file);

export async function startServers(model: string, folder: string, stored: Stored): Promise<Server[]> {
  const fastapi = await freePort();
  const mlserver = await freePort();
  const ports = { http_port: mlserver, grpc_port: await freePort(), metrics_port: await freePort() };
  const settings = { host: '127.0.0.1', parallel_workers: 0, debug: false, ...ports };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  const own = { name: 'bench', implementation: 'mlserver_serve.Bench', parameters: { uri: model } };
  writeFileSync(join(folder, 'model-settings.json'), JSON.stringify(own));
  return [
    { ...(await saysItsAddress('ours', require.resolve('./ours'))), stored: (rows) => stored.more(rows) },
    await ready('fastapi', [pythonOf(FASTAPI), peer('fastapi_serve.py'), model, String(fastapi)], fastapi),
    await ready('mlserver', [join(pythonOf(MLSERVER), '..', 'mlserver'), 'start', folder], mlserver),
    { ...(await saysItsAddress('fastify', require.resolve('./echo'))), scores: false },
  ];
}

export function pinned(command: readonly string[]): ChildProcess {
  const env = { ...readEnvironment(), PYTHONPATH: join(packageRoot(), 'bench', 'peers'), MLSERVER_TELEMETRY: '0' };
  const child = spawn('taskset', ['-c', '0', ...command], { env, stdio: ['ignore', 'pipe', 2] });
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function saysItsAddress(name: string, program: string): Promise<Server> {
  const child = pinned([process.execPath, program]);
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  return server(name, child, Number(new URL(said.toString().trim()).port));
}

async function ready(name: string, command: readonly string[], port: number): Promise<Server> {
  const child = pinned(command);
  child.stdout!.resume();
  return server(name, child, port);
}

async function server(name: string, child: ChildProcess, port: number): Promise<Server> {
  for (let end = Date.now() + 60_000; ; ) {
    const status = await request(`http://127.0.0.1:${port}/v2/health/ready`).then(
      async ({ statusCode, body }) => body.dump().then(() => statusCode),
      () => 0
    );
    if (status === 200) break;
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${name} did not start`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    name,
    port,
    scores: true,
    end: async () => {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
