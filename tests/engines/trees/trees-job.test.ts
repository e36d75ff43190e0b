import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureDefinition, TreesSpec } from '../../../src/domain/definition';
import { partOf } from '../../../src/domain/split';
import { likeliest } from '../../../src/domain/scores';
import type { Target } from '../../../src/domain/task';
import { evaluateJob } from '../../../src/engines/evaluate/evaluate-job';
import { fitJob } from '../../../src/engines/features/fit-job';
import { loadColumns } from '../../../src/engines/tables/load';
import { scoreRows } from '../../../src/engines/train/score-rows';
import { treesJob } from '../../../src/engines/trees/trees-job';
import { recordingContext } from '../train/small-run';
import { COLUMNS, SPLIT, shards } from '../train/small-shards';
import { SPEC } from './small-trees';

const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'impute', column: 'km', with: 'median' },
  { transform: 'datePart', column: 'at', part: 'hour' },
  { transform: 'targetMean', column: 'place', smoothing: 10, minCount: 1, training: 'earlierRows' },
  { transform: 'oneHot', column: 'place', minCount: 1 },
];

const VALIDATION = { from: '2001-01-15T00:00:00Z', to: '2001-01-18T00:00:00Z' };

async function fitAndTrain(
  files: Awaited<ReturnType<typeof shards>>,
  spec: Partial<TreesSpec> = {},
  validated = true,
  task: Target = 'binary',
  features = FEATURES
) {
  const source = { shards: files, columns: COLUMNS, eventTime: 'at' };
  const rows = { ...source, where: { to: '2001-01-15T00:00:00Z' } };
  const fitContext = recordingContext();
  const fit = await fitJob({ ...rows, split: SPLIT, features, dependencies: [] }, fitContext);
  const at = (name: string) => join(fitContext.folder, fit.files.find((file) => file.name === name)!.file);
  const context = recordingContext();
  const input = {
    ...{
      ...rows,
      minRows: 400,
      task,
      trees: { ...SPEC, ...spec },
      fitted: at('fitted'),
      graph: at('graph'),
    },
    ...(validated ? { validation: { ...source, where: VALIDATION } } : {}),
  };
  return { input, context, output: await treesJob(input, context) };
}

const model = ({ folder }: { readonly folder: string }) => readFileSync(join(folder, 'model.onnx'));

test('fit, train and evaluate hand files to each other, and the validation rows stop the training', async () => {
  const files = await shards();
  const { input, context, output } = await fitAndTrain(files, { rounds: 200, patience: 5, learningRate: 0.1 });
  expect(output).toMatchObject({ rows: 560, unlabelled: 0, numerics: 'exact', parameters: { depth: 4, seed: 3 } });
  const { roundsRun, bestRound, leaves } = output.parameters as Record<string, number>;
  expect(roundsRun).toBe(bestRound! + 5);
  expect(output.epochs).toHaveLength(roundsRun!);
  expect(leaves).toBeGreaterThan(bestRound!);

  const test = { shards: files, columns: COLUMNS, where: partOf(SPLIT, 'test'), eventTime: 'at' };
  const { table, labels } = await loadColumns(test);
  const { values: scores } = await scoreRows(model(context), table, {}, context);
  expect(scores.every((p) => p > 0 && p < 1)).toBe(true);
  const right = scores.filter((p, row) => (p > 0.5 ? 1 : 0) === labels![row]).length / scores.length;
  // Eight of ten labels are the place's, the others' are a third.
  expect(right).toBeGreaterThan(0.8);

  const { evaluation } = await evaluateJob(
    {
      ...{ ...test, privacy: [], model: join(context.folder, 'model.onnx') },
      trained: { where: input.where, shards: files.map(({ data, batch, removed }) => ({ data, batch, removed })) },
      ...{ cluster: 'day', windows: { every: '7 days' }, baseline: output.baseline, minRows: 100 },
      objective: { task: 'binary', decisionThreshold: 0.5 },
      ...{ slices: [], gates: [] },
    },
    recordingContext()
  );
  expect(evaluation).toMatchObject({ rows: scores.length });
  // Labels follow the place: nothing else is as important.
  expect(evaluation.importance![0]!.column).toBe('place');
  expect(evaluation.importance![0]!.increase).toBeGreaterThan(0.1);
});

test('the same rows give the same model, byte for byte', async () => {
  const files = await shards();
  const [one, two] = [await fitAndTrain(files), await fitAndTrain(files)];
  expect(model(two.context).equals(model(one.context))).toBe(true);
});

test('of classes the model gives each a probability', async () => {
  const files = await shards('i % 5');
  const task = { classes: ['P0', 'P1', 'P2', 'P3', 'P4'] };
  const { context, output } = await fitAndTrain(
    files,
    { rounds: 10 },
    true,
    task,
    FEATURES.filter(({ transform }) => transform !== 'targetMean')
  );
  expect(output.baseline.means).toHaveLength(5);
  expect(output.epochs.at(-1)!.loss).toBeLessThan(output.epochs[0]!.loss);
  const { table, labels } = await loadColumns({ shards: files, columns: COLUMNS, where: VALIDATION, eventTime: 'at' });
  const scores = await scoreRows(model(context), table, {}, context);
  expect(scores.width).toBe(5);
  for (const batch of [1, 7]) expect(await scoreRows(model(context), table, { batch }, context)).toEqual(scores);
  // The label is the place's.
  expect([...likeliest(scores)]).toEqual([...labels!]);
  for (let row = 0; row < table.rows; row += 1)
    expect(scores.values.subarray(row * 5, row * 5 + 5).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
});

test('of labels each one has the trees that it has alone', async () => {
  const label = '(i % 5 = 3)::INT + 2 * (i % 90 < 30)::INT';
  const features = FEATURES.filter(({ transform }) => transform !== 'targetMean');
  const train = async (of: string, task: Target) => {
    const files = await shards(of);
    const { context, output } = await fitAndTrain(files, { rounds: 10 }, true, task, features);
    const { table } = await loadColumns({ shards: files, columns: COLUMNS, where: VALIDATION, eventTime: 'at' });
    return { output, scores: (batch?: number) => scoreRows(model(context), table, { batch }, context) };
  };
  const both = await train(label, { labels: ['third', 'near'] });
  const scores = await both.scores();
  expect([scores.width, both.output.baseline.means.length]).toEqual([2, 2]);
  for (const batch of [1, 7]) expect(await both.scores(batch)).toEqual(scores);
  for (const [place, of] of ['(i % 5 = 3)::INT', '(i % 90 < 30)::INT'].entries()) {
    const { values } = await (await train(of, 'binary')).scores();
    const own = scores.values.filter((_, at) => at % 2 === place);
    own.forEach((p, row) => expect(p).toBeCloseTo(values[row]!, 6));
  }
});

test('of a number the model answers in the label’s unit', async () => {
  const files = await shards('i % 5 * 20');
  const { context, output } = await fitAndTrain(files, { rounds: 60 }, false, 'number');
  expect(output.baseline.means[0]).toBeCloseTo(40, 0);
  const { table, labels } = await loadColumns({ shards: files, columns: COLUMNS, where: VALIDATION, eventTime: 'at' });
  const { values: scores } = await scoreRows(model(context), table, {}, context);
  // The label is the place's.
  const largest = Math.max(...scores.map((score, row) => Math.abs(score - labels![row]!)));
  expect(largest).toBeLessThan(1);
});

test('without validation rows every round counts', async () => {
  const { output } = await fitAndTrain(await shards(), { rounds: 7 }, false);
  expect(output.parameters).toMatchObject({ roundsRun: 7, bestRound: 7 });
  expect(output.epochs.every((round) => round.validationLoss === undefined)).toBe(true);
});

test('labels of one class are refused, as for a network', async () => {
  await expect(fitAndTrain(await shards('1'))).rejects.toThrow(
    /MLOPS_ONE_CLASS.*All labels of the training rows are 1/
  );
});

test('a validation part without a labelled row is refused', async () => {
  const files = await shards(`CASE WHEN i >= 560 AND i < 680 THEN NULL ELSE i % 2 END`);
  await expect(fitAndTrain(files)).rejects.toThrow(/MLOPS_TOO_FEW_ROWS.*validation.*unlabelled=120/);
});
