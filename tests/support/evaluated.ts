/** Evaluations of each task as the evaluation job makes them, on rows by rule: a candidate beside a champion, on 14 days. */
import type { GateDefinition } from '../../src/domain/definition';
import type { Evaluation, EvaluationBody } from '../../src/domain/evaluation';
import { judgeGates } from '../../src/domain/gates';
import type { EpochMetrics } from '../../src/domain/records';
import type { Scores } from '../../src/domain/scores';
import { evaluateScores } from '../../src/engines/stats/evaluate';
import { baselineOf, type MeasuredObjective, statisticsOf } from '../../src/engines/stats/tasks/task';
import type { PagedEvaluation } from '../../src/engines/report/evaluation-page';

const ROWS = 2_800;
const DAYS = 14;
const DIGEST = `sha256:${'ab'.repeat(32)}` as const;

/** 0…1, as good as without order. */
function at(row: number, seed: number): number {
  let x = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}
/** Roughly normal. */
const noise = (row: number, seed: number) =>
  at(row, seed) + at(row * 7 + 3, seed + 1) + at(row * 13 + 5, seed + 2) - 1.5;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const BINARY: MeasuredObjective = { task: 'binary', decisionThreshold: 0.5 };

function evaluated(
  objective: MeasuredObjective,
  labels: Float32Array,
  candidate: Scores,
  champion: Scores | undefined
): Evaluation {
  return evaluateScores({
    candidate,
    ...(champion === undefined ? {} : { champion }),
    labels,
    blocks: {
      of: 'day',
      asked: true,
      names: Array.from({ length: DAYS }, (_, day) => `2024-02-${String(day + 1).padStart(2, '0')}`),
      index: Int32Array.from({ length: labels.length }, (_, row) => Math.floor((row * DAYS) / labels.length)),
    },
    baseline: baselineOf(statisticsOf(objective).target, labels),
    objective,
  });
}

const alone = (of: (row: number) => number): Scores => ({
  width: 1,
  values: Float32Array.from({ length: ROWS }, (_, row) => of(row)),
});

export function binaryEvaluation(withChampion = true): Evaluation {
  const truth = (row: number) => noise(row, 1) * 2 - 1;
  const labels = alone((row) => (at(row, 9) < sigmoid(truth(row) * 2) ? 1 : 0)).values;
  const candidate = alone((row) => sigmoid(truth(row) * 2 + noise(row, 4)));
  const champion = alone((row) => sigmoid(truth(row) + noise(row, 5) * 3));
  return evaluated(BINARY, labels, candidate, withChampion ? champion : undefined);
}

export function numberEvaluation(withChampion = true): Evaluation {
  const truth = (row: number) => 300 + 4_000 * at(row, 2) ** 2;
  const labels = alone((row) => truth(row) + noise(row, 3) * 200).values;
  const candidate = alone((row) => truth(row) + noise(row, 6) * 100);
  const champion = alone((row) => truth(row) * 0.95 + noise(row, 7) * 500);
  return evaluated({ task: 'number' }, labels, candidate, withChampion ? champion : undefined);
}

export function classesEvaluation(classes: readonly string[], withChampion = true): Evaluation {
  const width = classes.length;
  const labels = alone((row) => Math.floor(at(row, 3) ** 1.5 * width)).values;
  const scores = (sharpness: number, seed: number): Scores => {
    const values = new Float32Array(ROWS * width);
    for (let row = 0; row < ROWS; row += 1) {
      const weights = classes.map((_, place) =>
        Math.exp(
          sharpness * (place === labels[row] ? 1 : 0) -
            0.3 * Math.abs(place - labels[row]!) +
            noise(row * width + place, seed)
        )
      );
      const sum = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, place) => (values[row * width + place] = weight / sum));
    }
    return { width, values };
  };
  return evaluated({ task: 'classes', classes }, labels, scores(1.6, 1), withChampion ? scores(0.8, 3) : undefined);
}

export function labelsEvaluation(labels: readonly string[], withChampion = true): Evaluation {
  const width = labels.length;
  const odds = (row: number, place: number) => noise(row * width + place, 1) * 2 - place / 2;
  const truths = alone((row) =>
    labels.reduce((sum, _, place) => sum + (at(row * width + place, 9) < sigmoid(odds(row, place)) ? 2 ** place : 0), 0)
  ).values;
  const scores = (spread: number, seed: number): Scores => ({
    width,
    values: Float32Array.from({ length: ROWS * width }, (_, i) =>
      sigmoid(odds(Math.floor(i / width), i % width) + spread * noise(i, seed))
    ),
  });
  const objective = { task: 'labels', labels, decisionThreshold: 0.5 } as const;
  return evaluated(objective, truths, scores(0.5, 4), withChampion ? scores(2, 5) : undefined);
}

const GATES: readonly GateDefinition[] = [
  {
    name: 'better than guessing',
    metric: 'logLoss',
    against: 'baseline',
    bound: 'high',
    atMost: 0,
    severity: 'blocking',
  },
  {
    name: 'no worse than the champion',
    metric: 'logLoss',
    against: 'champion',
    bound: 'high',
    atMost: 0.01,
    severity: 'blocking',
  },
  { name: 'small errors', metric: 'rmse', against: 'value', bound: 'estimate', atMost: 100, severity: 'advisory' },
];

const EPOCHS: readonly EpochMetrics[] = Array.from({ length: 20 }, (_, i) => ({
  epoch: i + 1,
  rows: 10_000,
  loss: 0.35 + 0.3 / (i + 1),
  validationLoss: 0.4 + 0.25 / (i + 1) + 0.004 * Math.max(0, i - 9),
}));

export function pagedEvaluation(evaluation: Evaluation, over: Partial<PagedEvaluation> = {}): PagedEvaluation {
  const body: EvaluationBody = {
    run: { kind: 'run', id: DIGEST, digest: DIGEST },
    contaminated: false,
    comparisonDigest: DIGEST,
    test: { from: '2024-02-01T00:00:00.000Z', to: '2024-02-15T00:00:00.000Z', knownBy: '2024-02-20T00:00:00.000Z' },
    evaluation,
    gates: judgeGates(GATES, evaluation),
  };
  return {
    id: DIGEST,
    body,
    run: {
      trainer: 'network@1',
      parameters: {
        network: { hidden: [64, 32], activation: 'relu' },
        epochs: 20,
        batchSize: 256,
        learningRate: 0.001,
      },
      epochs: EPOCHS,
      rows: 10_000,
      unlabelled: 12,
      split: {
        by: 'time',
        knownBy: '2024-02-20T00:00:00.000Z',
        train: { to: '2024-02-01T00:00:00.000Z' },
        test: { from: '2024-02-01T00:00:00.000Z', to: '2024-02-15T00:00:00.000Z' },
      },
    },
    version: 'flights@2',
    ...over,
  };
}
