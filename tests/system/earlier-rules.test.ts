/** Rules about earlier rows (`unique`, `drift`, dependencies) hold a batch against what people let in last: taking all rows anew can't get around them. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ProjectDefinition, SchemaDefinition, Severity } from '../../src/domain/definition';
import { lifecycleId } from '../../src/domain/ids';
import type { Fact } from '../../src/domain/records';
import { packageRoot } from '../../src/runtime/package-root';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { openSystem, type TestSystem } from '../support/system';

const FLIGHTS = 'node_modules/vega-datasets/data/flights-3m.parquet';
const FILE = 'flights.parquet';

/** What comes from February 10 on breaks all three: a serial number of before, one minute on the ground, and farther than its route is. */
const SPOILED = `* REPLACE (
  CASE WHEN date >= '2001-02-10' THEN distance + 5000 ELSE distance END AS distance,
  CASE WHEN date >= '2001-02-10' THEN serial % 100 ELSE serial END AS serial,
  CASE WHEN date >= '2001-02-10' THEN 1 ELSE taxi END AS taxi)`;

const RULES = {
  unique: 'serial unique',
  drift: 'taxi as in the snapshot before',
  dependency: 'distance_is_the_routes',
};
type Rule = keyof typeof RULES;

let system: TestSystem;
let lifecycles: Lifecycles;
let definition: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('earlier-rules');
  lifecycles = new Lifecycles(system, FILE);
  await writeFlights('*');
  await system.startWorker();
  const { source, ...rest } = lifecycles.define();
  const columns = { ...source.columns, serial: { type: 'integer' }, taxi: { type: 'integer' } } as const;
  definition = { ...rest, source: { ...source, columns } };
  project = await lifecycles.start(judging('warn'), FEBRUARY);
  await lifecycles.decide(project, 1, 'reject');
  await lifecycles.cycle(project, 1, 'finished');
  await writeFlights(SPOILED);
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

function judging(severities: Severity | Record<Rule, Severity>): ProjectDefinition {
  const of = (rule: Rule) => (typeof severities === 'string' ? severities : severities[rule]);
  const { schema } = definition;
  const rules: Partial<SchemaDefinition> = {
    table: [
      { unique: ['serial'], severity: of('unique') },
      { drift: 'taxi', floor: 0.1, pValue: 0.001, severity: of('drift') },
    ],
    dependencies: schema.dependencies.map((each) => ({ ...each, severity: of('dependency') })),
  };
  return { ...definition, schema: { ...schema, ...rules, newColumns: 'ignore', newCategories: 'ignore' } };
}

/** Every thousandth flight, numbered, with minutes on the ground that tell nothing. */
async function writeFlights(columns: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT ${columns} FROM (
       SELECT date, delay, distance, origin, destination, file_row_number // 1000 AS serial, (file_row_number // 1000) * 7 % 30 AS taxi
       FROM read_parquet('${join(packageRoot(), FLIGHTS)}', file_row_number = true) WHERE file_row_number % 1000 = 0)
     ORDER BY date) TO '${join(system.folder, FILE)}' (FORMAT parquet)`
  );
  connection.closeSync();
  instance.closeSync();
}

async function snapshotOf(number: number): Promise<Fact<'snapshot'>> {
  const cycle = await raw(system.stores).cycles.findOne({ _id: `${project}/${number}` });
  return system.stores.facts.get({ kind: 'snapshot', id: cycle!.refs.snapshot!.id });
}

test.each<[Rule, number]>([
  ['unique', 2],
  ['drift', 3],
  ['dependency', 4],
])('a blocking rule of the kind %s refuses rows that are all taken anew', async (rule, cycle) => {
  // The first cycle of a lifecycle has no parent that rows could come to.
  await system.client.stop(project, by('dan'));
  await lifecycles.handle(lifecycleId(project)).result();
  await lifecycles.start(judging({ unique: 'warn', drift: 'warn', dependency: 'warn', [rule]: 'block' }), MARCH);
  const { failure, refs } = await lifecycles.cycle(project, cycle, 'failed');
  expect(failure).toContain('MLOPS_EXPECTATION_FAILED');
  expect(failure).toContain(`the blocking rule \`${RULES[rule]}\``);
  expect(refs).not.toHaveProperty('snapshot');
});

test('where they warn, the batch is taken with their findings, beside the snapshot that people let in', async () => {
  await system.client.apply(judging('warn'), by('cem'));
  await lifecycles.request(project, 5);
  const { body } = await snapshotOf(5);
  expect(body).not.toHaveProperty('parent');
  expect(body.judgedBeside?.id).toBe((await snapshotOf(1))._id);
  for (const rule of Object.values(RULES))
    expect(body.validation).toContainEqual(expect.objectContaining({ rule, verdict: 'failed' }));
});
