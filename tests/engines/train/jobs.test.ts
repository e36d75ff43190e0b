import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureDefinition, NetworkSpec } from '../../../src/domain/definition';
import type { Evaluation } from '../../../src/domain/evaluation';
import { partOf } from '../../../src/domain/split';
import { evaluateJob } from '../../../src/engines/evaluate/evaluate-job';
import { fitJob } from '../../../src/engines/features/fit-job';
import type { Reference } from '../../../src/engines/stats/reference';
import type { LabelledShard } from '../../../src/engines/tables/labelled-rows';
import type { DataShard } from '../../../src/engines/tables/live-rows';
import { loadColumns } from '../../../src/engines/tables/load';
import { scoreRows } from '../../../src/engines/train/score-rows';
import { trainJob } from '../../../src/engines/train/train-job';
import { FEATURES, NETWORK, recordingContext } from './small-run';
import { COLUMNS, SPLIT, shards } from './small-shards';

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
  const input = {
    ...rows,
    minRows: 600,
    network,
    task: 'binary' as const,
    fitted: at('fitted'),
    graph: at('graph'),
  };
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
  expect(train.parameters['layers']).toEqual([
    ...['embedding:place [6, 3]', 'weights:0 [29, 8]', 'biases:0 [8]'],
    ...['weights:1 [8, 8]', 'biases:1 [8]', 'weights:2 [8, 1]', 'biases:2 [1]'],
  ]);
  expect(train.baseline.means[0]).toBeCloseTo(0.22, 1);
  const run = JSON.parse(readFileSync(join(trainContext.folder, 'run.json'), 'utf8'));
  expect(run).toEqual({
    parameters: train.parameters,
    rows: 680,
    unlabelled: 0,
    baseline: train.baseline,
    epochs: train.epochs,
    numerics: 'exact',
  });

  const context = recordingContext();
  const { table } = await loadColumns({ ...input, where: { from: '2001-01-18T00:00:00Z' } });
  const { values: scores } = await scoreRows(readFileSync(join(trainContext.folder, 'model.onnx')), table, {}, context);
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

test('a run of fewer epochs leaves its state, from which the whole one ends with the bytes of one that never stopped', async () => {
  const { input, trainContext } = await fitAndTrain(await shards());
  const early = recordingContext();
  const { files, epochs } = await trainJob({ ...input, epochs: 1 }, early);
  expect(epochs).toHaveLength(1);
  expect(files.map(({ name }) => name)).toEqual(['model', 'run', 'state']);
  const rest = recordingContext();
  const resume = join(early.folder, files.find(({ name }) => name === 'state')!.file);
  const whole = await trainJob({ ...input, resume }, rest);
  expect(whole.files.map(({ name }) => name)).toEqual(['model', 'run']);
  for (const file of ['model.onnx', 'run.json'])
    expect(readFileSync(join(rest.folder, file))).toEqual(readFileSync(join(trainContext.folder, file)));
  // The first epoch was not run again.
  expect(rest.notes.find(({ note }) => note.startsWith('epoch'))!.note).toMatch(/^epoch 2 of 3/);
});

test('an evaluation is the same, byte for byte, of the shards of its rows and of all, and knows how training weeks vary', async () => {
  const [early, late] = await shards();
  const { train, trainContext } = await fitAndTrain([early!, late!]);
  const unlabelled = ({ data, batch, removed }: typeof late & object) => ({ data, batch, removed });
  const evaluated = async (own: readonly LabelledShard[], trained: readonly DataShard[]) => {
    const context = recordingContext();
    const { evaluation, files } = await evaluateJob(
      {
        shards: own,
        columns: COLUMNS,
        privacy: [],
        where: partOf(SPLIT, 'test'),
        eventTime: 'at',
        model: join(trainContext.folder, 'model.onnx'),
        trained: { where: partOf(SPLIT, 'train'), shards: trained },
        cluster: 'day',
        windows: { every: '7 days' },
        baseline: train.baseline,
        objective: { task: 'binary', decisionThreshold: 0.5 },
        minRows: 100,
        slices: ['place'],
        gates: [],
      },
      context
    );
    return [evaluation, ...files.map(({ file }) => readFileSync(join(context.folder, file)).toString('base64'))];
  };
  // The test rows are of the second shard alone.
  const needed = await evaluated([late!], [unlabelled(early!), unlabelled(late!)]);
  expect(needed).toEqual(await evaluated([early!, late!], [early!, late!]));
  const { importance, columnSlices } = needed[0] as Evaluation;
  expect(importance!.map(({ column }) => column)).toEqual(expect.arrayContaining(['km', 'place']));
  expect(importance!.every(({ deviation }) => deviation >= 0)).toBe(true);
  expect(columnSlices!.length).toBeGreaterThan(1);
  const reference = JSON.parse(Buffer.from(needed[2] as string, 'base64').toString()) as Reference;
  const { variation } = reference.columns.find(({ column }) => column === 'km')!;
  expect(variation).toBeGreaterThan(0.03);
  expect(await evaluated([late!], [unlabelled(late!)])).not.toEqual(needed);
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
  expect(train.baseline.means[0]).toBeCloseTo(333 / 673, 12);
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
