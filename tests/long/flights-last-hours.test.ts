/** What an origin was like in the last hours, as it was known: better than the flights alone, and not as good as the future. */
import lastHours from '../../examples/flights/last-hours';
import { planOf } from '../../src/domain/plan';
import { packageRoot } from '../../src/runtime/package-root';
import { Lifecycles } from '../support/lifecycles';
import { openSystem, type TestSystem } from '../support/system';

const FEBRUARY = '2001-02-01T00:00:00Z';
const MARCH = '2001-03-01T00:00:00Z';
/** Flights of February have landed by then. */
const LANDED = '2001-03-02T00:00:00Z';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('last-hours');
  lifecycles = new Lifecycles(system, '');
  await system.startWorker({ dataFolder: packageRoot() });
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('trained on January, February has an AUC between 0.70 and 0.745: above, a delay was read before the landing', async () => {
  const { name } = lifecycles.define();
  const project = await lifecycles.start({ ...lastHours, name }, FEBRUARY);
  await lifecycles.request(project, 1);
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  const { definition } = version.body;
  const { metrics, contaminated, rows } = await system.client.evaluate({
    project,
    definition,
    plan: planOf((await system.stores.facts.get(definition)).body.definition),
    searchAttributes: true,
    asOf: LANDED,
    period: { from: FEBRUARY, to: MARCH },
    version: { kind: 'version', id: version._id, digest: version.digest },
  });
  const { auc } = metrics;
  process.stderr.write(`flights of February with the last hours: AUC ${auc!.toFixed(4)} on ${rows} rows\n`);
  expect(contaminated).toBe(false);
  expect(rows).toBeGreaterThan(400_000);
  expect(auc).toBeGreaterThan(0.7);
  expect(auc).toBeLessThan(0.745);
});
