/** Any of several labels at once: a score is a probability for each, and those from a threshold on are decided to hold. */
import type { METRICS } from '../../../domain/metrics';
import type { Scores } from '../../../domain/scores';
import { decidedLabels, recordedLabel } from '../../../domain/task';
import { aucByBlocks } from '../auc';
import { type Blocks, blockCounts, blockSums, total } from '../blocks';
import { calibrationByBlocks } from '../calibration';
import { f1, ofOutcomes, precision, recall } from '../class-confusion';
import { labelsCurves } from '../curves/labels';
import { averagesOf, countOfLabels } from '../label-confusion';
import { defined, jackknifed, type LeftOut, meanOfDefined, type Measured } from '../measure';
import { logLossOf } from './binary';
import type { Loss, MeasuredObjective, TaskStatistics } from './task';

type LabelsObjective = Extract<MeasuredObjective, { readonly task: 'labels' }>;

/** Values of the labels' areas without each block: of more they are made again when they are asked for. */
const MOST_KEPT = 4_000_000;

const holds = (label: number, place: number): number => (label >>> place) & 1;

/** The mean over the labels of −ln of the probability given to what happened, clipped as of two outcomes. */
export function labelLogLoss(width: number): Loss {
  return {
    metric: 'logLoss',
    of(scores, at, label) {
      let sum = 0;
      for (let place = 0; place < width; place += 1) sum += logLossOf(scores[at + place]!, holds(label, place));
      return sum / width;
    },
  };
}

export function labels(objective: LabelsObjective): TaskStatistics {
  const { labels: names } = objective;
  const target = { labels: names };
  const loss = labelLogLoss(names.length);
  return {
    kind: 'labels',
    target,
    loss,
    biasFloor: (floor) => floor,
    watched(scores) {
      const decided = decidedLabels(scores, objective);
      const sets = [...new Set(decided)];
      const codes = new Map(sets.map((set, code) => [set, code]));
      const dictionary = sets.map((set) => String(recordedLabel(target, set)));
      return { kind: 'category', dictionary, codes: decided.map((set) => codes.get(set)!) };
    },
    curves: (scores, truths) => labelsCurves(scores, truths, objective),
    measure(scores, truths, blocks) {
      const { width, values } = scores;
      const decided = decidedLabels(scores, objective);
      const mean = (of: (row: number) => number): Measured => ({ kind: 'mean', sums: blockSums(blocks, of) });
      const averages = averagesOf({ decided, truths, labels: width }, blocks);
      const kept = width * blocks.names.length <= MOST_KEPT;
      const areaOf = (place: number): LeftOut => aucByBlocks(...columnOf(scores, truths, place), blocks);
      const areas: Measured[] = [];
      const all: Record<(typeof METRICS.labels)[number], Measured> = {
        logLoss: mean((row) => loss.of(values, row * width, truths[row]!)),
        microF1: averages.microF1,
        macroF1: averages.macroF1,
        subsetAccuracy: mean((row) => (decided[row] === truths[row] ? 1 : 0)),
        hammingLoss: mean((row) => countOfLabels(decided[row]! ^ truths[row]!) / width),
        microPrecision: averages.microPrecision,
        microRecall: averages.microRecall,
        macroPrecision: averages.macroPrecision,
        macroRecall: averages.macroRecall,
        auc: overLabels(width, blocks, (place) => {
          const { estimate, without } = areaOf(place);
          areas[place] = { kind: 'jackknife', estimate, without: kept ? () => without : () => areaOf(place).without };
          return { estimate, without };
        }),
        brier: mean((row) => squaredErrors(values, row * width, width, truths[row]!) / width),
        calibrationError: overLabels(width, blocks, (place) =>
          calibrationByBlocks(...columnOf(scores, truths, place), blocks)
        ),
      };
      const measures = new Map<string, Measured>(Object.entries(all));
      names.forEach((name, place) => {
        const own = (row: number) => holds(decided[row]!, place) + 2 * holds(truths[row]!, place);
        measures.set(`auc:${name}`, areas[place]!);
        measures.set(
          `logLoss:${name}`,
          meanLeftOut((row) => logLossOf(values[row * width + place]!, holds(truths[row]!, place)), blocks)
        );
        for (const [metric, statistic] of Object.entries({ precision, recall, f1 }))
          measures.set(`${metric}:${name}`, ofOutcomes(own, truths.length, blocks, statistic));
      });
      return defined(measures, blocks);
    },
  };
}

/** [rows] of one label: its probabilities, and 1 where it holds. */
function columnOf(
  { width, values }: Scores,
  truths: Float32Array,
  place: number
): readonly [Float32Array, Float32Array] {
  const [probabilities, happened] = [new Float32Array(truths.length), new Float32Array(truths.length)];
  for (let row = 0; row < truths.length; row += 1) {
    probabilities[row] = values[row * width + place]!;
    happened[row] = holds(truths[row]!, place);
  }
  return [probabilities, happened];
}

function overLabels(width: number, blocks: Blocks, of: (place: number) => LeftOut): Measured {
  const each = (function* () {
    for (let place = 0; place < width; place += 1) yield of(place);
  })();
  return jackknifed(meanOfDefined(each, blocks.names.length));
}

/** A mean whose sums over blocks are made when they are asked for: of two dozen labels on blocks of one row they would fill the memory. */
function meanLeftOut(of: (row: number) => number, blocks: Blocks): Measured {
  const rows = blocks.index.length;
  const all = total(blockSums(blocks, of));
  const without = (): Float64Array => {
    const counts = blockCounts(blocks);
    return blockSums(blocks, of).map((sum, block) => (all - sum) / (rows - counts[block]!));
  };
  return { kind: 'jackknife', estimate: all / rows, without };
}

/** Σ over the labels of (probability − what happened)². */
function squaredErrors(values: Float32Array, from: number, width: number, label: number): number {
  let sum = 0;
  for (let place = 0; place < width; place += 1) sum += (values[from + place]! - holds(label, place)) ** 2;
  return sum;
}
