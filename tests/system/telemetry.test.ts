/**
 * No process of ours writes into its user's home: a worker, its compute children, a replica and the command go through a
 * whole cycle in an empty one. onnxruntime-node, left alone, writes there: that is shown first.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile, packageRoot } from '../../src/runtime/package-root';
import { mlops } from '../cli/mlops';
import { by, FEBRUARY, Lifecycles } from '../support/lifecycles';
import { spawnReplica, type ReplicaProcess } from '../support/replica-process';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

let system: TestSystem;
let lifecycles: Lifecycles;
let worker: WorkerProcess | undefined;
let replica: ReplicaProcess | undefined;

beforeAll(async () => {
  system = await openSystem('telemetry');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
});
afterAll(async () => {
  await lifecycles.end();
  await replica?.kill();
  await worker?.kill();
  await system.close();
});

/** An environment with an empty home and nothing that leads elsewhere; onnxruntime keeps quiet where `CI` is set. */
function emptyHome(name: string): { readonly env: NodeJS.ProcessEnv; readonly written: () => string[] } {
  const home = join(system.folder, name);
  mkdirSync(home);
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...system.env }).filter(
      ([variable]) => variable !== 'CI' && !variable.startsWith('XDG_')
    )
  );
  return {
    env: { ...env, HOME: home, ORT_DISABLE_TELEMETRY: undefined },
    written: () => readdirSync(home, { recursive: true }).map(String),
  };
}

/** And ends once something is in the home. */
const OPENS_A_SESSION = `
  const { readdirSync } = require('node:fs');
  const look = () => readdirSync(process.env.HOME).length > 0 || setTimeout(look, 50);
  runtime.InferenceSession.create(Buffer.from('no model')).catch(look);`;

test('onnxruntime-node alone writes into the home: what the other tests look at can fail', () => {
  const { env, written } = emptyHome('unprotected');
  execFileSync(process.execPath, ['-e', `const runtime = require('onnxruntime-node'); ${OPENS_A_SESSION}`], {
    cwd: packageRoot(),
    env,
    timeout: 240_000,
  });
  expect(written()).not.toEqual([]);
});

test('the variable is set before the native library loads', () => {
  const session = JSON.stringify(builtFile('src', 'engines', 'onnx', 'session.js'));
  const seen = execFileSync(
    process.execPath,
    [
      '-e',
      `const { dlopen } = process;
       process.dlopen = (module, file, ...rest) => {
         if (file.includes('onnxruntime')) console.log(String(process.env.ORT_DISABLE_TELEMETRY));
         return dlopen.call(process, module, file, ...rest);
       };
       require(${session});`,
    ],
    { cwd: packageRoot(), env: emptyHome('order').env, encoding: 'utf8' }
  );
  expect(seen.trim().split('\n')).toEqual(['1']);
});

test('a worker, its compute children, a replica and the command leave an empty home empty', async () => {
  const { env, written } = emptyHome('ours');
  worker = spawnWorker({ ...system, env });
  await worker.ready;
  const definition = lifecycles.define();
  replica = await spawnReplica({ env }, definition.name, join(system.folder, 'replica'));
  const project = await lifecycles.start(definition, FEBRUARY);
  await lifecycles.request(project, 1);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const example = join(packageRoot(), 'examples', 'flights', 'project.ts');
  for (const args of [['check', example], ['status', project], ['ls', 'versions'], ['doctor']]) {
    expect((await mlops(args, env)).stderr).not.toMatch(/MLOPS_UNEXPECTED/);
  }
  await system.client.stop(project, by('operator'));
  expect(written()).toEqual([]);
});
