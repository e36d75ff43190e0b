/** The built command, as its users run it. No server is asked. */
import { spawnSync } from 'node:child_process';
import { builtFile, packageRoot } from '../../src/runtime/package-root';

test.each([
  ['an unknown name', ['step'], 'There is no benchmark of this name. [name=step]'],
  ['a mistaken option', ['steps', '--rounds', 'x'], 'Rounds are a whole number'],
])('%s ends with 2, one line on standard error and nothing else', (_, args, what) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [builtFile('bench', 'run.js'), ...args], {
    cwd: packageRoot(),
    encoding: 'utf8',
  });
  expect(stderr).toContain(what);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});
