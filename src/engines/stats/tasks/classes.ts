/** One of several classes: labels are places, a score is a probability for each class, and a row is taken for the likeliest one. */
import { DETAILED_CLASSES, type METRICS } from '../../../domain/metrics';
import { likeliest, type Scores } from '../../../domain/scores';
import { aucByBlocks } from '../auc';
import { type Blocks, blockSums } from '../blocks';
import { calibrationByBlocks } from '../calibration';
import { answersOf, f1, macroOf, ofClass, precision, recall } from '../class-confusion';
import { classesCurves } from '../curves/classes';
import { defined, jackknifed, type LeftOut, meanOfDefined, type Measured } from '../measure';
import { logLossOf } from './binary';
import type { Loss, MeasuredObjective, TaskStatistics } from './task';

type ClassesObjective = Extract<MeasuredObjective, { readonly task: 'classes' }>;

/** −ln of the probability that was given to the class that happened, clipped as of two outcomes. */
export const CLASS_LOG_LOSS: Loss = {
  metric: 'logLoss',
  of: (scores, at, label) => logLossOf(scores[at + label]!, 1),
};

export function classes({ classes: names }: ClassesObjective): TaskStatistics {
  return {
    kind: 'classes',
    target: { classes: names },
    loss: CLASS_LOG_LOSS,
    biasFloor: (floor) => floor,
    watched: (scores) => ({ kind: 'category', dictionary: names, codes: likeliest(scores) }),
    curves: classesCurves,
    measure(scores, labels, blocks) {
      const { width, values } = scores;
      const answers = answersOf(scores, labels);
      const { found } = answers;
      const mean = (of: (row: number) => number): Measured => ({ kind: 'mean', sums: blockSums(blocks, of) });
      const isRight = Float32Array.from(found, (place, row) => (place === labels[row] ? 1 : 0));
      const all: Record<(typeof METRICS.classes)[number], Measured> = {
        logLoss: mean((row) => CLASS_LOG_LOSS.of(values, row * width, labels[row]!)),
        accuracy: mean((row) => isRight[row]!),
        macroF1: macroOf(answers, blocks, f1),
        macroPrecision: macroOf(answers, blocks, precision),
        macroRecall: macroOf(answers, blocks, recall),
        auc: macroAuc(scores, labels, blocks),
        brier: mean((row) => squaredErrors(values, row * width, width, labels[row]!)),
        calibrationError: jackknifed(calibrationByBlocks(confidenceOf(scores, found), isRight, blocks)),
      };
      const measures = new Map<string, Measured>(Object.entries(all));
      const detailed = width <= DETAILED_CLASSES ? names : [];
      detailed.forEach((name, place) => {
        for (const [metric, statistic] of Object.entries({ precision, recall, f1 }))
          measures.set(`${metric}:${name}`, ofClass(answers, place, blocks, statistic));
      });
      return defined(measures, blocks);
    },
  };
}

/**
 * The mean of each class's AUC against all others (`multi_class='ovr'`, `average='macro'`), over the classes that some of the
 * rows are of and some are not.
 */
function macroAuc(scores: Scores, labels: Float32Array, blocks: Blocks): Measured {
  return jackknifed(meanOfDefined(areasOf(scores, labels, blocks), blocks.names.length));
}

function* areasOf({ width, values }: Scores, labels: Float32Array, blocks: Blocks): Generator<LeftOut> {
  const column = new Float32Array(labels.length);
  const isOf = new Float32Array(labels.length);
  for (const place of [...new Set(labels)].sort((a, b) => a - b)) {
    for (let row = 0; row < labels.length; row += 1) {
      column[row] = values[row * width + place]!;
      isOf[row] = labels[row] === place ? 1 : 0;
    }
    yield aucByBlocks(column, isOf, blocks);
  }
}

/** Σ over the classes of (probability − what happened)². */
function squaredErrors(values: Float32Array, from: number, width: number, label: number): number {
  let sum = 0;
  for (let place = 0; place < width; place += 1) sum += (values[from + place]! - (place === label ? 1 : 0)) ** 2;
  return sum;
}

/** [rows], the probability of the class that a row is taken for. */
function confidenceOf({ width, values }: Scores, found: Int32Array): Float32Array {
  return Float32Array.from(found, (place, row) => values[row * width + place]!);
}
