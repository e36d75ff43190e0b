import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { FeatureDefinition, NetworkSpec } from '../../../src/domain/definition';
import type { Split } from '../../../src/domain/split';
import { fitJob } from '../../../src/engines/features/fit-job';
import { loadColumns } from '../../../src/engines/tables/load';
import { scoreRows } from '../../../src/engines/train/score-rows';
import { trainJob } from '../../../src/engines/train/train-job';
import { FEATURES, NETWORK, recordingContext } from './small-run';

const COLUMNS = { at: 'timestamp', km: 'number', place: 'string', name: 'string', unread: 'integer' } as const;

/** Two shards of 400 rows over 20 days, with labels: who is in P3 is late, mostly. */
async function shards(label = 'CASE WHEN (i * 7) % 10 < 8 THEN (i % 5 = 3)::INT ELSE (i % 3 = 0)::INT END') {
  const { folder } = recordingContext();
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const files = ['a', 'b'].map((name) => ({
    data: join(folder, `${name}.parquet`),
    batch: 0,
    removed: [],
    labels: join(folder, `${name}-labels.parquet`),
  }));
  for (const [n, { data, labels }] of files.entries()) {
    const rows = `(SELECT i, md5(i::VARCHAR)::UUID AS __key, '${n}.csv' AS __file, i::BIGINT AS __row FROM range(${n * 400}, ${n * 400 + 400}) t(i))`;
    const at = `TIMESTAMP '2001-01-01' + INTERVAL (i * 36) MINUTE`;
    await connection.run(`COPY (SELECT ${at} AS at, 100.0 + i % 90 AS km, 'P' || (i % 5) AS place, 'N' || i AS name, i AS unread, __key, __file, __row,
      ${at} + INTERVAL 1 HOUR AS __known_at FROM ${rows} ORDER BY i) TO '${data}'`);
    await connection.run(`COPY (SELECT __key, (${label})::TINYINT AS label FROM ${rows} ORDER BY i) TO '${labels}'`);
  }
  connection.closeSync();
  instance.closeSync();
  return files;
}

const SPLIT: Split = {
  by: 'time',
  train: { to: '2001-01-18T00:00:00Z' },
  test: { from: '2001-01-18T00:00:00Z', to: '2001-01-25T00:00:00Z' },
  knownBy: '2001-01-25T00:00:00Z',
};

async function fitAndTrain(
  files: Awaited<ReturnType<typeof shards>>,
  network: NetworkSpec = NETWORK,
  features: readonly FeatureDefinition[] = FEATURES
) {
  const rows = { shards: files, columns: COLUMNS, where: { to: '2001-01-18T00:00:00Z' }, eventTime: 'at' };
  const fitContext = recordingContext();
  const fit = await fitJob({ ...rows, split: SPLIT, features, dependencies: [] }, fitContext);
  const at = (name: string) => join(fitContext.folder, fit.files.find((file) => file.name === name)!.file);
  const trainContext = recordingContext();
  const input = { ...rows, minRows: 600, network, fitted: at('fitted'), graph: at('graph') };
  return { fit, input, trainContext, train: await trainJob(input, trainContext) };
}

test('fit, train and score hand files to each other', async () => {
  const files = await shards();
  const { fit, input, train, trainContext } = await fitAndTrain(files);
  expect(fit).toMatchObject({ rows: 680, denseWidth: 26, embeddings: [{ column: 'place', rows: 6, width: 3 }] });
  expect(train).toMatchObject({ rows: 680, numerics: 'exact', parameters: { seed: 7, epochsRun: 3 } });
  expect(train.epochs.map(({ epoch, rows }) => [epoch, rows])).toEqual([
    [1, 680],
    [2, 680],
    [3, 680],
  ]);
  expect(train.trainRate).toBeCloseTo(0.22, 1);
  const run = JSON.parse(readFileSync(join(trainContext.folder, 'run.json'), 'utf8'));
  expect(run).toEqual({
    parameters: train.parameters,
    rows: 680,
    unlabelled: 0,
    trainRate: train.trainRate,
    epochs: train.epochs,
    numerics: 'exact',
  });

  const context = recordingContext();
  const { table } = await loadColumns({ ...input, where: { from: '2001-01-18T00:00:00Z' } });
  const scores = await scoreRows(readFileSync(join(trainContext.folder, 'model.onnx')), table, {}, context);
  expect(scores).toHaveLength(120);
  expect(scores.every((p) => p > 0 && p < 1)).toBe(true);
});

test('the same rows give the same files, byte for byte, also from a checkpoint', async () => {
  const files = await shards();
  const [one, two] = [await fitAndTrain(files), await fitAndTrain(files)];
  const bytes = (context: { readonly folder: string }) =>
    readFileSync(join(context.folder, 'model.onnx')).toString('base64');
  expect(bytes(two.trainContext)).toBe(bytes(one.trainContext));
  const context = recordingContext();
  await trainJob(
    { ...one.input, resume: join(one.trainContext.folder, one.trainContext.checkpoints[1]!.file) },
    context
  );
  expect(bytes(context)).toBe(bytes(one.trainContext));
});

test.each(['earlierRows' as const, { folds: 4, seed: 1 }])(
  'a name that each row has for itself says nothing of its label in training: a target mean of %j',
  async (training) => {
    const feature: FeatureDefinition = { transform: 'targetMean', column: 'name', smoothing: 0, minCount: 1, training };
    // A row's own label as a feature is learnt within a few epochs; a coin is not.
    const files = await shards('i * 2654435761 % 4294967296 // 65536 % 2');
    const network = { ...NETWORK, epochs: 20 };
    const [one, two] = [await fitAndTrain(files, network, [feature]), await fitAndTrain(files, network, [feature])];
    expect(one.train.epochs.at(-1)!.loss).toBeGreaterThan(0.6);
    expect(two.train.epochs).toEqual(one.train.epochs);
  }
);

test('a training row without a label is left out and counted', async () => {
  const { train } = await fitAndTrain(await shards('CASE WHEN i % 100 = 23 THEN NULL ELSE i % 2 END'));
  expect(train).toMatchObject({ rows: 673, unlabelled: 7 });
  expect(train.epochs[0]!.rows).toBe(673);
  expect(train.trainRate).toBeCloseTo(333 / 673, 12);
});

test('too few rows with a label are refused, with the count of those without one', async () => {
  const files = await shards('CASE WHEN i >= 500 THEN NULL ELSE i % 2 END');
  await expect(fitAndTrain(files)).rejects.toThrow(
    /MLOPS_TOO_FEW_ROWS.*training.*rows=500, unlabelled=180, needed=600/
  );
});

test('a label that is neither 0 nor 1 is named by its file and row', async () => {
  const files = await shards('CASE WHEN i = 123 THEN 3 ELSE i % 2 END');
  await expect(fitAndTrain(files)).rejects.toThrow(/MLOPS_LABEL_INVALID.*\[file=0\.csv, row=123\]/);
});
