/** docs/looking-at-data.md: its program and its commands, run on recorded snapshots as a reader runs them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/runtime/package-root';
import { mlops } from '../cli/mlops';
import { openRecordedCycles, type RecordedCycles } from '../support/recorded-cycles';

const PAGE = readFileSync(join(packageRoot(), 'docs', 'looking-at-data.md'), 'utf8');
// In the package, so that it finds itself by its own name.
const FOLDER = join(packageRoot(), '.stack', `looking-at-data-${process.pid}`);

let cycles: RecordedCycles;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  cycles = await openRecordedCycles('looking');
  await cycles.cycle(['1,2024-01-01,5,Oslo,ana@x', '2,2024-01-02,-6,Bern,ben@x'], '2024-01-10T00:00:00Z');
  await cycles.cycle(['1,2024-01-01,8,Oslo,ana@x', '3,2024-01-12,6,Bern,cem@x'], '2024-01-20T00:00:00Z');
});
afterAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await cycles.close();
});

test('the page starts with its program', () => {
  expect(PAGE).toMatch(/^# .+\n\n```ts\n/);
});

test('the program prints the newest snapshot and its batches', async () => {
  const [, program = ''] = /```ts\n(.*?)```/s.exec(PAGE) ?? [];
  const file = join(FOLDER, 'look.ts');
  writeFileSync(file, program);
  const env = { ...process.env, ...cycles.env };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], {
    cwd: packageRoot(),
    env,
  });
  expect(stdout).toContain('2 rows of orders as of 2024-01-20T00:00:00Z');
  expect(stdout).toMatch(/2024-01-10T00:00:00Z.*│ 1 +│ 0 +│ 1 +│ 0/);
});

const COMMANDS = [...PAGE.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.trim().split('\n'));

test.each(COMMANDS)('%s', async (command) => {
  const args = command
    .replace(/^mlops /, '')
    .replaceAll('./out/', `${FOLDER}/`)
    .split(' ');
  expect(await mlops(args, cycles.env)).toMatchObject({ code: 0, stderr: '' });
});

test('the page has commands', () => {
  expect(COMMANDS.length).toBeGreaterThan(0);
});
