/** The batch's page in a cycle: named where people look; where it can't be rendered the cycle goes on and says so. */
import { phaseId } from '../../src/domain/ids';
import { Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('report');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
}, 60_000);
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('a cycle renders the page of its batch, and names it', async () => {
  const project = await lifecycles.start(lifecycles.define());
  const { refs } = await lifecycles.cycle(project, 1, 'waiting');
  const { body } = await system.stores.facts.get({ kind: 'report', id: refs.report!.id });
  expect(body.snapshot.id).toBe(refs.snapshot!.id);
  const { details } = await lifecycles.seen(phaseId(project, 1, 'ingest'));
  expect(details).toContain(`mlops report ${refs.snapshot!.id.slice(7, 19)}`);
}, 60_000);

test('a page that can’t be rendered fails no cycle, and is shown', async () => {
  // No record of a page can be written.
  await raw(system.stores).db.command({ collMod: 'reports', validator: { _id: { $exists: false } } });
  const project = await lifecycles.start(
    lifecycles.define({ heartbeatWithin: { wall: '3 seconds' } }),
    '2001-02-02T00:00:00Z'
  );
  const { refs } = await lifecycles.cycle(project, 1, 'waiting');
  expect(Object.keys(refs)).not.toContain('report');
  const { details } = await lifecycles.seen(phaseId(project, 1, 'ingest'));
  expect(details).toContain('could not be rendered');
}, 90_000);
