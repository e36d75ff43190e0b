/** A table without any time: split by hash of its key, to a deployed version and an answer. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { planOf } from '../../src/domain/plan';
import { partOf } from '../../src/domain/split';
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { by, Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

const ASOF = '2026-03-01T00:00:00Z';
const ROWS = 2000;

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;
let file: string;

const definition = (split: object = {}) =>
  defineProject({
    name: project,
    source: {
      reader: { file: { path: file } },
      columns: { stone: 'integer', cut: 'string', carat: 'number', depth: 'number', price: 'integer' },
      key: ['stone'],
    },
    label: { name: 'dear', labeler: { rule: { column: 'price', op: '>', value: 500 } } },
    features: [
      { transform: 'oneHot', column: 'cut' },
      { transform: 'standardize', column: 'carat' },
      { transform: 'standardize', column: 'depth' },
    ],
    model: { network: { hidden: [8], epochs: 2 } },
    split: { by: 'hash', test: 0.25, validation: 0.1, minTrainRows: 100, minTestRows: 50, ...split },
    gates: [
      { metric: 'logLoss', against: 'baseline', atMost: 1 },
      { metric: 'logLoss', against: 'champion', atMost: 1 },
    ],
    approval: { approvers: ['ana'] },
  });

beforeAll(async () => {
  system = await openSystem('notime');
  file = join(system.folder, 'stones.parquet');
  lifecycles = new Lifecycles(system, file);
  project = lifecycles.define().name;
  await writeStones(ROWS);
  await system.startWorker();
  replica = await startReplica(system, project);
  await lifecycles.start(definition(), ASOF);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

/** Every tenth stone is there twice, as it is. */
async function writeStones(rows: number): Promise<void> {
  await duckdbQuery(
    `COPY (SELECT i AS stone, ['Ideal', 'Fair', 'Good'][1 + i % 3] AS cut, (i * 37 % 1000) / 200.0 AS carat,
        50 + (i * 7919 % 200) / 10.0 AS depth, (i * 37 % 1000) + i % 7 AS price
      FROM (SELECT range AS i FROM range(${rows}) UNION ALL SELECT range * 10 FROM range(${rows / 10})))
     TO '${file}' (FORMAT parquet)`
  );
}

async function versionOf(cycle: number) {
  const { facts } = system.stores;
  const version = await facts.get({ kind: 'version', id: `${project}/${cycle}` });
  const [snapshot, features] = await Promise.all([facts.get(version.body.snapshot), facts.get(version.body.features)]);
  return { version, snapshot, features };
}

test('each row is in one part, and the copies of a stone are counted as replaced', async () => {
  const { version, snapshot, features } = await versionOf(1);
  expect(snapshot.body.account).toMatchObject({
    source: 2200,
    inSnapshot: ROWS,
    replaced: 200,
    late: 0,
    quarantined: 0,
  });
  expect(snapshot.body.eventTime).toBeUndefined();
  const { train, validation, test: tested, none } = features.body.parts;
  expect(train + validation + tested + none).toBe(ROWS);
  expect([version.body.trainRows, none]).toEqual([train, 0]);
  const { evaluation } = await evaluatedScores(system, `${project}/1`);
  expect(evaluation.evaluation.rows).toBe(tested);
  for (const [rows, share] of [
    [tested, 0.25],
    [validation, 0.1],
  ] as const)
    expect(Math.abs(rows - share * ROWS)).toBeLessThan(5 * Math.sqrt(ROWS * share * (1 - share)));
  expect(evaluation.test).toEqual(partOf(version.body.split, 'test'));
});

test('intervals take each row by itself', async () => {
  const { evaluation } = await evaluatedScores(system, `${project}/1`);
  const { candidate, slices, rows } = evaluation.evaluation;
  expect(candidate.logLoss).toMatchObject({ blocks: rows, method: 't on row blocks' });
  expect(candidate.auc).toMatchObject({ blocks: rows, method: 'row jackknife' });
  expect(slices).toEqual([]);
});

test('the deployed version answers requests that have no time, with the scores of the evaluation, to the bit', async () => {
  const { scores } = await evaluatedScores(system, `${project}/1`);
  const stones = await duckdbQuery(
    `SELECT DISTINCT stone, cut, carat, depth FROM read_parquet('${file}') ORDER BY stone`
  );
  // As docs/splits.md says.
  const place = (stone: unknown) =>
    createHash('sha256')
      .update(`[1,${String(stone)}]`)
      .digest()
      .readUInt32BE(0) /
    2 ** 32;
  const tested = stones.filter(([stone]) => place(stone) < 0.25);
  const answered = await infer(tested);
  expect(answered.toSorted()).toEqual(scores.toSorted());
});

async function infer(stones: readonly (readonly unknown[])[]): Promise<Float32Array> {
  const input = (name: string, datatype: string, column: number) => ({
    name,
    datatype,
    shape: [stones.length],
    data: stones.map((stone) => stone[column]),
  });
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'all',
      inputs: [input('cut', 'BYTES', 1), input('carat', 'FP64', 2), input('depth', 'FP64', 3)],
    }),
  });
  const body = (await answer.json()) as { outputs?: { name: string; data: number[] }[] };
  if (body.outputs === undefined) throw new Error(JSON.stringify(body));
  return Float32Array.from(body.outputs.find(({ name }) => name === 'probability')!.data);
}

test('a period is refused where the split is not by time', async () => {
  const { version } = await versionOf(1);
  const defined = (await system.stores.facts.get(version.body.definition)).body.definition;
  const asked = system.client.evaluate({
    project,
    definition: version.body.definition,
    plan: planOf(defined),
    searchAttributes: false,
    asOf: ASOF,
    version: { kind: 'version', id: version._id, digest: version.digest },
    period: { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' },
  });
  await expect(asked).rejects.toMatchObject({ code: 'MLOPS_USAGE' });
});

test('as data grow each stone keeps its part, so the champion is compared on rows that it never saw', async () => {
  await writeStones(2 * ROWS);
  await system.client.retrain(project, { ...by('cem'), asOf: '2026-04-01T00:00:00Z' });
  await lifecycles.request(project, 2);
  const { snapshot } = await versionOf(2);
  expect(snapshot.body.rows).toBe(2 * ROWS);
  expect(snapshot.body.batches.at(-1)).toMatchObject({ added: ROWS, late: 0, withdrawn: 0 });
  const { evaluation } = await evaluatedScores(system, `${project}/2`);
  expect(evaluation.championRun).toBeDefined();
  expect(evaluation.contaminated).toBe(false);
});
