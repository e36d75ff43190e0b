/** A trial's loss: of each task its primary metric, by the model's scores of the validation rows. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureDefinition } from '../../../src/domain/definition';
import type { Target } from '../../../src/domain/task';
import { fitJob } from '../../../src/engines/features/fit-job';
import type { MeasuredObjective } from '../../../src/engines/stats/tasks/task';
import { validateJob } from '../../../src/engines/study/validate-job';
import { loadColumns } from '../../../src/engines/tables/load';
import { scoreRows } from '../../../src/engines/train/score-rows';
import { treesJob } from '../../../src/engines/trees/trees-job';
import { recordingContext } from '../train/small-run';
import { COLUMNS, SPLIT, shards } from '../train/small-shards';
import { SPEC } from '../trees/small-trees';

const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'impute', column: 'km', with: 'median' },
  { transform: 'oneHot', column: 'place', minCount: 1 },
];
const TRAINED = { to: '2001-01-15T00:00:00Z' };
const VALIDATION = { from: '2001-01-15T00:00:00Z', to: '2001-01-18T00:00:00Z' };

/** Trained on the rows before them, so that its scores are not certain. */
async function judged(objective: MeasuredObjective, target: Target, label?: string, labelled = label) {
  const files = await shards(label);
  const source = { shards: files, columns: COLUMNS, eventTime: 'at' };
  const fitContext = recordingContext();
  const fit = await fitJob(
    { ...source, where: TRAINED, split: SPLIT, features: FEATURES, dependencies: [] },
    fitContext
  );
  const at = (name: string) => join(fitContext.folder, fit.files.find((file) => file.name === name)!.file);
  const context = recordingContext();
  const trees = { ...SPEC, rounds: 3 };
  const rows = { ...source, where: TRAINED, minRows: 400, task: target };
  await treesJob({ ...rows, trees, fitted: at('fitted'), graph: at('graph') }, context);
  const model = join(context.folder, 'model.onnx');
  const validation = { ...source, shards: labelled === label ? files : await shards(labelled), where: VALIDATION };
  const { table, labels } = await loadColumns(validation);
  const scores = await scoreRows(await readFile(model), table, {}, context);
  const run = (minRows = 50) => validateJob({ ...validation, model, objective, minRows }, recordingContext());
  return { run, scores, labels: labels! };
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

test('of a binary label the log loss', async () => {
  const { run, scores, labels } = await judged({ task: 'binary', decisionThreshold: 0.5 }, 'binary');
  const losses = labels.map((label, row) => -Math.log(label === 1 ? scores.values[row]! : 1 - scores.values[row]!));
  const { loss, rows } = await run();
  expect(rows).toBe(labels.length);
  expect(loss).toBeCloseTo(mean(losses), 6);
});

test('of classes the log loss of the class that happened', async () => {
  const classes = ['P0', 'P1', 'P2', 'P3', 'P4'];
  const { run, scores, labels } = await judged({ task: 'classes', classes }, { classes }, 'i % 5');
  expect(scores.width).toBe(5);
  const losses = labels.map((label, row) => -Math.log(scores.values[row * 5 + label]!));
  const { loss } = await run();
  expect(loss).toBeCloseTo(mean(losses), 6);
  expect(loss).toBeLessThan(Math.log(5));
});

test('of labels the mean log loss over them', async () => {
  const labels = ['late', 'near'];
  const objective = { task: 'labels', labels, decisionThreshold: 0.5 } as const;
  const {
    run,
    scores,
    labels: truths,
  } = await judged(objective, { labels }, '(i % 5 = 3)::INT + 2 * (i % 90 < 30)::INT');
  const losses = scores.values.map((p, at) => -Math.log((truths[Math.floor(at / 2)]! >> (at % 2)) & 1 ? p : 1 - p));
  const { loss } = await run();
  expect(loss).toBeCloseTo(mean(losses), 5);
  expect(loss).toBeLessThan(Math.log(2));
});

test('of a number the root of the mean squared error, in its unit', async () => {
  const { run, scores, labels } = await judged({ task: 'number' }, 'number', 'i % 5 * 20');
  const squares = labels.map((label, row) => (label - scores.values[row]!) ** 2);
  const { loss } = await run();
  expect(loss).toBeCloseTo(Math.sqrt(mean(squares)), 3);
  expect(loss).toBeGreaterThan(1);
});

test('too few validation rows with a label are refused, and a label that the task has not is named', async () => {
  const { run } = await judged({ task: 'binary', decisionThreshold: 0.5 }, 'binary');
  await expect(run(100_000)).rejects.toThrow(/MLOPS_TOO_FEW_ROWS.*validation.*needed=100000/);
  const classes = ['P0', 'P1', 'P2', 'P3', 'P4'];
  const other = await judged({ task: 'classes', classes }, { classes }, 'i % 5', 'i % 6');
  await expect(other.run()).rejects.toThrow(/MLOPS_LABEL_INVALID.*5, not one of the classes P0/);
});
