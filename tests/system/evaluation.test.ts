/** What an evaluation may know, what it may compare, and that what it judged is what is served. */
import { planOf } from '../../src/domain/plan';
import type { JobContext } from '../../src/domain/job';
import type { Digest } from '../../src/domain/refs';
import { partOf, type RowFilter } from '../../src/domain/split';
import { evaluateJob } from '../../src/engines/evaluate/evaluate-job';
import { digestOfFile } from '../../src/runtime/digest';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordAsked } from '../../src/domain/approval';
import type { Replica } from '../../src/replica/run-replica';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let file: string;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;

beforeAll(async () => {
  system = await openSystem('evaluation');
  file = await writeSmallFlights(system.folder, 1000);
  lifecycles = new Lifecycles(system, file);
  await system.startWorker();
  const definition = lifecycles.define({
    gates: [
      {
        name: 'better-than-the-champion',
        metric: 'logLoss',
        against: 'champion',
        atMost: 1,
        bound: 'estimate',
        severity: 'advisory',
      },
    ],
  });
  project = definition.name;
  replica = await startReplica(system, project);
  await lifecycles.start(definition, MARCH);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

test('the bytes that a replica serves are those that were evaluated and approved', async () => {
  const request = await lifecycles.request(project, 1);
  const { model } = request.subject.digests;
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
  const folder = join(system.folder, 'replica-one', 'models');
  const served = await Promise.all(
    (await readdir(folder)).map(async (name) =>
      createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex')
    )
  );
  expect(served.map((hex) => `sha256:${hex}`)).toEqual([model]);
  const judged = await system.stores.facts.get(recordAsked(request, 'evaluation')!);
  const run = await system.stores.facts.get(judged.body.run);
  expect(run.body.model).toBe(model);
});

test('the endpoint scores a flight as the evaluation did, to the bit, alone and among others', async () => {
  const { evaluation, scores } = await evaluatedScores(system, `${project}/1`);
  const flights = await testFlights(evaluation.test);
  expect(flights).toHaveLength(scores.length);
  expect(scores.length).toBeGreaterThan(100);
  expect(await infer('all', flights)).toEqual(scores);
  for (const row of [0, 1, scores.length - 1]) {
    expect(await infer(`row-${row}`, [flights[row]!])).toEqual(scores.slice(row, row + 1));
  }
});

test('rows that were not known by then are not in it, though the snapshot has them', async () => {
  const asOf = '2001-02-15T00:00:00Z';
  const period = { from: FEBRUARY, to: MARCH };
  const result = await evaluateAlone(asOf, period);
  const known = await countKnown(period, asOf);
  expect(known).toBeLessThan(await countKnown(period, MARCH));
  expect(result.rows).toBe(known);
});

test('of rows that the version was trained on, the numbers are told to prove nothing', async () => {
  expect(await evaluateAlone(MARCH, { from: '2001-02-08T00:00:00Z', to: MARCH })).toMatchObject({ contaminated: true });
  expect(await evaluateAlone(MARCH, { from: '2001-02-22T00:00:00Z', to: MARCH })).toMatchObject({
    contaminated: false,
  });
});

test('a champion that was trained on the test rows can’t be compared with: its gate fails, and approvers are told', async () => {
  await system.client.retrain(project, { ...by('cem'), asOf: FEBRUARY });
  const { evidence, gates } = await lifecycles.request(project, 2);
  expect(gates).toMatchObject([{ gate: 'better-than-the-champion', outcome: 'failed: contaminated' }]);
  expect(evidence).toContainEqual(expect.stringMatching(/^\*\*contaminated\*\*: a model was trained on some of these/));
});

test('it reads the shards of the test rows with their labels, and of others what the reference needs, to the same bits as of all', async () => {
  const grown = await lifecycles.start(lifecycles.define());
  await lifecycles.request(grown, 1);
  await lifecycles.decide(grown, 1, 'reject');
  await lifecycles.cycle(grown, 1, 'finished');
  await system.client.retrain(grown, { ...by('cem'), asOf: MARCH });
  const request = await lifecycles.request(grown, 2);
  const evaluation = await system.stores.facts.get(recordAsked(request, 'evaluation')!);
  const version = await system.stores.facts.get(recordAsked(request, 'version')!);
  const [data, labels, { body: defined }] = await Promise.all([
    system.stores.facts.get(version.body.snapshot),
    system.stores.facts.get(version.body.labelSet),
    system.stores.facts.get(version.body.definition),
  ]);
  const { body: run, artifacts: made } = await system.stores.facts.get(evaluation.body.run);
  const { test: where } = evaluation.body;
  const { shards } = data.body;
  expect(shards.map(({ batch }) => batch)).toEqual([0, 1]);
  expect(shards[0]!.maxEventTime! < where.from!).toBe(true);
  const model = made.find(({ name }) => name === 'model')!;
  const all = [...data.artifacts, ...labels.artifacts];
  const of = (digest: string) => all.find((artifact) => artifact.digest === digest)!;
  const read = [model, ...shards.map(({ digest }) => of(digest)), of(labels.body.shards[1]!.digest)];
  expect(evaluation.made.cost?.bytesIn).toBe(read.reduce((sum, { bytes }) => sum + bytes, 0));

  const folder = join(system.folder, 'whole');
  await mkdir(folder);
  const local = async ({ digest }: { readonly digest: Digest }): Promise<string> => {
    const path = join(folder, digest.slice('sha256:'.length));
    await system.stores.artifacts.download(digest, path);
    return path;
  };
  const whole = await Promise.all(
    shards.map(async (shard, at) => ({
      data: await local(shard),
      labels: await local(labels.body.shards[at]!),
      batch: shard.batch,
      removed: [],
    }))
  );
  const { cluster, monitoring, objective, split } = defined.definition;
  const context: JobContext = { folder, progress: () => undefined, checkpoint: () => undefined };
  const output = await evaluateJob(
    {
      shards: whole,
      columns: data.body.columns,
      privacy: data.body.privacy,
      eventTime: data.body.eventTime!,
      where,
      model: await local(model),
      trained: { where: partOf(run.split, 'train'), shards: whole },
      cluster,
      windows: monitoring.period,
      baseline: run.baseline,
      objective,
      minRows: split.minTestRows,
      ...{ slices: [], gates: [] },
    },
    context
  );
  expect(output.evaluation).toEqual(evaluation.body.evaluation);
  for (const { name, file } of output.files)
    expect([name, await digestOfFile(join(folder, file))]).toEqual([
      name,
      evaluation.artifacts.find((artifact) => artifact.name === name)?.digest,
    ]);
});

async function evaluateAlone(asOf: string, period: { from: string; to: string }) {
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/1` });
  const { definition } = version.body;
  const plan = planOf((await system.stores.facts.get(definition)).body.definition);
  return system.client.evaluate({
    project,
    definition,
    plan,
    searchAttributes: true,
    asOf,
    period,
    version: { kind: 'version', id: version._id, digest: version.digest },
  });
}

interface Flight {
  readonly date: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

async function infer(id: string, flights: readonly Flight[]): Promise<Float32Array> {
  const input = (name: keyof Flight, datatype: string) => ({
    name,
    datatype,
    shape: [flights.length],
    data: flights.map((flight) => flight[name]),
  });
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      parameters: { eventTime: MARCH },
      inputs: [
        input('date', 'INT64'),
        input('distance', 'INT64'),
        input('origin', 'BYTES'),
        input('destination', 'BYTES'),
      ],
    }),
  });
  const body = (await answer.json()) as { outputs: { name: string; data: number[] }[] };
  return Float32Array.from(body.outputs.find(({ name }) => name === 'probability')!.data);
}

/** By the file itself, in the order of a snapshot: event time, then row. Times in µs. */
async function testFlights(period: RowFilter): Promise<Flight[]> {
  const rows = await duckdbQuery(
    `SELECT epoch_us(date), distance, origin, destination FROM read_parquet('${file}', file_row_number = true)
     WHERE date >= TIMESTAMP '${period.from}' AND date < TIMESTAMP '${period.to}' AND delay BETWEEN -120 AND 2000
       AND ${KNOWN_AT} <= epoch_us(TIMESTAMP '${MARCH}') ORDER BY date, file_row_number`
  );
  return rows.map(([date, distance, origin, destination]) => ({
    date: Number(date),
    distance: Number(distance),
    origin: String(origin),
    destination: String(destination),
  }));
}

/** Landing: 35 minutes, then 7.67 miles a minute. */
const KNOWN_AT = 'epoch_us(date) + 60e6 * (35 + distance / 7.67)';

/** By the file itself: flights of the period that had landed by `asOf`. */
async function countKnown(period: { from: string; to: string }, asOf: string): Promise<number> {
  const [row] = await duckdbQuery(
    `SELECT count(*) FROM read_parquet('${file}') WHERE date >= TIMESTAMP '${period.from}' AND date < TIMESTAMP '${period.to}'
       AND delay BETWEEN -120 AND 2000 AND ${KNOWN_AT} <= epoch_us(TIMESTAMP '${asOf}')`
  );
  return Number(row?.[0]);
}
