import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureDefinition, LinearSpec } from '../../../src/domain/definition';
import type { Target } from '../../../src/domain/task';
import { fitJob } from '../../../src/engines/features/fit-job';
import { linearJob } from '../../../src/engines/linear/linear-job';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { loadColumns } from '../../../src/engines/tables/load';
import { scoreRows } from '../../../src/engines/train/score-rows';
import { recordingContext } from '../train/small-run';
import { COLUMNS, SPLIT, shards } from '../train/small-shards';

const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'standardize', column: 'km' },
  { transform: 'oneHot', column: 'place', minCount: 1 },
];

async function fitAndTrain(label: string | undefined, task: Target, linear: Partial<LinearSpec> = {}) {
  const files = await shards(label);
  const rows = { shards: files, columns: COLUMNS, eventTime: 'at', where: { to: '2001-01-18T00:00:00Z' } };
  const fitContext = recordingContext();
  const fit = await fitJob({ ...rows, split: SPLIT, features: FEATURES, dependencies: [] }, fitContext);
  const at = (name: string) => join(fitContext.folder, fit.files.find((file) => file.name === name)!.file);
  const context = recordingContext();
  const spec = { l1: 0, l2: 1, poisson: false, steps: 500, tolerance: 1e-8, ...linear };
  const input = { ...rows, minRows: 600, task, linear: spec, fitted: at('fitted'), graph: at('graph') };
  const output = await linearJob(input, context);
  const model = readFileSync(join(context.folder, 'model.onnx'));
  const { table, labels } = await loadColumns(rows);
  const score = async (batch?: number) => (await scoreRows(model, table, { batch }, context)).values;
  return { output, model, labels: labels!, score };
}

test.each([
  ['binary', undefined, {}],
  [{ classes: ['a', 'b', 'c'] }, 'i % 5 % 3', { l1: 0.5 }],
  ['number', 'i % 5 * 3', {}],
  ['number', '1 + (i % 5) * (i % 3)', { poisson: true }],
] as readonly (readonly [Target, string | undefined, Partial<LinearSpec>])[])(
  "the model of %j has the training's own scores, the same in every batch, and balances each bias",
  async (task, label, spec) => {
    const { output, model, labels, score } = await fitAndTrain(label, task, spec);
    expect(output).toMatchObject({ rows: 680, unlabelled: 0, numerics: 'exact', parameters: { converged: true } });
    expect(output.parameters).toMatchObject({ stepsRun: output.epochs.length - 1 });
    expect(batchDependentNodes(decodeModel(model))).toEqual([]);
    const scores = await score();
    expect(await score(7)).toEqual(scores);
    expect(await score(1)).toEqual(scores);
    // At the optimum the mean score is the mean label, of each class its share: a bias has no penalty.
    const width = scores.length / labels.length;
    for (let output = 0; output < width; output += 1) {
      let [given, meant] = [0, 0];
      labels.forEach((own, row) => {
        given += scores[row * width + output]!;
        meant += width === 1 ? own : own === output ? 1 : 0;
      });
      expect(given / meant).toBeCloseTo(1, 4);
    }
  }
);

test('of labels each one has the model that it has alone', async () => {
  const [late, near] = ['(i % 5 = 3)::INT', '(i % 90 < 30 OR i % 7 = 0)::INT'];
  const both = await fitAndTrain(`${late} + 2 * ${near}`, { labels: ['late', 'near'] });
  expect(both.output).toMatchObject({ numerics: 'exact', parameters: { converged: true } });
  expect(batchDependentNodes(decodeModel(both.model))).toEqual([]);
  const scores = await both.score();
  expect(await both.score(7)).toEqual(scores);
  for (const [place, of] of [late, near].entries()) {
    const alone = await (await fitAndTrain(of, 'binary')).score();
    const largest = Math.max(...alone.map((p, row) => Math.abs(p - scores[row * 2 + place]!)));
    expect(largest).toBeLessThan(1e-4);
  }
});

test('the same rows give the same files, byte for byte', async () => {
  const [one, two] = [await fitAndTrain(undefined, 'binary'), await fitAndTrain(undefined, 'binary')];
  expect(Buffer.from(two.model).equals(Buffer.from(one.model))).toBe(true);
});

test('a negative count is named by its file and row', async () => {
  const label = 'CASE WHEN i = 123 THEN -2 ELSE i % 5 END';
  await expect(fitAndTrain(label, 'number', { poisson: true })).rejects.toThrow(
    /MLOPS_LABEL_INVALID.*-2.*\[file=0\.csv, row=123\]/
  );
  await expect(fitAndTrain(label, 'number')).resolves.toBeDefined();
});
