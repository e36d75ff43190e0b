/** One entity's three values over HTTP at a fixed rate: our replica, which also scores and records, and Feast's server, which reads. */
import { once } from 'node:events';
import { join } from 'node:path';
import { request } from 'undici';
import { databaseNamed, storeConfig } from '../../src/stores/config';
import { packageRoot } from '../../src/runtime/package-root';
import { pythonOf } from '../install';
import { freePort, MODEL_PATH, pinned } from '../serve/servers';
import { dropOwnStores, ownEnvironment } from '../steps/own-stores';
import { FEAST } from './feast';
import { type PacedLoad, pacedLoad } from './paced-load';
import { entityName } from './tables';

export const RATE = 1_000;

export interface OnlineServer {
  readonly name: 'ours' | 'feast';
  turn(seconds: number): Promise<PacedLoad>;
  end(): Promise<void>;
}

const START_MS = 180_000;

export async function startOnline(folder: string, entities: number): Promise<readonly OnlineServer[]> {
  await dropOwnStores().catch(() => undefined);
  const ours = pinned([process.execPath, require.resolve('./ours-online'), String(entities)]);
  const [said] = (await once(ours.stdout!, 'data')) as [Buffer];
  const port = Number(new URL(said.toString().trim()).port);
  await untilReady(port, '/v2/health/ready', ours);
  const theirs = await freePort();
  const config = storeConfig(ownEnvironment());
  const asked = { folder, mongodb: config.mongodbUri, database: databaseNamed(config), port: theirs, entities };
  const program = join(packageRoot(), 'bench', 'peers', 'feast_serve.py');
  const feast = pinned([pythonOf(FEAST), program, JSON.stringify(asked)]);
  feast.stdout!.resume();
  await untilReady(theirs, '/health', feast);
  // Another entity each time, all in turn.
  const entity = (n: number) => entityName((n * 7_919) % entities);
  const ourBody = (n: number) =>
    JSON.stringify({ inputs: [{ name: 'origin', datatype: 'BYTES', shape: [1], data: [entity(n)] }] });
  const features = ['of_a:distance', 'of_b:destination', 'of_c:date'];
  const feastBody = (n: number) => JSON.stringify({ features, entities: { entity: [entity(n)] } });
  const end = async (child: typeof ours) => {
    if (child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  return [
    {
      name: 'ours',
      turn: (seconds) => pacedLoad(port, MODEL_PATH, ourBody, { rate: RATE, seconds }),
      end: () => end(ours),
    },
    {
      name: 'feast',
      turn: (seconds) => pacedLoad(theirs, '/get-online-features', feastBody, { rate: RATE, seconds }),
      end: () => end(feast),
    },
  ];
}

async function untilReady(port: number, path: string, child: { readonly exitCode: number | null }): Promise<void> {
  for (const end = Date.now() + START_MS; ; ) {
    const status = await request(`http://127.0.0.1:${port}${path}`).then(
      async ({ statusCode, body }) => body.dump().then(() => statusCode),
      () => 0
    );
    if (status === 200) return;
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${path} of port ${port} is not there`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
