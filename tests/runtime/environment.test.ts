/** Which file is read for servers' addresses: none that merely lies in the working directory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../../src/runtime/environment';
import { packageRoot } from '../../src/runtime/package-root';

const folder = mkdtempSync(join(tmpdir(), 'environment-'));
mkdirSync(join(folder, '.stack'));
writeFileSync(join(folder, '.stack', 'env'), "export MONGODB_URI='mongodb://planted/x'\nTEMPORAL_ADDRESS=planted:1\n");
// As a folder that claims to be a clone.
writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'temporal-mlops' }));
afterAll(() => rmSync(folder, { recursive: true }));

test('a .stack/env in the working directory is read by nobody else’s command', () => {
  expect(readEnvironment({}, folder)).toEqual({});
  expect(readEnvironment({ S3_REGION: 'here' }, folder)).toEqual({ S3_REGION: 'here' });
});

test('MLOPS_STACK_DIR asks for it; the environment wins, where it isn’t empty', () => {
  const MLOPS_STACK_DIR = join(folder, '.stack');
  expect(readEnvironment({ MLOPS_STACK_DIR, TEMPORAL_ADDRESS: 'mine:2', MONGODB_URI: '' }, '/')).toEqual({
    MLOPS_STACK_DIR,
    TEMPORAL_ADDRESS: 'mine:2',
    MONGODB_URI: 'mongodb://planted/x',
  });
});

test('in a clone it is read while no server is named, and not beside one that is', () => {
  const named = { MONGODB_URI: 'mongodb://mine/x' };
  expect(readEnvironment(named, packageRoot())).toEqual(named);
  expect(() => readEnvironment({}, packageRoot())).not.toThrow();
});
