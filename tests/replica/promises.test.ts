/**
 * Node follows every promise of a process in which an AsyncLocalStorage is in use, and a request makes dozens: they took four
 * times as long. So a replica's own ways to its servers leave none in use. In a process of their own: jest has one.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../src/runtime/environment';
import { packageRoot } from '../../src/runtime/package-root';

/** Promises that are followed have ids of their own. */
const PROGRAM = `
const { executionAsyncId } = require('node:async_hooks');
const { setImmediate: turnEnd } = require('node:timers/promises');
const { storeConfig } = require('./src/stores/config.js');
const { connectStores } = require('./src/stores/connect.js');
const { lazySignals } = require('./src/cli/signals.js');
async function followed() {
  await null;
  const id = executionAsyncId();
  await null;
  return id !== executionAsyncId();
}
async function main() {
  const stores = await connectStores(storeConfig(process.env));
  const signals = lazySignals(process.env);
  await signals.send('nobody', 'watermark', {}, 20_000).catch(({ code }) => console.log(code));
  await turnEnd();
  console.log(await followed());
  await signals.close();
  await stores.close();
}
void main();
`;

test('a replica that has read its stores and signalled a workflow is in no AsyncLocalStorage', async () => {
  const options = { cwd: join(packageRoot(), 'dist'), env: readEnvironment(), timeout: 40_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', PROGRAM], options);
  expect(stdout.trim().split('\n')).toEqual(['MLOPS_NOT_FOUND', 'false']);
});
