/** docs/reports.md: its commands, run after two cycles as a reader runs them. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { mlops } from '../cli/mlops';
import { FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

const PAGE = readFileSync(join(packageRoot(), 'docs', 'reports.md'), 'utf8');
const COMMANDS = [...PAGE.matchAll(/```bash\n(.*?)```/gs)].flatMap(([, block = '']) => block.trim().split('\n'));

let system: TestSystem;
let lifecycles: Lifecycles;
let project: string;
let out: string;

beforeAll(async () => {
  system = await openSystem('reports');
  out = join(system.folder, 'out');
  mkdirSync(out);
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
  project = await lifecycles.start(lifecycles.define(), FEBRUARY);
  await lifecycles.decide(project, 1, 'reject');
  await lifecycles.cycle(project, 1, 'finished');
  await system.client.retrain(project, { id: 'second', by: 'ben', asOf: MARCH });
  await lifecycles.request(project, 2);
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('the page starts with its commands', () => {
  expect(PAGE).toMatch(/^# .+\n\n```bash\nmlops report flights@1 /);
});

test.each(COMMANDS)('%s', async (command) => {
  const args = command
    .replace(/^mlops /, '')
    .replaceAll('./out/', `${out}/`)
    .replaceAll('flights@', `${project}@`)
    .split(' ');
  expect(await mlops(args, system.env)).toMatchObject({ code: 0, stderr: '' });
  const at = args.indexOf('--out');
  expect(at < 0 || existsSync(args[at + 1]!)).toBe(true);
});
