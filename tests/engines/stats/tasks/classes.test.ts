/** Metrics of classes: as scikit-learn has them, by blocks as when written out, and the bias of each class. */
import fc from 'fast-check';
import type { Scores } from '../../../../src/domain/scores';
import { biasOf } from '../../../../src/engines/stats/bias';
import { dayBlocks } from '../../../../src/engines/stats/blocks';
import { evaluateScores } from '../../../../src/engines/stats/evaluate';
import { estimateOf } from '../../../../src/engines/stats/measure';
import { baselineOf, checkTrainingLabels, statisticsOf } from '../../../../src/engines/stats/tasks/task';
import { inBlocks, scoresOf, wrongWithoutBlocks } from './without-blocks';

const CLASSES = ['rain', 'snow', 'sun'];
const objective = { task: 'classes' as const, classes: CLASSES };
const task = statisticsOf(objective);
const one = (rows: number) => ({ of: 'day', asked: true, names: ['all'], index: new Int32Array(rows) });

/** Sure of one class each. */
const certain = (places: readonly number[]): Scores =>
  scoresOf(places.map((place) => [0, 1, 2].map((each) => (each === place ? 1 : 0))));

function metrics(scores: Scores, labels: readonly number[], of = task): Readonly<Record<string, number>> {
  const blocks = one(labels.length);
  const measures = of.measure(scores, Float32Array.from(labels), blocks);
  return Object.fromEntries([...measures].map(([name, measured]) => [name, estimateOf(measured, blocks)]));
}

describe('metrics', () => {
  test("in the example of scikit-learn's documentation", () => {
    // precision_recall_fscore_support, f1_score: y_true = [0, 1, 2, 0, 1, 2], y_pred = [0, 2, 1, 0, 0, 1].
    const found = metrics(certain([0, 2, 1, 0, 0, 1]), [0, 1, 2, 0, 1, 2]);
    expect(found['macroPrecision']).toBeCloseTo(0.2222222222222222, 12);
    expect(found['macroRecall']).toBeCloseTo(0.3333333333333333, 12);
    expect(found['macroF1']).toBeCloseTo(0.26666666666666666, 12);
    // average='micro' of precision, recall and F1.
    expect(found['accuracy']).toBeCloseTo(0.3333333333333333, 12);
    expect([found['f1:rain'], found['f1:snow'], found['f1:sun']]).toEqual([0.8, 0, 0]);
    expect(found['precision:rain']).toBeCloseTo(2 / 3, 12);
    expect(found['recall:rain']).toBe(1);
  });

  test("the documentation's log loss", () => {
    // log_loss(["spam", "ham", "ham", "spam"], [[.1, .9], [.9, .1], [.8, .2], [.35, .65]]) is 0.21616…
    const mail = statisticsOf({ task: 'classes', classes: ['ham', 'spam'] });
    const found = metrics(
      scoresOf([
        [0.1, 0.9],
        [0.9, 0.1],
        [0.8, 0.2],
        [0.35, 0.65],
      ]),
      [1, 0, 0, 1],
      mail
    );
    expect(found['logLoss']).toBeCloseTo(0.21616187468057912, 6);
  });

  test('scikit-learn 1.9.1 on eight rows with ties', () => {
    const rows = [
      ...[
        [0.7, 0.2, 0.1],
        [0.3, 0.4, 0.3],
        [0.2, 0.3, 0.5],
        [0.4, 0.5, 0.1],
      ],
      ...[
        [0.1, 0.6, 0.3],
        [0.3, 0.4, 0.3],
        [0.35, 0.3, 0.35],
        [0.5, 0.25, 0.25],
      ],
    ];
    const found = metrics(scoresOf(rows), [0, 1, 2, 0, 1, 2, 1, 0]);
    // roc_auc_score(multi_class='ovr', average='macro'); the seventh row's two likeliest classes are equal: the first is taken.
    expect(found['auc']).toBeCloseTo(0.8555555555555555, 12);
    expect(found['logLoss']).toBeCloseTo(0.8117902501530996, 6);
    // brier_score_loss(scale_by_half=False)
    expect(found['brier']).toBeCloseTo(0.47375, 6);
    // precision_recall_fscore_support(average=None)
    const of = (metric: string) => CLASSES.map((name) => found[`${metric}:${name}`]);
    expect(of('precision')).toEqual([2 / 3, 1 / 2, 1]);
    expect(of('recall')).toEqual([2 / 3, 2 / 3, 1 / 2]);
    expect(of('f1')).toEqual([2 / 3, 4 / 7, 2 / 3]);
    expect(found['accuracy']).toBe(0.625);
    expect(found['macroF1']).toBeCloseTo(0.6349206349206349, 12);
    expect(found['macroPrecision']).toBeCloseTo(0.7222222222222222, 12);
    expect(found['macroRecall']).toBeCloseTo(0.611111111111111, 12);
  });

  test('what no row is of and none is taken for has no metric, and no part in a mean', () => {
    const found = metrics(certain([0, 2, 0]), [0, 2, 2]);
    expect(Object.keys(found)).not.toContain('f1:snow');
    expect(found['macroRecall']).toBe((1 + 1 / 2) / 2);
    // Taken for, though no row is of it: recall is 0, as scikit-learn counts it.
    expect(metrics(certain([0, 1]), [0, 2])['macroRecall']).toBeCloseTo(1 / 3, 12);
  });

  test('without each block they are what they are on the other rows', () => {
    const row = fc.record({
      score: fc
        .tuple(fc.nat(9), fc.nat(9), fc.nat(9))
        .map((each) => each.map((n) => (n + 1) / (each[0] + each[1] + each[2] + 3))),
      label: fc.nat(2),
    });
    fc.assert(fc.property(inBlocks(row), (all) => expect(wrongWithoutBlocks(task, all, metrics)).toEqual([])));
  });
});

describe('an evaluation', () => {
  /** Eight days of 30 rows: ten of each class a day, each given 0.6. */
  const labels = Float32Array.from({ length: 240 }, (_, row) => row % 3);
  const scores = scoresOf([...labels].map((label) => [0, 1, 2].map((place) => (place === label ? 0.6 : 0.2))));
  const blocks = dayBlocks(
    BigInt64Array.from({ length: 240 }, (_, row) => BigInt(Math.floor(row / 30)) * 86_400_000_000n)
  );
  const baseline = baselineOf({ classes: CLASSES }, labels);

  test('has every metric beside the shares of the training rows, and the rate of each class', () => {
    expect(baseline.means).toEqual([1 / 3, 1 / 3, 1 / 3]);
    const evaluation = evaluateScores({ candidate: scores, labels, blocks, baseline, objective });
    expect(evaluation).toMatchObject({ task: 'classes', rows: 240, blocksOf: 'day' });
    expect(evaluation.meanTruth).toBeUndefined();
    expect(evaluation.classes!.map(({ name }) => name)).toEqual(CLASSES);
    for (const { meanTruth, meanPrediction } of evaluation.classes!) {
      expect(meanTruth).toBeCloseTo(1 / 3, 12);
      expect(meanPrediction).toBeCloseTo(1 / 3, 6);
    }
    expect(evaluation.candidate['logLoss']!.estimate).toBeCloseTo(-Math.log(0.6), 6);
    expect(evaluation.candidate['macroF1']).toMatchObject({ estimate: 1, method: 'day jackknife', blocks: 8 });
    expect(evaluation.baseline['logLoss']).toBeCloseTo(Math.log(3), 6);
    expect(evaluation.againstBaseline['logLoss']!.estimate).toBeCloseTo(-Math.log(0.6) - Math.log(3), 6);
    expect(evaluation.slices).toHaveLength(8);
    expect(Object.keys(evaluation.slices[0]!)).toEqual(['name', 'rows', 'loss']);
  });

  test.each([
    [
      'a label that is not a place',
      { labels: labels.map(() => 3) },
      /LABEL_INVALID: A label is 3, not one of the classes rain, snow, sun/,
    ],
    [
      'scores of other classes',
      { champion: { width: 2, values: new Float32Array(480) } },
      /MODEL_INVALID.*whose=champion, width=2, needed=3/,
    ],
    [
      'a score that is not a number',
      { candidate: { width: 3, values: scores.values.map((p, at) => (at === 7 ? Number.NaN : p)) } },
      /row=2/,
    ],
  ])('refuses %s', (_, change, said) => {
    expect(() => evaluateScores({ candidate: scores, labels, blocks, objective, ...change })).toThrow(said);
  });
});

test('a class without a training row is named', () => {
  const check = (...labels: number[]) =>
    checkTrainingLabels({ classes: CLASSES }, Float32Array.from(labels), (row) => ({ row }));
  expect(() => check(0, 1, 2, 2)).not.toThrow();
  expect(() => check(0, 2, 2)).toThrow(
    /MLOPS_CLASS_MISSING: No training row is of a class.*classes=snow, missing=1, of=3/
  );
  expect(() => check(1, 1)).toThrow(/MLOPS_ONE_CLASS/);
});

describe('the bias', () => {
  const limits = { floor: 0.05, confidence: 0.95, minRows: 100 };
  /** Seven days of 100 rows; a day's rates of the classes lie around `rates`. */
  function week(predicted: readonly number[], rates: readonly number[]) {
    const labels: number[] = [];
    for (let day = 0; day < 7; day += 1) {
      const [rain, snow] = [Math.round(rates[0]! * 100) + (day % 3) - 1, Math.round(rates[1]! * 100)];
      for (let row = 0; row < 100; row += 1) labels.push(row < rain ? 0 : row < rain + snow ? 1 : 2);
    }
    return {
      scores: scoresOf(labels.map(() => predicted)),
      labels: Float32Array.from(labels),
      blocks: dayBlocks(BigInt64Array.from(labels, (_, row) => BigInt(Math.floor(row / 100)) * 86_400_000_000n)),
      target: { classes: CLASSES },
    };
  }

  test('is that of the class with the largest gap', () => {
    const found = biasOf(week([0.6, 0.1, 0.3], [0.45, 0.05, 0.5]), limits);
    expect(found).toMatchObject({ verdict: 'below', class: 'sun' });
    expect(found.gap.estimate).toBeCloseTo(-0.2, 1);
    expect(biasOf(week([0.6, 0.1, 0.3], [0.3, 0.25, 0.45]), limits)).toMatchObject({ verdict: 'above', class: 'rain' });
  });

  test('is none where each class is within the floor', () => {
    expect(biasOf(week([0.42, 0.09, 0.49], [0.4, 0.1, 0.5]), limits).verdict).toBe('none');
  });

  test('has an interval that holds for all classes together', () => {
    const alone = biasOf({ ...week([0.6, 0.1, 0.3], [0.3, 0.25, 0.45]), target: { classes: ['rain'] } }, limits).gap;
    const all = biasOf(week([0.6, 0.1, 0.3], [0.3, 0.25, 0.45]), limits).gap;
    expect(alone.confidence).toBe(0.95);
    expect(all.confidence).toBeCloseTo(1 - 0.05 / 3, 12);
    expect(all.high - all.low).toBeGreaterThan(alone.high - alone.low);
  });
});
