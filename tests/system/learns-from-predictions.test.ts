/** Flights whose third cycle has no file to read: it learns from what the endpoint was asked, and from the truths that came back. */
import { join } from 'node:path';
import { defineProject } from '../../src/project/define-project';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Replica } from '../../src/replica/run-replica';
import type { Ref } from '../../src/domain/refs';
import { dataShards, liveRows } from '../../src/engines/tables/live-rows';
import { countStored } from '../../src/stores/predictions';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { eventually } from '../support/eventually';
import { by, Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

const CONTROL_SHARE = 0.2;

interface Flight {
  readonly id: string;
  readonly us: number;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let definition: ProjectDefinition;
let project: string;
let file: string;
/** Ids of all that the endpoint answered, and of those that are of the control group. */
const served: string[] = [];
const control: string[] = [];

beforeAll(async () => {
  system = await openSystem('feedback');
  file = await writeSmallFlights(system.folder, 400);
  lifecycles = new Lifecycles(system, file);
  const step = { shadow: false, for: { event: '0 seconds' } };
  definition = lifecycles.define({
    triggers: [],
    rollout: {
      steps: [{ name: 'full', share: 1, ...step }],
      minReplicas: 1,
      replicasWithin: { wall: '5 minutes' },
    },
  });
  definition = { ...definition, objective: { ...definition.objective, controlShare: CONTROL_SHARE } };
  project = definition.name;
  await system.startWorker();
  replica = await startReplica(system, project);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

async function flights(from: string, to: string): Promise<Flight[]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date), delay, distance, origin, destination FROM read_parquet('${file}')
     WHERE date >= '${from}' AND date < '${to}' AND delay >= -120 ORDER BY date, origin, destination, distance, delay`
  );
  return rows.map(([us, delay, distance, origin, destination], row) => ({
    id: `${from}-${row}`,
    us: Number(us),
    delay: Number(delay),
    distance: Number(distance),
    origin: String(origin),
    destination: String(destination),
  }));
}

const knownAt = ({ us, distance }: Flight): Date => new Date(us / 1_000 + (35 + distance / 7.67) * 60_000);

/** Each flight is asked about when it departs, and its truth is reported as of its landing. */
async function serve(days: readonly Flight[]): Promise<void> {
  for (const flight of days) {
    const input = (name: string, datatype: string, value: unknown) => ({ name, datatype, shape: [1], data: [value] });
    const { parameters } = await post<{ parameters: { control: string[] } }>('infer', {
      id: flight.id,
      parameters: { eventTime: new Date(flight.us / 1_000).toISOString() },
      inputs: [
        input('date', 'INT64', flight.us),
        input('distance', 'INT64', flight.distance),
        input('origin', 'BYTES', flight.origin),
        input('destination', 'BYTES', flight.destination),
      ],
    });
    served.push(flight.id);
    control.push(...parameters.control);
  }
  const truths = days.map((flight) => ({
    id: flight.id,
    value: flight.delay > 15 ? 1 : 0,
    eventTime: knownAt(flight).toISOString(),
  }));
  for (let at = 0; at < truths.length; at += 500) await post('truth', { truths: truths.slice(at, at + 500) });
  const all = served.length;
  await eventually('all is shipped', async () => {
    const { predictions, truths: known } = await countStored(system.stores, project);
    return predictions === all && known === all ? true : undefined;
  });
}

async function post<T>(path: string, body: object): Promise<T> {
  const answer = await fetch(`${replica.address}/v2/models/${project}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function versionOf(cycle: number) {
  const { facts } = system.stores;
  const version = await facts.get({ kind: 'version', id: `${project}/${cycle}` });
  return { version, snapshot: (await facts.get(version.body.snapshot)).body };
}

async function rowsOf(ref: Ref<'snapshot'>, columns: readonly string[]): Promise<unknown[][]> {
  const { body, artifacts } = await system.stores.facts.get(ref);
  const locals: Record<string, string> = {};
  for (const { name, digest } of artifacts) {
    locals[name] = join(system.folder, `learnt-${name}`);
    await system.stores.artifacts.download(digest, locals[name]);
  }
  return duckdbQuery(`FROM ${liveRows(dataShards(body, locals), columns)} ORDER BY prediction`);
}

test('two cycles learn from the file, and the endpoint answers a month of flights', async () => {
  await lifecycles.start(definition, '2001-02-01T00:00:00Z');
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  await serve(await flights('2001-02-01', '2001-02-15'));
  await system.client.retrain(project, { ...by('cem'), asOf: '2001-02-15T00:00:00Z' });
  await lifecycles.decide(project, 2, 'approve');
  await lifecycles.cycle(project, 2, 'finished');
  await serve(await flights('2001-02-15', '2001-03-01'));
  expect(Math.abs(control.length - CONTROL_SHARE * served.length)).toBeLessThan(
    5 * Math.sqrt(served.length * CONTROL_SHARE * (1 - CONTROL_SHARE))
  );
});

test('the third learns from predictions alone: the flights that had landed, as they were asked about', async () => {
  const { name: _, ...source } = definition.source;
  const { delay: __, ...inputs } = source.columns;
  const feedback = defineProject({
    ...definition,
    source: {
      reader: { predictions: { project } },
      columns: {
        ...inputs,
        late: { type: 'integer', from: 'truth.value' },
        answered: { type: 'integer', from: 'prediction.version' },
        control: { type: 'boolean', from: 'prediction.control' },
        prediction: { type: 'string', from: 'prediction.id' },
        known: { type: 'timestamp', from: 'truth.knownAt' },
      },
      key: ['prediction'],
      eventTime: 'date',
      knownAt: { column: 'known' },
    },
    schema: { ...definition.schema, columns: definition.schema.columns.filter(({ column }) => column !== 'delay') },
    label: { name: 'late', version: 2, labeler: { rule: { column: 'late', op: '=', value: 1 } } },
  } as never);
  expect(await system.client.apply(feedback, by('cem'))).toMatchObject({ outcome: 'accepted' });
  const asOf = '2001-02-28T12:00:00Z';
  await system.client.retrain(project, { ...by('cem'), asOf });
  await lifecycles.request(project, 3);

  const { version, snapshot } = await versionOf(3);
  const all = [...(await flights('2001-02-01', '2001-02-15')), ...(await flights('2001-02-15', '2001-03-01'))];
  const landed = all.filter((flight) => knownAt(flight).getTime() <= Date.parse(asOf));
  expect(landed.length).toBeGreaterThan(500);
  expect(snapshot.account).toMatchObject({
    source: all.length,
    inSnapshot: landed.length,
    notYetKnown: all.length - landed.length,
    quarantined: 0,
    replaced: 0,
  });
  const days = Array.from(
    { length: 28 },
    (_each, day) => `${project}/2001-02-${String(day + 1).padStart(2, '0')}.jsonl`
  );
  expect(snapshot.files.map(({ path }) => path)).toEqual(days);

  const rows = await rowsOf(version.body.snapshot, [
    'prediction',
    'epoch_us(date)',
    'distance',
    'origin',
    'destination',
    'late',
    'answered',
    'control',
  ]);
  const expected = landed
    .map((flight) => [
      flight.id,
      BigInt(flight.us),
      BigInt(flight.distance),
      flight.origin,
      flight.destination,
      flight.delay > 15 ? 1n : 0n,
      flight.id.startsWith('2001-02-01') ? 1n : 2n,
      control.includes(flight.id),
    ])
    .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
  expect(rows).toEqual(expected);

  // A model, compared with the champion on flights that neither has seen.
  const { evaluation } = await evaluatedScores(system, `${project}/3`);
  expect(version.body.trainRows + evaluation.evaluation.rows).toBeLessThanOrEqual(landed.length);
  expect(version.body.trainRows).toBeGreaterThan(300);
  expect(evaluation.championRun).toBeDefined();
});
