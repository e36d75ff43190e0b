/** Metrics of several labels at once: as scikit-learn has them, by blocks as when written out, and the bias of each label. */
import fc from 'fast-check';
import type { Scores } from '../../../../src/domain/scores';
import { metricsOf } from '../../../../src/domain/task';
import { biasOf } from '../../../../src/engines/stats/bias';
import { dayBlocks } from '../../../../src/engines/stats/blocks';
import { evaluateScores } from '../../../../src/engines/stats/evaluate';
import { estimateOf } from '../../../../src/engines/stats/measure';
import { baselineOf, checkTrainingLabels, lossOf, statisticsOf } from '../../../../src/engines/stats/tasks/task';
import { inBlocks, scoresOf, wrongWithoutBlocks } from './without-blocks';

const LABELS = ['late', 'far', 'full'];
const target = { labels: LABELS };
const objective = { task: 'labels' as const, labels: LABELS, decisionThreshold: 0.5 };
const task = statisticsOf(objective);
const one = (rows: number) => ({ of: 'day', asked: true, names: ['all'], index: new Int32Array(rows) });

/** Σ 2^place. */
const labelOf = (flags: readonly number[]): number => flags.reduce((sum, flag, place) => sum + flag * 2 ** place, 0);

function metrics(scores: Scores, truths: readonly number[], of = task): Readonly<Record<string, number>> {
  const blocks = one(truths.length);
  const measures = of.measure(scores, Float32Array.from(truths), blocks);
  return Object.fromEntries([...measures].map(([name, measured]) => [name, estimateOf(measured, blocks)]));
}

/** Ten rows: what happened, and the probabilities. Some of these are the threshold itself, some are equal. */
const ROWS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [1, 0, 1],
    [0.9, 0.2, 0.6],
  ],
  [
    [0, 1, 0],
    [0.1, 0.7, 0.5],
  ],
  [
    [1, 1, 0],
    [0.55, 0.4, 0.3],
  ],
  [
    [0, 0, 0],
    [0.3, 0.1, 0.2],
  ],
  [
    [1, 0, 0],
    [0.45, 0.6, 0.1],
  ],
  [
    [0, 1, 1],
    [0.2, 0.8, 0.4],
  ],
  [
    [1, 1, 1],
    [0.8, 0.55, 0.7],
  ],
  [
    [0, 0, 1],
    [0.5, 0.3, 0.65],
  ],
  [
    [1, 0, 0],
    [0.7, 0.2, 0.2],
  ],
  [
    [0, 0, 0],
    [0.3, 0.1, 0.5],
  ],
];
const SCORES = scoresOf(ROWS.map(([, probabilities]) => probabilities));
const TRUTHS = ROWS.map(([flags]) => labelOf(flags));

describe('metrics', () => {
  test('scikit-learn 1.9.1 on ten rows', () => {
    const found = metrics(SCORES, TRUTHS);
    // precision_recall_fscore_support(average='micro' and 'macro')
    expect(found['microPrecision']).toBeCloseTo(0.7142857142857143, 12);
    expect(found['microRecall']).toBeCloseTo(0.7692307692307693, 12);
    expect(found['microF1']).toBeCloseTo(0.7407407407407407, 12);
    expect(found['macroPrecision']).toBeCloseTo(0.7166666666666667, 12);
    expect(found['macroRecall']).toBeCloseTo(0.7666666666666666, 12);
    expect(found['macroF1']).toBeCloseTo(0.7388888888888889, 12);
    // average=None
    const of = (metric: string) => LABELS.map((name) => found[`${metric}:${name}`]);
    expect(of('precision')).toEqual([0.8, 0.75, 0.6]);
    expect(of('recall')).toEqual([0.8, 0.75, 0.75]);
    expect(of('f1')).toEqual([0.8, 0.75, 2 / 3]);
    // accuracy_score and hamming_loss of indicator matrices
    expect(found['subsetAccuracy']).toBe(0.4);
    expect(found['hammingLoss']).toBeCloseTo(0.23333333333333334, 12);
    // roc_auc_score(average='macro' and None)
    expect(found['auc']).toBeCloseTo(0.9311111111111111, 12);
    expect(found['auc:late']).toBeCloseTo(0.96, 12);
    expect(found['auc:far']).toBeCloseTo(0.9166666666666667, 12);
    expect(found['auc:full']).toBeCloseTo(0.9166666666666667, 12);
    // log_loss and brier_score_loss of each column, and their means
    expect(found['logLoss:late']).toBeCloseTo(0.3816524916170607, 6);
    expect(found['logLoss:far']).toBeCloseTo(0.4023920090589333, 6);
    expect(found['logLoss:full']).toBeCloseTo(0.4509191164224456, 6);
    expect(found['logLoss']).toBeCloseTo(0.4116545390328132, 6);
    expect(found['brier']).toBeCloseTo(0.12600000186761232, 6);
  });

  test('a label that no row has counts 0 in the macro means, as scikit-learn has it', () => {
    // y = [[1, 0, 1], [1, 0, 0], [0, 0, 1], [1, 0, 1]], decided [[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], zero_division=0
    const found = metrics(
      scoresOf([
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
      ]),
      [5, 1, 4, 5]
    );
    expect(found['macroF1']).toBeCloseTo(0.2222222222222222, 12);
    expect(found['macroPrecision']).toBeCloseTo(0.2222222222222222, 12);
    expect(found['microPrecision']).toBeCloseTo(0.6666666666666666, 12);
    expect(found['microRecall']).toBeCloseTo(0.3333333333333333, 12);
    expect(found['microF1']).toBeCloseTo(0.4444444444444444, 12);
    expect(found['subsetAccuracy']).toBe(0.25);
    // Undefined of that label, and so no metric of its own.
    expect(found).not.toHaveProperty('auc:far');
    expect(found).not.toHaveProperty('f1:far');
    expect(found['precision:full']).toBeUndefined();
    expect(found['recall:full']).toBe(0);
  });

  test('decisions are by the threshold', () => {
    const sure = statisticsOf({ ...objective, decisionThreshold: 0.65 });
    // Only 0.7 is decided: 0.65 is less in float32.
    expect(metrics(SCORES, TRUTHS, sure)['precision:full']).toBe(1);
    expect(metrics(SCORES, TRUTHS, sure)['recall:full']).toBe(0.25);
  });

  test('are those that a gate may name, in their order', () => {
    const named = metricsOf(objective);
    expect(Object.keys(metrics(SCORES, TRUTHS))).toEqual(named);
    expect(named).toContain('auc:full');
  });

  test('the loss of a row is the mean over its labels', () => {
    const loss = lossOf(target);
    expect(loss.of([0.9, 0.2, 0.6], 0, labelOf([1, 0, 1]))).toBeCloseTo(-Math.log(0.9 * 0.8 * 0.6) / 3, 12);
    expect(loss.of([9, 0.9, 0.2, 0.6], 1, 0)).toBeCloseTo(-Math.log(0.1 * 0.8 * 0.4) / 3, 12);
  });

  test('twenty-four labels, the highest among them', () => {
    const labels = Array.from({ length: 24 }, (_, place) => `label ${place}`);
    const many = statisticsOf({ task: 'labels', labels, decisionThreshold: 0.5 });
    const [all, none] = [2 ** 24 - 1, 2 ** 23];
    const rows = [labels.map(() => 0.75), labels.map((_, place) => (place === 23 ? 0.75 : 0.25))];
    const found = metrics(scoresOf(rows), [all, none], many);
    expect(found).toMatchObject({ subsetAccuracy: 1, hammingLoss: 0, microF1: 1, macroF1: 1 });
    expect(found['logLoss']).toBeCloseTo(-Math.log(0.75), 6);
  });

  test('without each block they are what they are on the other rows', () => {
    const row = fc.record({
      score: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((each) => each.map((n) => (n + 0.5) / 10)),
      label: fc.nat(7),
    });
    fc.assert(fc.property(inBlocks(row), (all) => expect(wrongWithoutBlocks(task, all, metrics)).toEqual([])));
  });
});

describe('an evaluation', () => {
  /** Eight days of 30 rows: what happened is given 0.8. */
  const labels = Float32Array.from({ length: 240 }, (_, row) => row % 8);
  const scores = scoresOf([...labels].map((label) => [0, 1, 2].map((place) => ((label >> place) & 1 ? 0.8 : 0.2))));
  const blocks = dayBlocks(
    BigInt64Array.from({ length: 240 }, (_, row) => BigInt(Math.floor(row / 30)) * 86_400_000_000n)
  );
  const baseline = baselineOf(target, labels);

  test('has every metric beside the rates of the training rows, and the rate of each label', () => {
    expect(baseline).toEqual({ means: [0.5, 0.5, 0.5], deviations: [0.5, 0.5, 0.5] });
    const evaluation = evaluateScores({ candidate: scores, labels, blocks, baseline, objective });
    expect(evaluation).toMatchObject({ task: 'labels', rows: 240, blocksOf: 'day' });
    expect(evaluation.meanTruth).toBeUndefined();
    expect(evaluation.classes!.map(({ name }) => name)).toEqual(LABELS);
    for (const { meanTruth, meanPrediction } of evaluation.classes!) {
      expect(meanTruth).toBe(0.5);
      expect(meanPrediction).toBeCloseTo(0.5, 6);
    }
    expect(evaluation.candidate['logLoss']!.estimate).toBeCloseTo(-Math.log(0.8), 6);
    expect(evaluation.candidate['macroF1']).toMatchObject({ estimate: 1, method: 'day jackknife', blocks: 8 });
    expect(evaluation.baseline['logLoss']).toBeCloseTo(Math.log(2), 6);
    expect(evaluation.againstBaseline['logLoss']!.estimate).toBeCloseTo(-Math.log(0.8) - Math.log(2), 6);
    expect(Object.keys(evaluation.slices[0]!)).toEqual(['name', 'rows', 'loss']);
    expect(evaluation.slices[0]!.loss).toBeCloseTo(-Math.log(0.8), 6);
  });

  test('compares with a champion label by label, and rows by whether all of their labels are right', () => {
    const worse = { width: 3, values: scores.values.map((score, at) => (at === 0 ? 1 - score : score)) };
    const evaluation = evaluateScores({ candidate: scores, champion: worse, labels, blocks, objective });
    expect(evaluation.againstChampion!['logLoss']!.estimate).toBeLessThan(0);
    expect(evaluation.againstChampion!['f1:late']!.estimate).toBeGreaterThan(0);
    expect(evaluation.againstChampion!['f1:far']!.estimate).toBe(0);
    expect(evaluation.rowTests).toEqual({ mcNemar: { candidateAlone: 1, championAlone: 0, pValue: 1 } });
  });

  test('its curves count each label', () => {
    const { curves } = evaluateScores({
      candidate: SCORES,
      labels: Float32Array.from(TRUTHS),
      blocks: one(10),
      objective,
    });
    expect(curves.candidate).toMatchObject({
      task: 'labels',
      confusion: [
        { truePositives: 4, falsePositives: 1, falseNegatives: 1, trueNegatives: 4 },
        { truePositives: 3, falsePositives: 1, falseNegatives: 1, trueNegatives: 5 },
        { truePositives: 3, falsePositives: 2, falseNegatives: 1, trueNegatives: 4 },
      ],
    });
    const { calibration } = curves.candidate;
    expect(calibration.reduce((sum, { rows }) => sum + rows, 0)).toBe(30);
  });

  test('drift compares which labels are answered together', () => {
    const watched = task.watched(
      scoresOf([
        [0.9, 0.1, 0.9],
        [0.1, 0.1, 0.1],
        [0.9, 0.1, 0.9],
      ])
    );
    if (watched.kind !== 'category') throw new Error('sets are categories');
    expect([...watched.codes].map((code) => watched.dictionary[code])).toEqual(['late;full', '', 'late;full']);
  });

  test.each([
    [
      'a label that is no sum of the labels',
      { labels: labels.map(() => 8) },
      /LABEL_INVALID: A label is 8, not a list of any of the labels late, far, full/,
    ],
    [
      'scores of other labels',
      { champion: { width: 2, values: new Float32Array(480) } },
      /MODEL_INVALID.*whose=champion, width=2, needed=3/,
    ],
  ])('refuses %s', (_, change, said) => {
    expect(() => evaluateScores({ candidate: scores, labels, blocks, objective, ...change })).toThrow(said);
  });
});

test('a label that holds in no training row, or in each, is named', () => {
  const check = (...labels: number[]) => checkTrainingLabels(target, Float32Array.from(labels), (row) => ({ row }));
  expect(() => check(0, 1, 2, 4)).not.toThrow();
  expect(() => check(0, 1, 2)).toThrow(
    /MLOPS_CLASS_MISSING: A label that the objective declares holds in no training row.*labels=full, alike=1, of=3/
  );
  expect(() => check(4, 5, 6)).toThrow(
    /MLOPS_CLASS_MISSING: .*holds in every training row.*labels=full, alike=1, of=3/
  );
  expect(() => check(5, 5)).toThrow(/MLOPS_ONE_CLASS: All labels of the training rows are late;full/);
  expect(() => check(0, 0)).toThrow(/MLOPS_ONE_CLASS: All labels of the training rows are empty/);
});

describe('the bias', () => {
  const limits = { floor: 0.05, confidence: 0.95, minRows: 100 };
  /** Seven days of 100 rows; a day's rates of the labels lie around `rates`. */
  function week(predicted: readonly number[], rates: readonly number[]) {
    const labels: number[] = [];
    for (let day = 0; day < 7; day += 1)
      for (let row = 0; row < 100; row += 1)
        labels.push(
          labelOf(rates.map((rate, place) => (row < rate * 100 + (place === 0 ? (day % 3) - 1 : 0) ? 1 : 0)))
        );
    return {
      scores: scoresOf(labels.map(() => predicted)),
      labels: Float32Array.from(labels),
      blocks: dayBlocks(BigInt64Array.from(labels, (_, row) => BigInt(Math.floor(row / 100)) * 86_400_000_000n)),
      target,
    };
  }

  test('is that of the label with the largest gap', () => {
    const found = biasOf(week([0.6, 0.1, 0.3], [0.55, 0.3, 0.35]), limits);
    expect(found).toMatchObject({ verdict: 'below', class: 'far' });
    expect(found.gap.estimate).toBeCloseTo(-0.2, 6);
    expect(found.gap.confidence).toBeCloseTo(1 - 0.05 / 3, 12);
    expect(biasOf(week([0.6, 0.1, 0.3], [0.3, 0.1, 0.3]), limits)).toMatchObject({ verdict: 'above', class: 'late' });
  });

  test('is none where each label is within the floor', () => {
    expect(biasOf(week([0.42, 0.09, 0.49], [0.4, 0.1, 0.5]), limits).verdict).toBe('none');
  });
});
