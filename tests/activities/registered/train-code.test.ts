/** A registered trainer's model, as its job takes it: only what a version declares may be read; what depends on the batch is named. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { defaultLimits } from '../../../src/activities/limits';
import type { TrainCodeInput, TrainCodeOutput } from '../../../src/activities/registered/jobs/train';
import type { ModelInput } from '../../../src/domain/endpoint';
import type { LabelledShard } from '../../../src/engines/tables/labelled-rows';
import type { RegisteredDescription } from '../../../src/project/registry';
import { computePool } from '../../../src/worker/compute/pool';
import { readModules } from '../../../src/worker/registered-modules';
import { thermometer } from '../../support/thermometer';

const ROWS = 50;
const COLUMNS = { at: 'timestamp', celsius: 'number', site: 'string' } as const;
const CELSIUS: ModelInput = { name: 'celsius', datatype: 'FP64' };
const SITE: ModelInput = { name: 'site', datatype: 'BYTES' };

let folder: string;
let shard: LabelledShard;
let code: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'train-code-'));
  const [data, labels] = [join(folder, 'data.parquet'), join(folder, 'labels.parquet')];
  shard = { data, labels, batch: 0, removed: [] };
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const rows = `(SELECT i, md5(i::VARCHAR)::UUID AS __key, '0.csv' AS __file, i::BIGINT AS __row FROM range(${ROWS}) t(i))`;
  const at = `TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR`;
  await connection.run(`COPY (SELECT ${at} AS at, 20.0 + i % 30 AS celsius, 'A' AS site, __key, __file, __row,
    ${at} AS __known_at FROM ${rows} ORDER BY i) TO '${data}'`);
  await connection.run(`COPY (SELECT __key, (i % 30 > 15)::TINYINT AS label FROM ${rows} ORDER BY i) TO '${labels}'`);
  connection.closeSync();
  instance.closeSync();
  code = join(folder, 'copies.cjs');
  writeFileSync(
    code,
    `const { copyFileSync } = require('node:fs');
     const { join } = require('node:path');
     module.exports.default = { trainers: { copies: { version: '1', async train({ rows, folder, params }) {
       for await (const batch of rows);
       copyFileSync(params.model, join(folder, 'model.onnx'));
       return { model: 'model.onnx' };
     } } } };\n`
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
async function train(model: Uint8Array, inputs: readonly ModelInput[]): Promise<TrainCodeOutput> {
  const path = join(folder, `model-${(count += 1)}.onnx`);
  writeFileSync(path, model);
  const { runJob } = computePool(defaultLimits());
  const [copies] = (await readModules([code], runJob, folder).describe()) as [RegisteredDescription];
  const use = { modules: [code], params: { model: path }, ...copies };
  const attempt = join(folder, `attempt-${count}`);
  mkdirSync(attempt);
  const rows = { shards: [shard], columns: COLUMNS, where: {}, eventTime: 'at' };
  return runJob<TrainCodeInput, TrainCodeOutput>(
    'trainCode',
    { use, rows, minRows: 10, task: 'binary', inputs },
    { folder: attempt, signal: new AbortController().signal }
  );
}

test('a model that reads what its version declares is taken, and is the same in every batch', async () => {
  expect(await train(thermometer(35), [CELSIUS, SITE])).toMatchObject({
    model: 'model.onnx',
    rows: ROWS,
    tolerance: [],
  });
});

test('a model that reads what its version does not declare is refused at training', async () => {
  const refused = train(thermometer(35), [SITE]);
  await expect(refused).rejects.toMatchObject({ code: 'MLOPS_MODEL_INVALID' });
  await expect(refused).rejects.toThrow(/inputs=celsius \(number\), declared=site \(BYTES\)/);
});

test('operators whose result depends on the batch are named', async () => {
  expect(await train(thermometer(35, { byBatch: true }), [CELSIUS])).toMatchObject({ tolerance: ['Softplus'] });
});
