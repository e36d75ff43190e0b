/** Pages in a cycle, of the batch and of the evaluation: named where people look; where one can't be rendered the cycle goes on and says so. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { phaseId } from '../../src/domain/ids';
import { mlopsJson } from '../cli/mlops';
import { cycleIn, Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('report');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('a cycle renders the page of its batch, and names it', async () => {
  const project = await lifecycles.start(lifecycles.define());
  const { refs } = await lifecycles.cycle(project, 1, 'waiting');
  const { body } = await system.stores.facts.get({ kind: 'report', id: refs.report!.id });
  expect(body.of.id).toBe(refs.snapshot!.id);
  const { details } = await lifecycles.seen(phaseId(project, 1, 'ingest'));
  expect(details).toContain(`mlops report ${refs.snapshot!.id.slice(7, 19)}`);
});

test('a cycle renders the page of its evaluation, and its request names it', async () => {
  const project = await lifecycles.start(lifecycles.define());
  const { evidence } = await lifecycles.request(project, 1);
  const { refs } = await lifecycles.cycle(project, 1, 'waiting');
  expect(evidence[0]).toBe(`its page, with charts: \`mlops report ${project}@1 --out page.html\``);
  const [report] = await raw(system.stores)
    .facts('report')
    // Of the same rows another project's evaluation is the same record; each version has a page of its own.
    .find({ 'body.of.id': refs.evaluation!.id, 'body.version.id': `${project}/1` } as never)
    .toArray();
  const out = join(system.folder, 'evaluation.html');
  const written = await mlopsJson<object>(['report', `${project}@1`, '--out', out], system.env);
  expect(written).toMatchObject({ version: `${project}@1`, evaluation: refs.evaluation!.id, report: report!._id });
  const page = await readFile(out, 'utf8');
  expect(page).toContain('<svg ');
  expect(page).toContain(`Evaluation of <bdi>${project}@1</bdi>`);
  // Made of the record, without the page's bytes, it is the same.
  await raw(system.stores)
    .facts('report')
    .deleteOne({ _id: report!._id } as never);
  await mlopsJson(['report', `${project}@1`, '--out', out, '--force'], system.env);
  expect(await readFile(out, 'utf8')).toBe(page);
});

test('a page that can’t be rendered fails no cycle, and is shown', async () => {
  // No record of a page can be written.
  await raw(system.stores).db.command({ collMod: 'reports', validator: { _id: { $exists: false } } });
  const project = await lifecycles.start(
    lifecycles.define({ heartbeatWithin: { wall: '3 seconds' } }),
    '2001-02-02T00:00:00Z'
  );
  // Each page is tried five times.
  const { refs } = await cycleIn(system, { project, number: 1, state: 'waiting' });
  expect(Object.keys(refs)).not.toContain('report');
  const { details } = await lifecycles.seen(phaseId(project, 1, 'ingest'));
  expect(details).toContain('could not be rendered');
});
