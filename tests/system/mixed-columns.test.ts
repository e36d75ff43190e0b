/** Every type of column and every transform, with what is missing, from a file to an answer: the scores are the evaluation's. */
import { join } from 'node:path';
import type { Replica } from '../../src/replica/run-replica';
import { defineProject } from '../../src/project/define-project';
import { Lifecycles } from '../support/lifecycles';
import { duckdbQuery } from '../support/duckdb-query';
import { evaluatedScores } from '../support/evaluated-scores';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

const ASOF = '2026-03-01T00:00:00Z';

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;
let file: string;

beforeAll(async () => {
  system = await openSystem('mixed');
  file = join(system.folder, 'orders.parquet');
  lifecycles = new Lifecycles(system, file);
  project = lifecycles.define().name;
  await writeOrders();
  await system.startWorker();
  replica = await startReplica(system, project);
  await lifecycles.start(
    defineProject({
      name: project,
      source: {
        reader: { file: { path: file } },
        columns: {
          at: 'timestamp',
          opened: 'timestamp',
          amount: 'number',
          price: 'number',
          items: 'integer',
          member: 'boolean',
          city: 'string',
          note: 'text',
          shape: 'vector(3)',
          returned: 'integer',
        },
        eventTime: 'at',
      },
      label: { name: 'returned', labeler: { rule: { column: 'returned', op: '>', value: 0 } } },
      features: [
        { transform: 'timeOfDayBuckets', column: 'at', buckets: 24 },
        { transform: 'timeOfDayCycles', column: 'opened', harmonics: 2 },
        { transform: 'weekday', column: 'opened' },
        { transform: 'standardize', column: 'amount' },
        { transform: 'logStandardize', column: 'price' },
        { transform: 'standardize', column: 'items' },
        { transform: 'oneHot', column: 'member' },
        { transform: 'oneHot', column: 'items' },
        { transform: 'oneHot', column: 'city' },
        { transform: 'embedding', column: 'city', width: 3 },
        { transform: 'robust', column: 'amount' },
        { transform: 'minMax', column: 'items' },
        { transform: 'power', column: 'price' },
        { transform: 'log', column: 'items', plus: 1 },
        { transform: 'clip', column: 'amount', min: { quantile: 0.05 }, max: 80 },
        { transform: 'impute', column: 'items', with: 'mean' },
        { transform: 'isMissing', column: 'city' },
        { transform: 'isMissing', column: 'opened' },
        { transform: 'quantileBuckets', column: 'amount', buckets: 4 },
        { transform: 'arithmetic', columns: ['price', 'items'], op: 'ratio', as: 'each' },
        { transform: 'logStandardize', column: 'each' },
        { transform: 'arithmetic', columns: ['at', 'opened'], op: 'difference', as: 'age' },
        { transform: 'power', column: 'age' },
        { transform: 'datePart', column: 'at', part: 'dayOfMonth' },
        { transform: 'datePart', column: 'opened', part: 'month', as: 'month' },
        { transform: 'cycle', column: 'month', period: 12 },
        { transform: 'holiday', column: 'at', dates: ['02-14', '2026-01-06'] },
        { transform: 'ordinal', column: 'city', order: ['Zürich', '東京', '🛫'] },
        { transform: 'cross', columns: ['city', 'member'], as: 'who' },
        { transform: 'targetMean', column: 'who' },
        { transform: 'targetMean', column: 'items', training: { folds: 3 } },
        { transform: 'hashing', columns: ['city'], buckets: 8 },
        { transform: 'textNgrams', column: 'note', lengths: [1, 2] },
        { transform: 'hashedNgrams', column: 'note', of: 'characters', lengths: [2, 3], buckets: 32 },
        { transform: 'components', column: 'shape' },
        { transform: 'components', column: 'shape', scale: 'none' },
        { transform: 'isMissing', column: 'shape' },
        { transform: 'isMissing', column: 'note' },
      ],
      model: { network: { hidden: [8], epochs: 2 } },
      split: { minTrainRows: 100, minTestRows: 50 },
      // The test is about bits: numbers as they are, not on one scale, are not what a network learns best from.
      gates: [{ metric: 'logLoss', atMost: 100 }],
      approval: { approvers: ['ana'] },
    }),
    ASOF
  );
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

const CITIES = ["'Zürich'", "'東京'", "'São Paulo'", '\'a "quoted", one\'', "''", 'NULL', "'🛫'"];

const NOTES = ["'Too SMALL, sent back'", "'Caf\u0065\u0301  ΟΔΟΣ\t🛫 fine'", "''", "'nice, nice, nice'"];

/** 4,000 orders in 59 days; about a tenth of each value is missing, every 40th has no label, and the last ones have a city that training never saw. */
async function writeOrders(): Promise<void> {
  await duckdbQuery(
    `COPY (SELECT TIMESTAMP '2026-01-01' + INTERVAL (i * 21) MINUTE AS at,
        CASE WHEN i % 11 = 0 THEN NULL ELSE TIMESTAMP '1969-12-30 23:59:59.999999' + INTERVAL (i * 7919) SECOND END AS opened,
        CASE WHEN i % 9 = 0 THEN NULL ELSE (i * 37 % 1000) / 7.0 - 50 END AS amount,
        CASE WHEN i % 13 = 0 THEN NULL WHEN i % 13 = 1 THEN 0 WHEN i % 13 = 2 THEN -1.5 ELSE i % 500 + 0.1 END AS price,
        CASE WHEN i % 10 = 0 THEN NULL ELSE (i * 31) % 17 END AS items,
        CASE WHEN i % 8 = 0 THEN NULL ELSE i % 3 = 0 END AS member,
        CASE WHEN i > 3168 AND i % 50 = 0 THEN 'new town' ELSE [${CITIES.join(', ')}][1 + i % ${CITIES.length}] END AS city,
        CASE WHEN i % 12 = 0 THEN NULL ELSE [${NOTES.join(', ')}][1 + i % ${NOTES.length}] || ' ' || (i % 19) END AS note,
        CASE WHEN i % 14 = 0 THEN NULL ELSE [i % 7, (i % 23) / 7.0, -1e3 * (i % 3)]::DOUBLE[] END AS shape,
        CASE WHEN i % 40 <> 5 THEN ((i * 31) % 17 + i % 3 > 9)::INT END AS returned
      FROM range(0, 4000) t(i) ORDER BY i) TO '${file}' (FORMAT parquet)`
  );
}

test('each order of the test rows scores at the endpoint as it did in the evaluation, to the bit', async () => {
  const { evaluation, scores } = await evaluatedScores(system, `${project}/1`);
  const { from, to } = evaluation.test;
  const orders = await duckdbQuery(
    `SELECT epoch_us("at"), epoch_us(opened), amount::DOUBLE, price::DOUBLE, items, member, city, note, shape::VARCHAR FROM read_parquet('${file}')
     WHERE "at" >= TIMESTAMP '${from}' AND "at" < TIMESTAMP '${to}' AND returned IS NOT NULL ORDER BY "at"`
  );
  expect(orders).toHaveLength(scores.length);
  expect(orders.some((order) => order[6] === 'new town')).toBe(true);
  for (let column = 1; column < 9; column += 1) expect(orders.some((order) => order[column] === null)).toBe(true);
  expect(await infer('all', orders)).toEqual(scores);
  for (const [row, order] of orders.slice(0, 40).entries())
    expect([row, await infer(`row-${row}`, [order])]).toEqual([row, scores.slice(row, row + 1)]);
});

test('an order without a label is left out of training and test, and counted where a person decides', async () => {
  const { evaluation, evidence } = await evaluatedScores(system, `${project}/1`);
  const [unlabelled] = await duckdbQuery(
    `SELECT count(*) FILTER (WHERE "at" < TIMESTAMP '${evaluation.test.from}'), count(*) FILTER (WHERE "at" >= TIMESTAMP '${evaluation.test.from}' AND "at" < TIMESTAMP '${evaluation.test.to}')
     FROM read_parquet('${file}') WHERE returned IS NULL`
  );
  const [training, test] = unlabelled!.map(Number);
  expect(test).toBeGreaterThan(0);
  expect(evaluation.evaluation.unlabelled).toBe(test);
  expect(evidence.join('\n')).toContain(`no label: ${training} training rows, ${test} test rows`);
});

/** Of a list as DuckDB writes it. */
function arrayOf(list: unknown): unknown {
  return list === null ? null : JSON.parse(list as string);
}

async function infer(id: string, orders: readonly (readonly unknown[])[]): Promise<Float32Array> {
  const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  const input = (name: string, datatype: string, column: number) => ({
    name,
    datatype,
    shape: [orders.length],
    data: orders.map((order) => plain(order[column])),
  });
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      parameters: { eventTime: ASOF },
      inputs: [
        input('at', 'INT64', 0),
        input('opened', 'INT64', 1),
        input('amount', 'FP64', 2),
        input('price', 'FP64', 3),
        input('items', 'INT64', 4),
        input('member', 'BOOL', 5),
        input('city', 'BYTES', 6),
        input('note', 'BYTES', 7),
        { name: 'shape', datatype: 'FP64', shape: [orders.length, 3], data: orders.map((order) => arrayOf(order[8])) },
      ],
    }),
  });
  const body = (await answer.json()) as { outputs?: { name: string; data: number[] }[]; error?: unknown };
  if (body.outputs === undefined) throw new Error(JSON.stringify(body));
  return Float32Array.from(body.outputs.find(({ name }) => name === 'probability')!.data);
}
