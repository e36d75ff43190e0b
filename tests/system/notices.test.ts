/** What people are sent of a cycle: that a phase failed, that gates did; and that `show` names those gates. */
import { join } from 'node:path';
import { lifecycleId } from '../../src/domain/ids';
import { mlops } from '../cli/mlops';
import { eventually } from '../support/eventually';
import { type KeptNotices, keptNotices } from '../support/kept-notices';
import { by, Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let notices: KeptNotices;
beforeAll(async () => {
  system = await openSystem('notices');
  notices = keptNotices(system.folder);
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  await system.startWorker({ registered: notices.module });
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

const KEPT = [{ registered: 'kept', params: {} }] as const;
const noticesOf = (project: string) => notices.all().filter((notice) => notice.project === project);
const firstOf = (project: string) => eventually(`a notice of ${project}`, async () => noticesOf(project)[0]);

test('a phase that failed: which one, why, and where to answer', async () => {
  const definition = lifecycles.define({ notifiers: KEPT });
  const { source } = definition;
  const file = { path: join(system.folder, 'none.parquet'), format: 'parquet' } as const;
  const project = await lifecycles.start({ ...definition, source: { ...source, reader: { file } } });
  await lifecycles.cycle(project, 1, 'failed');
  expect(await firstOf(project)).toMatchObject({
    kind: expect.stringMatching(/^ingest-failed-/) as unknown,
    text: `${project}, cycle 1: ingest failed and waits for an operator`,
    details: [expect.stringContaining('none.parquet') as unknown],
    workflowId: lifecycleId(project),
  });

  // A second failure is another notice.
  await system.client.retry(project, by('dan'));
  const again = () => (noticesOf(project).length > 1 ? noticesOf(project) : undefined);
  const kinds = (await eventually('the second notice', async () => again())).map(({ kind }) => kind);
  expect([kinds.length, new Set(kinds).size]).toEqual([2, 2]);
  expect(kinds[1]).toMatch(/^ingest-failed-/);
});

test('gates that failed are named in the notice and by show, and those that passed are not', async () => {
  const gate = { metric: 'auc', against: 'value', bound: 'estimate', severity: 'blocking' } as const;
  const gates = [
    { ...gate, name: 'perfect', atLeast: 1 },
    { ...gate, name: 'anything', atLeast: 0 },
  ];
  const project = await lifecycles.start(lifecycles.define({ notifiers: KEPT, gates }));
  await lifecycles.cycle(project, 1, 'finished');
  expect(await firstOf(project)).toMatchObject({
    kind: 'gates-failed',
    text: `${project}, cycle 1: perfect failed`,
    details: [expect.stringContaining('perfect') as unknown],
  });
  const shown = await mlops(['show', `cycle/${project}/1`], system.env);
  const [, section = ''] = shown.stdout.split('\nGates that failed\n');
  expect(section).toMatch(/perfect .*failed/);
  expect(section).not.toContain('anything');
});
